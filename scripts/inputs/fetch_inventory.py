"""Outlines of all glaciers of a region from the Randolph Glacier Inventory: one file, fetched once for all sites."""

from climate_indicators.archives.download import Expected, download_kept
from climate_indicators.archives.http import Bearer, Patience, open_session
from climate_indicators.credentials import EARTHDATA_TOKEN
from climate_indicators.logs import naming, start_log
from climate_indicators.vector_zips import check_zip

log = start_log(snakemake.log[0], snakemake.rule)
params, wildcards = snakemake.params, snakemake.wildcards
patience = Patience.of(snakemake.config["archives"])
# only version 7 stands behind a login
auth = Bearer(EARTHDATA_TOKEN) if wildcards.inventory == "rgi7" else None
expected = Expected(sha256=params.sha256)
with naming(f"{wildcards.inventory}, region {wildcards.region}"), open_session(patience) as session:
    fetched = download_kept(
        session, params.url, params.kept, snakemake.output.file, expected, patience=patience, auth=auth, check=check_zip
    )
log.info("%s: %s", snakemake.output.file, "fetched" if fetched else "was there")
