"""Download the image of one year of a glacier site from an archive: the least cloudy of the season, or a median.

Writes the image (uint16, scale 1e-4, nodata 0, its date in the tag DATE, the offset of baseline 04.00 subtracted), its
cloud mask (1 where the ground is not visible), a table of all candidates with the reason for selection or rejection,
and a small preview. Downloads are cached in a folder next to the outputs, so a resumed run does not repeat them.
"""

from climate_indicators.config.seasons import season_days
from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.core.stac_catalogs import OPTICAL, find_catalog
from climate_indicators.download.http.http_errors import redact_url
from climate_indicators.download.http.session import RetryPolicy, Session
from climate_indicators.download.stac.annual_composite import AnnualComposite, SceneCriteria
from climate_indicators.download.stac.composites import write_image
from climate_indicators.download.stac.quicklooks import write_picture
from climate_indicators.download.stac.search_cache import cached_search
from climate_indicators.download.stac.selection import candidate_table
from climate_indicators.download.stac.sizes import total_of
from climate_indicators.download.stac.windows import Windows
from climate_indicators.geo.grid import read_area_of_interest, site_grid

log = start_log(snakemake.log[0], snakemake.rule)
params, output = snakemake.params, snakemake.output
session = Session(RetryPolicy.from_config(snakemake.config["archives"]))
with error_context(f"glacier site '{snakemake.wildcards.site}'"):
    area = read_area_of_interest(snakemake.input.aoi[0], params.aoi_layer, warn=False)
    grid = site_grid(area, params.grid["resolution_m"], params.grid["crs"])
days = season_days(int(snakemake.wildcards.year), *params.season)
place = f"{params.catalog['name']} for glacier site '{snakemake.wildcards.site}', {' to '.join(days)}"
with error_context(place):
    catalog = find_catalog(sensor=OPTICAL, **params.catalog)
    tiles = cached_search(params.kept, catalog, session, area, days)
    log.info("%s: %d tiles in %s, %s", place, len(tiles), catalog.collection, redact_url(catalog.endpoint))
    year = AnnualComposite(tiles, area, grid, Windows(params.kept, catalog, session), SceneCriteria(**params.wanted))
    for step in (steps := year.steps()):
        log.info("to be read · %s", step)
    log.info("to be read · %s in total, unless cached by an earlier run", total_of(steps))
    image = year.image()
    write_image(output.image, output.clouds, grid, image, params.wanted["bands"])
write_csv(candidate_table(int(snakemake.wildcards.year), year.candidates), output.table)
write_picture(output.picture, output.image, params.shown)
log.info("%s selected: %s", image.date, image.names)
