"""Estimate the download size of one year of a snow site from the search results; reads no pixels.

The search results are cached for the download. Writes ``step, overpasses, tiles, bands, megabytes``.
"""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.core.stac_catalogs import OPTICAL, RADAR, find_catalog
from climate_indicators.download.http.session import RetryPolicy, Session
from climate_indicators.download.stac.annual_composite import AnnualComposite, SceneCriteria
from climate_indicators.download.stac.scene_series import choose_radar, series_steps
from climate_indicators.download.stac.search_cache import cached_search
from climate_indicators.download.stac.sizes import step_table
from climate_indicators.download.stac.windows import Windows
from climate_indicators.geo.grid import read_area_of_interest, site_grid

log = start_log(snakemake.log[0], snakemake.rule)
params, number = snakemake.params, snakemake.wildcards.year
session = Session(RetryPolicy.from_config(snakemake.config["archives"]))
days = (f"{number}-01-01", f"{number}-12-31")
with error_context(f"snow site '{snakemake.wildcards.site}', {' to '.join(days)}"):
    area = read_area_of_interest(snakemake.input.aoi[0], params.aoi_layer, warn=False)
    grid = site_grid(area, **params.grid)
    found, catalogs = {}, {}
    for sensor in (OPTICAL, RADAR):
        catalogs[sensor] = find_catalog(sensor=sensor, **params.catalogs[sensor])
        found[sensor] = cached_search(params.kept, catalogs[sensor], session, area, days)
    _, chosen = choose_radar(found[RADAR], area, params.radar["orbits"], catalogs[RADAR])
    windows = Windows(params.kept, catalogs[OPTICAL], session)
    year = AnnualComposite(found[OPTICAL], area, grid, windows, SceneCriteria(**params.wanted))
    steps = series_steps(year, params.optical_per_month, chosen, catalogs[RADAR], grid)
write_csv(step_table(steps), snakemake.output.table)
