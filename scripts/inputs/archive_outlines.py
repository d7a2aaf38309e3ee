"""Select the outlines of a glacier site from an inventory, and define its area of interest.

The area of interest is that of the user or, without one, a rectangle around the outlines.
"""

import geopandas as gpd

from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.download.outlines.inventories import area_around, select_glims, select_rgi
from climate_indicators.geo.geopackage import write_geopackage
from climate_indicators.geo.grid import read_area_of_interest

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
aoi = snakemake.input.aoi[0] if snakemake.input.aoi else None
with error_context(f"glacier site '{snakemake.wildcards.site}'"):
    area = read_area_of_interest(aoi, params.aoi_layer) if aoi else None
    if params.inventory == "glims":
        outlines = select_glims(snakemake.input.inventory, params.ids, area, params.reference_year, params.layer)
    else:
        outlines = select_rgi(
            snakemake.input.inventory, params.inventory, params.ids, area, params.layer, params.reference_year
        )
    around = area_around(outlines, params.margin_m) if area is None else gpd.GeoDataFrame(geometry=area)
write_geopackage(outlines, snakemake.output.outlines, "outlines")
write_geopackage(around, snakemake.output.aoi, "aoi")
log.info("%d outlines of %s", len(outlines), params.inventory)
