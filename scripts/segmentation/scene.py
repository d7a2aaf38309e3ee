"""Check, merge, warp and clip tiles to the grid of the site, as reflectance with clouds and gaps masked.

A pixel is valid if all channels, including the terrain, have a value.

Writes for each scene a Cloud-Optimized GeoTIFF (int16, scale 1e-4), a one-row table ``scene, date, valid_fraction,
tiles``, and the interpretation of its tiles and cloud masks (rows of ``inputs.csv``). A bad tile stops the run here,
before training.
"""

import pandas as pd

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.geo.grid import Grid, read_area_of_interest
from climate_indicators.geo.mosaic import SceneInputs, check_scene, tile_date, write_scene
from climate_indicators.geo.raster_stack import read_band, valid_share
from climate_indicators.geo.rasters.radiometry import Radiometry, SceneOffset
from climate_indicators.geo.rasters.table import write_inputs

log = start_log(snakemake.log[0], snakemake.rule)
site, output = snakemake.params.site, snakemake.output
place = f"{snakemake.wildcards.study} site '{snakemake.wildcards.site}'"
grid, inside = Grid.read(snakemake.input.grid), read_band(snakemake.input.aoi)
with error_context(place):
    area = None
    if snakemake.input.area:
        area = read_area_of_interest(snakemake.input.area[0], snakemake.params.aoi_layer, warn=False)
scenes = []
for scene in snakemake.params.scenes:  # check all tiles before the first one is warped
    with error_context(f"{place}, scene {scene['name']}"):
        date = tile_date(scene["tiles"][0]) if scene.get("date_in_tile") else scene["date"]
        offset = SceneOffset(date, scene["offset_dn"], scene["processing_baseline"], scene["boa_offset_applied"])
        radiometry = Radiometry(**site["radiometry"])
        inputs = SceneInputs(scene["tiles"], site["bands"], site["band_names"], scene["cloud_mask"], radiometry, offset)
        check_scene(inputs, area)
    scenes.append((scene["name"], date, inputs))
progress = Progress(log, len(scenes) * -(-grid.height // 512), "strip")
for (name, date, inputs), path, row_path, inputs_path in zip(
    scenes, output.scenes, output.rows, output.inputs, strict=True
):
    with error_context(f"{place}, scene {name}"):
        valid, rows = write_scene(
            path, grid, inside, inputs, snakemake.params.resampling, {"DATE": date or ""}, progress.step
        )
    if snakemake.input.terrain:
        valid = valid_share([path, *snakemake.input.terrain], inside)
    row = {"scene": name, "date": date, "valid_fraction": valid, "tiles": len(inputs.files)}
    write_csv(pd.DataFrame([row]), row_path)
    write_inputs(inputs_path, rows)
