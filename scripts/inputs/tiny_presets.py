"""Small networks with the architectures of the foundation models and random weights, saved in the same format."""

from climate_indicators.core.log import start_log
from climate_indicators.snow.foundation_models.random_weights import write_tiny

log = start_log(snakemake.log[0], snakemake.rule)
for kind, folder in zip(snakemake.params.kinds, snakemake.output, strict=True):
    write_tiny(folder, kind)
    log.info("%s with random weights in %s", kind, folder)
