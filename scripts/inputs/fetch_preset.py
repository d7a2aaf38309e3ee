"""Download a published foundation model with keras-hub into a folder that later rules load offline."""

from climate_indicators.core.log import start_log
from climate_indicators.snow.foundation_models.download import fetch_preset

log = start_log(snakemake.log[0], snakemake.rule)
fetch_preset(snakemake.wildcards.preset, snakemake.output.folder)
log.info("preset %s in %s", snakemake.wildcards.preset, snakemake.output.folder)
