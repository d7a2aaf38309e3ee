"""Estimate the trend of the glacier area over the unflagged years: Theil–Sen slope, Mann–Kendall test, sentence.

Writes ``trend.csv`` with the row from `trends.trend_row`.
"""

import pandas as pd

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.stats.trends import trend_row

log = start_log(snakemake.log[0], snakemake.rule)
areas = read_table(snakemake.input.areas)
# one pair of factors for all years; none if the map errors are not known
factor, largest = areas.change_factor.fillna(1.0).max(), areas.change_factor_upper.fillna(1.0).max()
row = trend_row(
    "glacier area",
    "km²",
    areas.year,
    areas.area_km2,
    areas.flag.notna(),
    snakemake.params.confidence,
    snakemake.params.significance,
    (1 / factor, largest / factor),
)
log.info("%s", row["sentence"])
write_csv(pd.DataFrame([row]), snakemake.output.table)
