# `snakemake check`: opens all inputs before a run and reports all problems at once.


rule check_glacier:
    """Open every input of a glacier site and check it on a coarse grid."""
    input:
        tiles=lambda wildcards: checked_tiles(wildcards.site),
        aoi=aoi_of,
        outlines=lambda wildcards: glacier_site(wildcards)["outlines"]["path"],
        dem=lambda wildcards: glacier_site(wildcards)["dem"] or [],
    output:
        table="results/glacier/{site}/check.csv",
    log:
        "logs/glacier/{site}/check_glacier.log",
    wildcard_constraints:
        site=sites_from("glacier", "files", "simulate"),
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        content=content_of(lambda wildcards: glacier_site(wildcards)["outlines"]["path"], aoi_of),
        site=lambda wildcards: {
            key: sites("glacier")[wildcards.site][key] for key in ("bands", "band_names", "radiometry")
        },
        split_seed=lambda wildcards: sites("glacier")[wildcards.site]["split_seed"],
        scenes=with_module_prefix(checked_scenes),
        inputs=with_module_prefix(checked_inputs),
        patches=lambda wildcards: config["glacier"]["patches"],
        patch_multiple=lambda wildcards: 2 ** config["glacier"]["network"]["depth"],
        min_valid_fraction=lambda wildcards: config["glacier"]["area"]["min_valid_fraction"],
    script:
        "../../scripts/inputs/check_glacier.py"


rule check:
    """Report all problems of the inputs of all sites; opens every file and takes seconds to minutes."""
    input:
        tables=expand("results/glacier/{site}/check.csv", site=checked_glaciers()),
        others=first_tables(),
        # the check of an earlier run does not cover a file that is missing now
        files=lambda wildcards: [path for site in checked_glaciers() for path in checked_files(site)],
    log:
        "logs/check.log",
    localrule: True
    conda:
        "../../envs/raster.yaml"
    params:
        sites=checked_glaciers(),
    script:
        "../../scripts/report/check.py"
