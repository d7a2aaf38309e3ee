"""Convert the extent of each year to polygons, one feature per glacier.

Writes GeoPackages with the columns ``glacier_id, year, date, area_km2``. They contain only pixels of that year's image,
so glacier area under clouds is missing. Polygons smaller than ``glacier.area.min_glacier_km2`` are excluded.
"""

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.glacier.polygons import extent_outlines, write_outlines

log = start_log(snakemake.log[0], snakemake.rule)
names = read_table(snakemake.input.glaciers, dtype={"glacier_id": str}).glacier_id.tolist()
with opened(snakemake.input.glacier_ids) as ids:
    glacier_ids = ids.read(1)
grid = Grid.read(snakemake.input.grid)
for row, path, target in zip(snakemake.input.scenes, snakemake.input.extents, snakemake.output.outlines, strict=True):
    (scene,) = read_table(row, dtype={"scene": str, "date": str}, na_values=[]).itertuples()
    with opened(path) as raster:
        extent = raster.read(1)
    outlines = extent_outlines(extent, glacier_ids, names, grid, snakemake.params.min_glacier_km2)
    log.info("%s: %d glaciers, %.3f km²", scene.scene, len(outlines), outlines.area_km2.sum())
    write_outlines(outlines, int(scene.scene), scene.date, target)
