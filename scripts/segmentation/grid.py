"""Define the grid of a site and its area of interest, after a check of the tile headers of the reference scene.

Writes ``grid.json``, ``aoi.tif`` (1 inside), and the row of the area's file in ``inputs.csv``, if there is one.
"""

from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.geo.grid import area_mask, read_area_of_interest, site_grid
from climate_indicators.geo.mosaic import SceneInputs, check_scene, tiles_area
from climate_indicators.geo.raster import write_cog
from climate_indicators.geo.rasters.radiometry import Radiometry
from climate_indicators.geo.rasters.table import write_inputs
from climate_indicators.geo.vector_rows import area_row

log = start_log(snakemake.log[0], snakemake.rule)
site, params = snakemake.params.site, snakemake.params
# the conversion of values is checked with every scene
scene = SceneInputs(params.tiles, site["bands"], site["band_names"], (), Radiometry(sentinel2_baseline=False))
with error_context(f"{snakemake.wildcards.study} site '{snakemake.wildcards.site}'"):
    area = read_area_of_interest(snakemake.input.aoi[0], params.aoi_layer) if snakemake.input.aoi else None
    check_scene(scene, area)
    area = tiles_area(scene.tiles, scene.bands) if area is None else area
    grid = site_grid(area, site["resolution_m"], site["crs"], align_to=scene.files[0].paths[0])
    mask = area_mask(area, grid)
log.info("grid of %d × %d pixels in %s", grid.width, grid.height, grid.crs)
write_cog(snakemake.output.aoi, grid, mask, "area of interest")
grid.write(snakemake.output.grid)
write_inputs(snakemake.output.inputs, [area_row(path, params.aoi_layer, area, grid) for path in snakemake.input.aoi])
