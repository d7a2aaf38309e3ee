"""Write conclusions of the climate analyses as sentences with evidence and p-values: ``conclusions.csv``."""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.snow.climate.report_text import conclusions

log = start_log(snakemake.log[0], snakemake.rule)
names = ("checks", "trends", "single", "multiple")
tables = [read_table(snakemake.input[name]) for name in names]
params = snakemake.params
table = conclusions(*tables, params.snow, params.confidence, params.significance)
for row in table.itertuples():
    log.info("%s", row.statement)
write_csv(table, snakemake.output.table)
