"""Area-weighted means of all fields in every biome, by month (``drivers.csv``) and over all months."""

import pandas as pd

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.netcdf import read_fields
from climate_indicators.ocean.biomes.labels import names_and_colors
from climate_indicators.ocean.biomes.monthly_slopes import cell_fields
from climate_indicators.ocean.indicators.water_properties import drivers_summary, drivers_table
from climate_indicators.plotting.ocean.water_properties import drivers_figure, drivers_season_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
area = read_fields(snakemake.input.cells).area_km2.values
names, colors = names_and_colors(read_table(snakemake.input.table))
tables = []
for slopes_path, labels_path in zip(snakemake.input.slopes, snakemake.input.labels, strict=True):
    fields, labels = cell_fields(read_fields(slopes_path)), read_fields(labels_path, ["label"]).label
    tables.append(drivers_table(labels.values, fields, labels.time.values, area, names))
table = pd.concat(tables, ignore_index=True)
summary = drivers_summary(table)
write_csv(table, snakemake.output.drivers)
write_csv(summary, snakemake.output.summary)
site = snakemake.wildcards.site
save_figure(drivers_figure(summary, names, colors, site), snakemake.output.figure)
save_figure(drivers_season_figure(table, names, colors, site), snakemake.output.season)
