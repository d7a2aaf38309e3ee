"""What the tables of the climate part say, as sentences with their evidence and p-values: ``conclusions.csv``."""

from climate_indicators.files import write_csv
from climate_indicators.logs import start_log
from climate_indicators.snow.conclusions import conclusions
from climate_indicators.tables import read_table

log = start_log(snakemake.log[0], snakemake.rule)
names = ("checks", "trends", "single", "multiple")
tables = [read_table(snakemake.input[name]) for name in names]
params = snakemake.params
table = conclusions(*tables, params.snow, params.confidence, params.significance)
for row in table.itertuples():
    log.info("%s", row.statement)
write_csv(table, snakemake.output.table)
