"""Join the candidates of all years of a site in one table, with the reason for selection or rejection."""

import pandas as pd

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log

start_log(snakemake.log[0], snakemake.rule)
tables = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in snakemake.input.tables]
write_csv(pd.concat(tables), snakemake.output.table)
