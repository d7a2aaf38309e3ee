"""Measure terminus change of every glacier: termini of all years along the flowlines, retreat in meters and its rate.

Writes ``glacier_retreat.csv`` (``glacier_id, year, method, retreat_m, lower_m, upper_m, length_m, terminus_x,
terminus_y, terminus_elevation_m, n_lines, flag``), ``glacier_retreat_rate.csv`` (one row per glacier), and the
GeoPackage ``termini.gpkg`` of the termini.
"""

import numpy as np

from climate_indicators.core.atomic_files import read_json, write_csv
from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.raster_encoding import BYTE_NODATA, PROBABILITY_SCALE
from climate_indicators.core.tables import read_table
from climate_indicators.geo.geopackage import write_geopackage
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.ground_areas import pixel_size_m
from climate_indicators.geo.raster_stack import read_band
from climate_indicators.geo.terrain import TERRAIN_NODATA
from climate_indicators.glacier.flowlines import read_flowlines
from climate_indicators.glacier.retreat import (
    YearOfExtent,
    fronts_of_year,
    make_tongues,
    mapping_error,
    measure_years,
    retreat_rates,
    retreat_table,
    terminus_layer,
)

log = start_log(snakemake.log[0], snakemake.rule)
inputs, params, grid = snakemake.input, snakemake.params, Grid.read(snakemake.input.grid)
names = read_table(inputs.glaciers, dtype={"glacier_id": str}).glacier_id.tolist()
glacier_ids, inside = read_band(inputs.glacier_ids), read_band(inputs.aoi) == 1
elevation = read_band(inputs.elevation)
elevation = np.where(elevation == TERRAIN_NODATA, np.nan, elevation)
threshold = read_json(inputs.calibration)["threshold"]
paths = dict(zip(params.years, zip(inputs.extents, inputs.probabilities, strict=True), strict=True))


def read(year: int) -> YearOfExtent:
    extent, counts = (read_band(path) for path in paths[year])
    probability = np.where(counts == BYTE_NODATA, np.nan, counts * np.float32(PROBABILITY_SCALE))
    return YearOfExtent(year, extent, probability.astype("float32"), threshold)


pixel_m = pixel_size_m(grid)
tongues = make_tongues(read_flowlines(inputs.flowlines, grid, pixel_m), glacier_ids, names, pixel_m)
progress = Progress(log, len(paths), "year")
fronts = measure_years(sorted(paths), params.reference_year, read, glacier_ids, tongues, progress.step)
drawn = np.where(inside, glacier_ids > 0, BYTE_NODATA).astype("uint8")
outlined = fronts_of_year(YearOfExtent(params.reference_year, drawn, None, threshold), glacier_ids, tongues)
error_m = mapping_error(fronts[params.reference_year], outlined)
log.info("mapped fronts of %d differ from the outlines by %.1f m (root mean square)", params.reference_year, error_m)
table = retreat_table(tongues, fronts, params.reference_year, elevation, grid, error_m, params.confidence)
write_csv(table, snakemake.output.table)
write_csv(retreat_rates(table, params.confidence, params.significance), snakemake.output.rates)
write_geopackage(terminus_layer(tongues, fronts, grid), snakemake.output.termini, "termini", "MultiPoint")
