# One network for many sites: pooled patches, and skill at each site.


rule pool:
    """Training and validation patches of several sites in one file, for one network."""
    input:
        patches=lambda wildcards: expand(
            "results/{study}/{site}/patches.h5", study=wildcards.study, site=POOLS[wildcards.study]
        ),
        grids=lambda wildcards: expand(
            "results/{study}/{site}/grid.json", study=wildcards.study, site=real_places(wildcards)
        ),
    output:
        patches="results/{study}/pooled/patches.h5",
        table=reported("results/{study}/pooled/pool.csv", "patches of each site", "pool"),
    log:
        "logs/{study}/pooled/pool.log",
    wildcard_constraints:
        study=pooled_studies(),
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=60),
    params:
        sites=lambda wildcards: POOLS[wildcards.study],
        places=real_places,
        limit=lambda wildcards: config[wildcards.study]["training"]["patches_per_site"],
        seed=config["seed"],
    script:
        "../../scripts/segmentation/pool.py"


rule skill_by_site:
    """Skill of the shared network at each site, compared with the baselines of the site."""
    input:
        metrics=lambda wildcards: expand(
            "results/{study}/{site}/metrics.csv", study=wildcards.study, site=image_sites(wildcards.study)
        ),
    output:
        table=reported("results/{study}/pooled/skill_by_site.csv", "skill at each site", "skill_by_site"),
    log:
        "logs/{study}/pooled/skill_by_site.log",
    wildcard_constraints:
        study=pooled_studies(),
    conda:
        "../../envs/raster.yaml"
    params:
        sites=lambda wildcards: image_sites(wildcards.study),
        pool=lambda wildcards: POOLS[wildcards.study],
    script:
        "../../scripts/segmentation/skill_by_site.py"
