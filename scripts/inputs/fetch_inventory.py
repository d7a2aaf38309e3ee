"""Download the outlines of a region of the Randolph Glacier Inventory: one file, shared by all sites.

The file comes from the first URL that has it. Its SHA-256 is written next to it.
"""

from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.download.http.logins import login_of
from climate_indicators.download.http.mirrors import download_first
from climate_indicators.download.http.resumable import Expected
from climate_indicators.download.http.session import RetryPolicy, Session
from climate_indicators.geo.vector_zips import check_zip

log = start_log(snakemake.log[0], snakemake.rule)
params, wildcards = snakemake.params, snakemake.wildcards
policy = RetryPolicy.from_config(snakemake.config["archives"])
with error_context(f"{wildcards.inventory}, region {wildcards.region}"), Session(policy) as session:
    fetched = download_first(
        session,
        params.urls,
        params.kept,
        snakemake.output.file,
        Expected(sha256=params.sha256),
        auth_of=login_of(wildcards.inventory, params.urls),
        check=check_zip,
    )
log.info("%s: %s", snakemake.output.file, "fetched" if fetched else "already present")
