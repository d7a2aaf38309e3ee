"""Frequency of each biome in each cell, over all months and by calendar month, and cores that never change."""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.netcdf import read_fields, write_fields
from climate_indicators.ocean.biomes.labels import names_and_colors
from climate_indicators.ocean.indicators.frequency import Frequency, core_table
from climate_indicators.plotting.ocean.biome_maps import core_figure, frequency_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
known = read_fields(snakemake.input.cells)
names, colors = names_and_colors(read_table(snakemake.input.table))
counts = Frequency(len(names), known.area_km2.shape)
for path in snakemake.input.labels:
    labels = read_fields(path, ["label"]).label
    counts.add(labels.values, labels.time.values)
frequency = counts.dataset(known.lat.values, known.lon.values, names)
write_fields(frequency, snakemake.output.frequency)
write_csv(core_table(frequency, known.area_km2.values, names), snakemake.output.core)
save_figure(frequency_figure(known, frequency, names), snakemake.output.figure)
save_figure(core_figure(known, frequency, names, colors), snakemake.output.cores)
