from snakemake.utils import min_version

min_version("9.14")


# A study's own configuration stands alone: merged with the demo's, the demo site would run with it.
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


# first, and so what is made where nothing is asked for; as a module it leaves that to the other workflow
rule all:
    input:
        lambda wildcards: [*glacier_results(), *snow_results(), *carbon_results(), *ocean_results()],
        "results/manifest.csv",
        "results/warnings.csv",


include: "rules/common.smk"
include: "rules/common_pooling.smk"
include: "rules/common_snow.smk"
include: "rules/common_carbon.smk"
include: "rules/common_ocean.smk"
include: "rules/common_archive.smk"
include: "rules/inputs.smk"
include: "rules/archive_scenes.smk"
include: "rules/archive.smk"
include: "rules/segmentation.smk"
include: "rules/pooling.smk"
include: "rules/evaluation.smk"
include: "rules/glacier.smk"
include: "rules/snow_triplets.smk"
include: "rules/snow.smk"
include: "rules/snow_models.smk"
include: "rules/snow_climate.smk"
include: "rules/carbon.smk"
include: "rules/carbon_analyses.smk"
include: "rules/ocean.smk"
include: "rules/ocean_analyses.smk"
include: "rules/report.smk"
include: "rules/run.smk"
