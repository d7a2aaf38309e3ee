"""Download outlines of glaciers or of an area from the GLIMS database, for all dates, as GeoJSON."""

from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.download.http.mirrors import first_of
from climate_indicators.download.http.session import RetryPolicy, Session
from climate_indicators.download.outlines.glims import fetch_glims
from climate_indicators.geo.grid import in_degrees, read_area_of_interest

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
aoi = snakemake.input.aoi[0] if snakemake.input.aoi else None
with error_context(f"glacier site '{snakemake.wildcards.site}', outlines of GLIMS"):
    bounds = None if params.ids else in_degrees(read_area_of_interest(aoi, params.aoi_layer)).total_bounds
    with Session(RetryPolicy.from_config(snakemake.config["archives"])) as session:
        count = first_of(
            params.urls,
            lambda url: fetch_glims(session, url, snakemake.output.file, params.ids, bounds),
        )
log.info("%d outlines", count)
