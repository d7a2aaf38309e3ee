"""Compute the mean sensitivity of fCO2 to its drivers over all cells, by month: ``sensitivity.csv``.

Columns ``month, driver, n_cells, mean_slope`` (µatm per K or per µmol/kg), ``frozen_z``, ``monthly_z`` (standard
deviations of the reference month and of the month itself).
"""

import pandas as pd

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.geo.netcdf import read_fields
from climate_indicators.ocean.biomes.monthly_slopes import kept_slopes
from climate_indicators.ocean.biomes.sensitivity import sensitivity_table
from climate_indicators.ocean.indicators.coverage import month_names
from climate_indicators.segmentation.model_files import read_card

start_log(snakemake.log[0], snakemake.rule)
card = read_card(snakemake.input.model)
parts = (read_fields(path) for path in snakemake.input.slopes)
tables = [
    sensitivity_table(kept_slopes(part), month_names(part.time.values), card["mean"], card["sd"]) for part in parts
]
write_csv(pd.concat(tables, ignore_index=True), snakemake.output.table)
