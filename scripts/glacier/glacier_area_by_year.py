"""Glacier area of every year with its interval, and the mapped area of every glacier.

Writes ``glacier_area_by_year.csv`` (``year, date, area_km2, lower_km2, upper_km2, mapped_km2, change_factor,
buffer_km2, gap_filled_km2, no_data_km2, valid_fraction, flag``) and ``glacier_area_by_glacier.csv`` (``year,
glacier_id, area_km2, buffer_km2, valid_fraction, no_data_fraction, flag``).
"""

import pandas as pd

from climate_indicators.areas import (
    glacier_rows,
    held_out_confusions,
    level_correction,
    mapped_areas,
    measure_year,
    warn_of_missing,
    year_row,
)
from climate_indicators.extents import pixel_size_m
from climate_indicators.files import write_csv
from climate_indicators.grids import Grid
from climate_indicators.logs import Progress, naming, start_log
from climate_indicators.rasters.guard import opened
from climate_indicators.tables import read_table

log = start_log(snakemake.log[0], snakemake.rule)
settings = snakemake.params.area
# in the order of time, whatever the order of the settings
scenes = read_table(snakemake.input.scenes).assign(extent=list(snakemake.input.extents)).sort_values("scene")
names = read_table(snakemake.input.glaciers, dtype={"glacier_id": str}).glacier_id.tolist()
with naming(f"glacier site '{snakemake.wildcards.site}'"):
    pixel_m = pixel_size_m(Grid.read(snakemake.input.grid))
    confusions = held_out_confusions(read_table(snakemake.input.confusion))
with opened(snakemake.input.aoi) as aoi, opened(snakemake.input.glacier_ids) as ids:
    inside, glacier_ids = aoi.read(1), ids.read(1)
extents, years = scenes.extent.tolist(), scenes.scene.tolist()
by_year, by_glacier = [], []
progress = Progress(log, len(years), "year")
ices = []
for index in range(len(years)):
    ices.append(measure_year(extents, years, index, inside, glacier_ids, len(names)))
    progress.step()
reference = mapped_areas(ices[years.index(snakemake.params.reference_year)], pixel_m)
correction = level_correction(confusions, reference, settings["confidence"])
for ice, scene in zip(ices, scenes.to_dict("records"), strict=True):
    by_year.append(year_row(ice, scene, correction, pixel_m, settings))
    by_glacier += glacier_rows(int(scene["scene"]), ice, names, pixel_m, settings["buffer_px"])
    log.info("{year}: {area_km2:.3f} km², {lower_km2:.3f} to {upper_km2:.3f} {flag}".format(**by_year[-1]))
warn_of_missing(by_glacier)
log.info("intervals from %d held-out blocks", len(confusions))
write_csv(pd.DataFrame(by_year), snakemake.output.by_year)
write_csv(pd.DataFrame(by_glacier), snakemake.output.by_glacier)
