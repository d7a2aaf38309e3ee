# `snakemake check`: open all inputs before a run, and report all problems at once.


rule check_glacier:
    """Every input of a glacier site, opened and looked through on a coarse grid."""
    input:
        tiles=lambda wildcards: list(
            dict.fromkeys(
                path
                for scene in scene_names("glacier", wildcards.site)
                for files in scene_files("glacier", wildcards.site, scene).values()
                for path in files
            )
        ),
        aoi=aoi_of,
        outlines=lambda wildcards: glacier_site(wildcards)["outlines"]["path"],
        dem=lambda wildcards: glacier_site(wildcards)["dem"] or [],
    output:
        table="results/glacier/{site}/check.csv",
    log:
        "logs/glacier/{site}/check_glacier.log",
    wildcard_constraints:
        site=glacier_sites("files", "simulate"),
    conda:
        "../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        code=code("inputs/check_glacier.py"),
        content=content_of(lambda wildcards: glacier_site(wildcards)["outlines"]["path"], aoi_of),
        site=lambda wildcards: {
            key: sites("glacier")[wildcards.site][key] for key in ("bands", "band_names", "radiometry")
        },
        split_seed=lambda wildcards: sites("glacier")[wildcards.site]["split_seed"],
        scenes=placed(checked_scenes),
        inputs=placed(checked_inputs),
        patches=lambda wildcards: config["glacier"]["patches"],
        patch_multiple=lambda wildcards: 2 ** config["glacier"]["network"]["depth"],
    script:
        "../scripts/inputs/check_glacier.py"


rule check:
    """What is wrong with the inputs of all sites; opens every file and takes seconds to minutes."""
    input:
        tables=expand("results/glacier/{site}/check.csv", site=checked_glaciers()),
        others=first_tables(),
    log:
        "logs/check.log",
    localrule: True
    conda:
        "../envs/raster.yaml"
    params:
        code=code("report/check.py"),
        sites=checked_glaciers(),
    script:
        "../scripts/report/check.py"
