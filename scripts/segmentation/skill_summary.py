"""Skill of each model over the sites of a study, and the network's lead over it at the same sites."""

from climate_indicators.files import write_csv
from climate_indicators.logs import start_log
from climate_indicators.summary import skill_summary
from climate_indicators.tables import read_table

start_log(snakemake.log[0], snakemake.rule)
sites = zip(snakemake.params.sites, snakemake.input.metrics, strict=True)
write_csv(skill_summary({site: read_table(path) for site, path in sites}), snakemake.output.table)
