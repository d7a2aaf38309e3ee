"""All candidates of all years of a site in one table, with what they show and why they were taken or not."""

import pandas as pd

from climate_indicators.files import write_csv
from climate_indicators.logs import start_log

start_log(snakemake.log[0], snakemake.rule)
tables = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in snakemake.input.tables]
write_csv(pd.concat(tables), snakemake.output.table)
