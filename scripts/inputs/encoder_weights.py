"""ImageNet weights of ResNet-50 without its last layers, fetched once from where Keras publishes them."""

from climate_indicators.encoder_weights import fetch_weights
from climate_indicators.logs import start_log

log = start_log(snakemake.log[0], snakemake.rule)
fetch_weights(snakemake.output.weights)
log.info("encoder weights in %s", snakemake.output.weights)
