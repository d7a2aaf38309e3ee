"""Warp radar scenes of one year to the grid of the site, filter them in linear power, and convert them to decibels.

Writes a folder with ``SCENE.tif`` (VV and VH, 0.01 dB; −inf, nodata and pixels outside the area are masked) and a table
``scene, date, orbit, valid_fraction, mean_vv_db, mean_vh_db, median_vv_db, n_minus_inf, unit``; also the interpretation
of the files (rows of ``inputs.csv``).
"""

import pandas as pd

from climate_indicators.core.atomic_files import atomic_path, write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.geo.rasters.table import write_inputs
from climate_indicators.snow.scenes.headers import ORBIT_TAG
from climate_indicators.snow.scenes.radar import TABLE, Backscatter, coverage_warnings, write_radar_scene
from climate_indicators.snow.scenes.table import RADAR, read_scenes

log = start_log(snakemake.log[0], snakemake.rule)
site, settings, grid = snakemake.params.site, snakemake.params.radar, Grid.read(snakemake.input.grid)
scenes = read_scenes(snakemake.input.scenes, RADAR, snakemake.wildcards.year)
with opened(snakemake.input.aoi) as raster:
    area = raster.read(1)
progress, rows, inputs = Progress(log, len(scenes), "scene"), [], []
with error_context(f"snow site '{snakemake.wildcards.site}'"):
    reading = Backscatter(**settings, bands=site["radar_bands"])
    with atomic_path(snakemake.output.folder) as folder:
        folder.mkdir()
        for row in scenes.itertuples():
            tags = {ORBIT_TAG: row.orbit, "DATE": row.date}
            found, used = write_radar_scene(folder / f"{row.scene}.tif", row.path, grid, area, reading, tags)
            rows.append({"scene": row.scene, "date": row.date, "orbit": row.orbit} | found)
            inputs.append(used)
            progress.step()
table = pd.DataFrame(rows, columns=TABLE)
for message in coverage_warnings(table):
    log.warning("%s", message)
write_csv(table, snakemake.output.table)
write_inputs(snakemake.output.inputs, inputs)
