"""Write the interpretation of every input of a site to ``inputs.csv``, one row per file."""

from climate_indicators.core.log import start_log
from climate_indicators.geo.rasters.table import join_inputs

start_log(snakemake.log[0], snakemake.rule)
join_inputs(snakemake.output.table, snakemake.input.parts)
