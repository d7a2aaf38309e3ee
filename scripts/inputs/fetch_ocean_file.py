"""Download a file of an ocean data set from the first URL that has it, and write its SHA-256 next to it."""

from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.download.http.mirrors import download_first
from climate_indicators.download.http.resumable import Expected
from climate_indicators.download.http.session import RetryPolicy, Session

log = start_log(snakemake.log[0], snakemake.rule)
params, wildcards = snakemake.params, snakemake.wildcards
policy, expected = RetryPolicy.from_config(snakemake.config["archives"]), Expected(sha256=params.sha256)
with error_context(f"ocean data set '{wildcards.site}', file {wildcards.name}"), Session(policy) as session:
    fetched = download_first(session, params.urls, params.kept, snakemake.output.file, expected)
log.info("%s: %s", snakemake.output.file, "fetched" if fetched else "already present")
