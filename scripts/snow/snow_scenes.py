"""List all scenes of a site with names and orbits, and define the grid and the area of interest.

The header of every raster is checked here, before long computations. Writes ``scenes.csv`` (``scene, sensor, path,
date, year, orbit, cloud_mask``), ``grid.json`` (of the first optical scene by date, cropped to the area), ``aoi.tif``,
and the row of the area in ``inputs.csv``.
"""

import numpy as np

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.geo.grid import area_mask, read_area_of_interest
from climate_indicators.geo.raster import write_cog
from climate_indicators.geo.rasters.table import write_inputs
from climate_indicators.geo.vector_rows import area_row
from climate_indicators.snow.scenes.headers import check_scene, find_grid, find_orbits
from climate_indicators.snow.scenes.table import OPTICAL, name_scenes, read_scene_list

log = start_log(snakemake.log[0], snakemake.rule)
site = snakemake.params.site
with error_context(f"snow site '{snakemake.wildcards.site}'"):
    scenes = name_scenes(find_orbits(read_scene_list(snakemake.params.scenes), site["mixed_orbits"], log.warning))
    area = None
    if snakemake.input.aoi:
        area = read_area_of_interest(snakemake.input.aoi[0], snakemake.params.aoi_layer)
    grid = find_grid(scenes[scenes.sensor == OPTICAL].path.iloc[0], area)
    progress = Progress(log, len(scenes), "header")
    for _, row in scenes.iterrows():
        check_scene(row, grid, site[f"{row.sensor}_bands"])
        progress.step()
    inside = np.ones(grid.shape, "uint8") if area is None else area_mask(area, grid)
log.info("%d × %d pixels in %s, %d of them in the area", grid.width, grid.height, grid.crs, int(inside.sum()))
log.info("scenes: %s", ", ".join(f"{count} {sensor}" for sensor, count in scenes.sensor.value_counts().items()))
write_cog(snakemake.output.aoi, grid, inside, "area of interest")
grid.write(snakemake.output.grid)
paths = snakemake.input.aoi
write_inputs(snakemake.output.inputs, [area_row(path, snakemake.params.aoi_layer, area, grid) for path in paths])
write_csv(scenes, snakemake.output.scenes)
