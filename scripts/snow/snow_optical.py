"""Warp optical scenes of one year to the grid of the site, mask clouds and gaps, and compute snow masks.

Writes a folder with ``DATE.tif`` (reflectance) and ``DATE_mask.tif`` (1 snow, 0 no snow, 255 unknown), and a table of
the scenes: valid and cloudy fractions of the area, snow by the chosen rule and by NDSI, NDSI with NIR, and NDFSI; also
the interpretation of the files (rows of ``inputs.csv``).
"""

import pandas as pd

from climate_indicators.core.atomic_files import atomic_path, write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster_stack import read_band
from climate_indicators.geo.rasters.radiometry import Radiometry, SceneOffset
from climate_indicators.geo.rasters.table import write_inputs
from climate_indicators.snow.scenes.optical import TABLE, OpticalReading, write_optical_scene
from climate_indicators.snow.scenes.snow_indices import SnowRule
from climate_indicators.snow.scenes.table import OPTICAL, read_scenes

log = start_log(snakemake.log[0], snakemake.rule)
site, grid = snakemake.params.site, Grid.read(snakemake.input.grid)
scenes = read_scenes(snakemake.input.scenes, OPTICAL, snakemake.wildcards.year)
area = read_band(snakemake.input.aoi)
progress, rows, inputs = Progress(log, len(scenes), "scene"), [], []
with error_context(f"snow site '{snakemake.wildcards.site}'"):
    reading = OpticalReading(Radiometry(**site["radiometry"]), site["optical_bands"])
    rule = SnowRule(**snakemake.params.masks)
    with atomic_path(snakemake.output.folder) as folder:
        folder.mkdir()
        for row in scenes.itertuples():
            paths = folder / f"{row.scene}.tif", folder / f"{row.scene}_mask.tif"
            given = float(row.offset_dn) if row.offset_dn else None
            offset = SceneOffset(row.date, given, row.processing_baseline or None)
            found, used = write_optical_scene(*paths, row.path, row.cloud_mask, offset, grid, area, reading, rule)
            rows.append({"scene": row.scene, "date": row.date} | found)
            inputs += used
            progress.step()
write_csv(pd.DataFrame(rows, columns=TABLE), snakemake.output.table)
write_inputs(snakemake.output.inputs, inputs)
