"""Download radar and optical scenes of one year of a snow site: terrain-corrected Sentinel-1, and Sentinel-2.

Writes a folder with the scenes (backscatter in linear power with the tag RELATIVE_ORBIT; optical values without the
offset of baseline 04.00, with cloud masks), the table of its scenes, and all candidates with the reason for selection
or rejection. Downloads are cached in a folder next to the outputs, so a resumed run does not repeat them.
"""

import pandas as pd

from climate_indicators.core.atomic_files import atomic_path, write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.core.stac_catalogs import OPTICAL, RADAR, find_catalog
from climate_indicators.download.http.session import RetryPolicy, Session
from climate_indicators.download.stac.annual_composite import AnnualComposite, SceneCriteria
from climate_indicators.download.stac.scene_series import (
    RADAR_NODATA,
    SCENE_COLUMNS,
    choose_optical,
    choose_radar,
    series_steps,
    series_table,
    write_optical,
    write_radar,
)
from climate_indicators.download.stac.search_cache import cached_search
from climate_indicators.download.stac.sizes import total_of
from climate_indicators.download.stac.windows import Windows
from climate_indicators.geo.grid import read_area_of_interest, site_grid

log = start_log(snakemake.log[0], snakemake.rule)
params, output, number = snakemake.params, snakemake.output, int(snakemake.wildcards.year)
session = Session(RetryPolicy.from_config(snakemake.config["archives"]))
with error_context(f"snow site '{snakemake.wildcards.site}'"):
    area = read_area_of_interest(snakemake.input.aoi[0], params.aoi_layer, warn=False)
    grid = site_grid(area, **params.grid)
days = (f"{number}-01-01", f"{number}-12-31")
place = f"for snow site '{snakemake.wildcards.site}', {' to '.join(days)}"
found, windows = {}, {}
for sensor in (OPTICAL, RADAR):
    with error_context(f"{params.catalogs[sensor]['name']}, {sensor} scenes {place}"):
        catalog = find_catalog(sensor=sensor, **params.catalogs[sensor])
        found[sensor] = cached_search(params.kept, catalog, session, area, days)
        windows[sensor] = Windows(params.kept, catalog, session, RADAR_NODATA if sensor == RADAR else 0.0)
        log.info("%s: %d tiles in %s", sensor, len(found[sensor]), catalog.collection)
with error_context(f"{params.catalogs[RADAR]['name']}, radar scenes {place}"):
    radar, chosen = choose_radar(found[RADAR], area, params.radar["orbits"], windows[RADAR].catalog)
year = AnnualComposite(found[OPTICAL], area, grid, windows[OPTICAL], SceneCriteria(**params.wanted))
steps = series_steps(year, params.optical_per_month, chosen, windows[RADAR].catalog, grid)
for step in steps:
    log.info("to be read · %s", step)
log.info("to be read · %s in total, unless cached by an earlier run", total_of(steps))
with atomic_path(output.folder) as folder:
    folder.mkdir()
    with error_context(f"{params.catalogs[RADAR]['name']}, radar scenes {place}"):
        rows = write_radar(folder, windows[RADAR], grid, chosen, area)
    with error_context(f"{params.catalogs[OPTICAL]['name']}, optical scenes {place}"):
        radar_days = [row["date"] for row in rows]
        chosen = choose_optical(year, params.wanted["min_valid"], params.optical_per_month, radar_days)
        rows += write_optical(folder, year, grid, chosen, params.wanted["bands"])
log.info("%d scenes selected", len(rows))
for sensor, candidates in ((RADAR, radar), (OPTICAL, year.candidates)):
    if not any(one.chosen for one in candidates):
        source = params.catalogs[sensor]["name"]
        log.warning(
            "%s %s: none of %d %s scenes is selected; see the reasons in candidates.csv",
            source,
            place,
            len(candidates),
            sensor,
        )
write_csv(pd.DataFrame(rows, columns=SCENE_COLUMNS), output.scenes)
write_csv(series_table(number, year.candidates, radar), output.candidates)
