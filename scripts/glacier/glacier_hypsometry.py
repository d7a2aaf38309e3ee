"""Glacier area by elevation band and year, and topographic attributes of every glacier.

Writes ``area_by_elevation.csv`` (``year, lower_m, upper_m, area_km2, change_km2, gap_filled_km2``) and
``glacier_topography.csv`` (one row per glacier, names of the Randolph Glacier Inventory 7.0).
"""

import geopandas as gpd
import numpy as np

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.ground_areas import pixel_size_m
from climate_indicators.geo.raster_stack import read_band
from climate_indicators.geo.terrain import TERRAIN_NODATA
from climate_indicators.glacier.extents import gap_filled_extent
from climate_indicators.glacier.hypsometry import area_by_elevation, band_areas, band_edges, topography

log = start_log(snakemake.log[0], snakemake.rule)
inputs, years, pixel_m = snakemake.input, snakemake.params.years, pixel_size_m(Grid.read(snakemake.input.grid))
names = read_table(inputs.glaciers, dtype={"glacier_id": str}).glacier_id.tolist()
glacier_ids, inside, elevation = (read_band(path) for path in (inputs.glacier_ids, inputs.aoi, inputs.elevation))
elevation = np.where(elevation == TERRAIN_NODATA, np.nan, elevation)
pixel_km2 = pixel_m**2 / 1e6
edges = band_edges(elevation, inside == 1, snakemake.params.band_m)
areas, gaps = {}, {}
progress = Progress(log, len(years), "year")
for index, year in enumerate(years):
    found = gap_filled_extent(inputs.extents, years, index, inside)
    filled = band_areas((found.extent == 1) & found.filled, elevation, edges, pixel_km2)
    # as in the table of areas by year, half of the pixels on which equally near years disagree are counted
    halves = band_areas(found.undecided, elevation, edges, pixel_km2) / 2
    areas[year] = band_areas(found.extent == 1, elevation, edges, pixel_km2) + halves
    gaps[year] = filled + halves
    progress.step()
# bands with ice in any year, and the bands between them
iced = np.flatnonzero(np.sum(list(areas.values()), axis=0) > 0)
part = slice(iced[0], iced[-1] + 1) if len(iced) else slice(0, 1)
areas, gaps = ({year: values[part] for year, values in of_years.items()} for of_years in (areas, gaps))
table = area_by_elevation(areas, gaps, edges[part.start : part.stop + 1], snakemake.params.reference_year)
write_csv(table, snakemake.output.bands)
flowlines = gpd.read_file(inputs.flowlines)
lengths_m = dict(zip(flowlines.glacier_id, flowlines.length_m, strict=True))
write_csv(topography(glacier_ids, names, elevation, pixel_m, lengths_m), snakemake.output.topography)
