"""Download the ImageNet weights of ResNet-50 without its last layers from the Keras server."""

from climate_indicators.core.log import start_log
from climate_indicators.download.http.session import RetryPolicy, Session
from climate_indicators.download.imagenet_weights import fetch_weights

log = start_log(snakemake.log[0], snakemake.rule)
with Session(RetryPolicy.from_config(snakemake.config["archives"])) as session:
    fetched = fetch_weights(session, snakemake.params.kept, snakemake.output.weights)
log.info("encoder weights in %s: %s", snakemake.output.weights, "fetched" if fetched else "already present")
