"""Summarize areas and trends of all sites in ``glacier_summary.csv``; see `area_summary`."""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.glacier.area_summary import area_summary

start_log(snakemake.log[0], snakemake.rule)
tables = zip(snakemake.params.sites, snakemake.input.areas, snakemake.input.trends, strict=True)
summary = area_summary((site, read_table(areas), read_table(trend)) for site, areas, trend in tables)
write_csv(summary, snakemake.output.table)
