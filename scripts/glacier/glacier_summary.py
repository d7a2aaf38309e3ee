"""Areas and trends of all sites: ``glacier_summary.csv``, see `climate_indicators.summary.area_summary`."""

from climate_indicators.files import write_csv
from climate_indicators.glacier.area_summary import area_summary
from climate_indicators.logs import start_log
from climate_indicators.tables import read_table

start_log(snakemake.log[0], snakemake.rule)
tables = zip(snakemake.params.sites, snakemake.input.areas, snakemake.input.trends, strict=True)
summary = area_summary((site, read_table(areas), read_table(trend)) for site, areas, trend in tables)
write_csv(summary, snakemake.output.table)
