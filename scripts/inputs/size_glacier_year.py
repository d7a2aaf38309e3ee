"""Estimate the download size of a glacier site's image of one year from the search result; reads no pixels.

The search result is cached for the download. Writes ``step, overpasses, tiles, bands, megabytes``.
"""

from climate_indicators.config.seasons import season_days
from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.core.stac_catalogs import OPTICAL, find_catalog
from climate_indicators.download.http.session import RetryPolicy, Session
from climate_indicators.download.stac.annual_composite import AnnualComposite, SceneCriteria
from climate_indicators.download.stac.search_cache import cached_search
from climate_indicators.download.stac.sizes import step_table
from climate_indicators.download.stac.windows import Windows
from climate_indicators.geo.grid import read_area_of_interest, site_grid

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
session = Session(RetryPolicy.from_config(snakemake.config["archives"]))
days = season_days(int(snakemake.wildcards.year), *params.season)
with error_context(f"{params.catalog['name']} for glacier site '{snakemake.wildcards.site}', {' to '.join(days)}"):
    area = read_area_of_interest(snakemake.input.aoi[0], params.aoi_layer, warn=False)
    grid = site_grid(area, params.grid["resolution_m"], params.grid["crs"])
    catalog = find_catalog(sensor=OPTICAL, **params.catalog)
    tiles = cached_search(params.kept, catalog, session, area, days)
    steps = AnnualComposite(
        tiles, area, grid, Windows(params.kept, catalog, session), SceneCriteria(**params.wanted)
    ).steps()
write_csv(step_table(steps), snakemake.output.table)
