"""Estimate the glacier area of every year with its interval, and the mapped area of every glacier.

Writes ``glacier_area_by_year.csv`` (``year, date, area_km2, lower_km2, upper_km2, mapped_km2, change_factor,
change_factor_upper, buffer_km2, gap_filled_km2, undecided_km2, no_data_km2, valid_fraction, flag``) and
``glacier_area_by_glacier.csv`` (``year, glacier_id, area_km2, buffer_km2, valid_fraction, no_data_fraction, flag``).
"""

import pandas as pd

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.ground_areas import pixel_km2
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.glacier.area_correction import area_correction, zone_confusions
from climate_indicators.glacier.areas import glacier_rows, mapped_areas, measure_year, warn_of_missing, year_rows

log = start_log(snakemake.log[0], snakemake.rule)
settings, reference_year = snakemake.params.area, snakemake.params.reference_year
# in chronological order, independent of the order in the configuration
scenes = read_table(snakemake.input.scenes).assign(extent=list(snakemake.input.extents)).sort_values("scene")
names = read_table(snakemake.input.glaciers, dtype={"glacier_id": str}).glacier_id.tolist()
extents, years = scenes.extent.tolist(), scenes.scene.tolist()
reference = years.index(reference_year)
with error_context(f"glacier site '{snakemake.wildcards.site}'"):
    pixel = pixel_km2(Grid.read(snakemake.input.grid))
    blocks = read_table(snakemake.input.blocks)
    counted, held_out = zone_confusions(extents[reference], snakemake.input.labels, snakemake.input.splits, blocks)
with opened(snakemake.input.aoi) as aoi, opened(snakemake.input.glacier_ids) as ids:
    inside, glacier_ids = aoi.read(1), ids.read(1)
progress = Progress(log, len(years), "year")
ices = []
for index in range(len(years)):
    ices.append(measure_year(extents, years, index, inside, glacier_ids, len(names)))
    progress.step()
correction = area_correction(counted, mapped_areas(ices[reference], pixel), settings["confidence"], held_out)
by_year = year_rows(ices, scenes.to_dict("records"), reference_year, correction, pixel, settings)
by_glacier = []
for ice, row in zip(ices, by_year, strict=True):
    by_glacier += glacier_rows(row["year"], ice, names, pixel, settings["buffer_px"])
    log.info("{year}: {area_km2:.3f} km², {lower_km2:.3f} to {upper_km2:.3f} {flag}".format(**row))
warn_of_missing(by_glacier)
log.info("areas from %d and intervals from %d held-out blocks", len(counted), len(held_out))
write_csv(pd.DataFrame(by_year), snakemake.output.by_year)
write_csv(pd.DataFrame(by_glacier), snakemake.output.by_glacier)
