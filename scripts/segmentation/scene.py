"""Scenes on the site's grid: tiles checked, merged, warped and clipped, as reflectance, clouds and gaps masked.

A pixel is valid where all that is predicted from, the terrain included, has a value.

Writes for each scene a Cloud-Optimised GeoTIFF (int16, scale 1e-4) and a one-line table ``scene, date, valid_fraction,
tiles``. A bad tile ends the run here, before training starts.
"""

import pandas as pd
import rasterio

from climate_indicators.cogs import valid_share
from climate_indicators.files import write_csv
from climate_indicators.grids import Grid, read_area_of_interest
from climate_indicators.logs import Progress, naming, start_log
from climate_indicators.tiles import Radiometry, check_tiles, offset_of_date, tile_date, write_scene

log = start_log(snakemake.log[0], snakemake.rule)
site, scenes, output = snakemake.params.site, snakemake.params.scenes, snakemake.output
place = f"{snakemake.wildcards.study} site '{snakemake.wildcards.site}'"
levels, baseline = site["radiometry"], site["radiometry"]["sentinel2_baseline"]
grid = Grid.read(snakemake.input.grid)
with rasterio.open(snakemake.input.aoi) as raster:
    inside = raster.read(1)
with naming(place):
    area = None
    if snakemake.input.area:
        area = read_area_of_interest(snakemake.input.area[0], snakemake.params.aoi_layer, warn=False)
for scene in scenes:  # all before the first is warped
    with naming(f"{place}, scene {scene['name']}"):
        check_tiles(scene["tiles"], site["bands"], site["band_names"], area)
progress = Progress(log, len(scenes) * -(-grid.height // 512), "strip")
for scene, raster_path, row_path in zip(scenes, output.scenes, output.rows, strict=True):
    with naming(f"{place}, scene {scene['name']}"):
        date = tile_date(scene["tiles"][0]) if scene.get("date_in_tile") else scene["date"]
        offset = offset_of_date(levels["offset_dn"], date, baseline, scene["boa_offset_applied"])
        valid = write_scene(
            raster_path,
            grid,
            inside,
            scene["tiles"],
            site["bands"],
            site["band_names"],
            Radiometry(levels["scale"], offset, levels["nodata"]),
            snakemake.params.resampling,
            scene["cloud_mask"],
            {"DATE": date or "", "OFFSET_DN": f"{offset:g}"},
            progress.step,
        )
    if snakemake.input.terrain:
        valid = valid_share([raster_path, *snakemake.input.terrain], inside)
    row = {"scene": scene["name"], "date": date, "valid_fraction": valid, "tiles": len(scene["tiles"])}
    write_csv(pd.DataFrame([row]), row_path)
