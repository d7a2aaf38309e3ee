"""Areas and trends of all sites: ``glacier_summary.csv``, see `climate_indicators.summary.area_summary`."""

import pandas as pd

from climate_indicators.files import write_csv
from climate_indicators.logs import start_log
from climate_indicators.summary import area_summary

start_log(snakemake.log[0], snakemake.rule)
tables = zip(snakemake.params.sites, snakemake.input.areas, snakemake.input.trends, strict=True)
summary = area_summary((site, pd.read_csv(areas), pd.read_csv(trend)) for site, areas, trend in tables)
write_csv(summary, snakemake.output.table)
