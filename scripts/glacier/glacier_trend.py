"""Trend of the glacier area over the unflagged years: Theil–Sen slope, Mann–Kendall test, and the sentence.

Writes ``trend.csv``: ``quantity, unit, n_years, first_year, last_year, slope_per_year, lower_per_year, upper_per_year,
line_at_first_year, p_value, test, significant, sentence``.
"""

import pandas as pd

from climate_indicators.files import write_csv
from climate_indicators.logs import start_log
from climate_indicators.tables import read_table
from climate_indicators.trends import trend_row

log = start_log(snakemake.log[0], snakemake.rule)
areas = read_table(snakemake.input.areas)
row = trend_row(
    "glacier area",
    "km²",
    areas.year,
    areas.area_km2,
    areas.flag.notna(),
    snakemake.params.confidence,
    snakemake.params.significance,
)
log.info("%s", row["sentence"])
write_csv(pd.DataFrame([row]), snakemake.output.table)
