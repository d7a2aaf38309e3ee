"""Join all scenes of a site in one table: ``scene, date, valid_fraction, tiles``."""

import pandas as pd

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table

start_log(snakemake.log[0], snakemake.rule)
write_csv(pd.concat([read_table(path) for path in snakemake.input.rows]), snakemake.output.table)
