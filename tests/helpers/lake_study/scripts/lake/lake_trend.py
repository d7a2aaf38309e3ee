"""Trend of the yearly levels: ``lake_trend.csv``, the line that `trends.trend_row` gives."""

import pandas as pd

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.stats.trends import trend_row

start_log(snakemake.log[0], snakemake.rule)
levels = read_table(snakemake.input.table)
none_flagged = [False] * len(levels)
row = trend_row(
    "lake level", "m", levels.year, levels.level_m, none_flagged, significance=snakemake.params.significance
)
write_csv(pd.DataFrame([row]), snakemake.output.table)
