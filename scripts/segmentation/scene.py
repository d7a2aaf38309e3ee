"""One scene on the site's grid: tiles merged, warped and clipped, as reflectance, clouds and gaps masked.

Writes a Cloud-Optimised GeoTIFF (int16, scale 1e-4) and a one-line table ``scene, date, valid_fraction, tiles``.
"""

import pandas as pd
import rasterio

from climate_indicators.files import write_csv
from climate_indicators.grids import Grid
from climate_indicators.logs import Progress, naming, start_log
from climate_indicators.tiles import Radiometry, offset_of_date, write_scene

log = start_log(snakemake.log[0], snakemake.rule)
site, scene = snakemake.params.site, snakemake.params.scene
levels, baseline = site["radiometry"], site["radiometry"]["sentinel2_baseline"]
grid = Grid.read(snakemake.input.grid)
with rasterio.open(snakemake.input.aoi) as raster:
    area = raster.read(1)
with naming(f"{snakemake.wildcards.study} site '{snakemake.wildcards.site}', scene {scene['name']}"):
    offset = offset_of_date(levels["offset_dn"], scene["date"], baseline, scene["boa_offset_applied"])
    valid = write_scene(
        snakemake.output.scene,
        grid,
        area,
        scene["tiles"],
        site["bands"],
        site["band_names"],
        Radiometry(levels["scale"], offset, levels["nodata"]),
        snakemake.params.resampling,
        scene["cloud_mask"],
        {"DATE": scene["date"] or "", "OFFSET_DN": f"{offset:g}"},
        Progress(log, -(-grid.height // 512), "strip").step,
    )
row = {"scene": scene["name"], "date": scene["date"], "valid_fraction": valid, "tiles": len(scene["tiles"])}
write_csv(pd.DataFrame([row]), snakemake.output.row)
