"""Mean level of each calendar year: ``yearly_levels.csv``."""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.lake.levels import yearly_levels

start_log(snakemake.log[0], snakemake.rule)
with error_context(f"lake '{snakemake.wildcards.site}'"):
    table = yearly_levels(snakemake.input.levels)
write_csv(table, snakemake.output.table)
