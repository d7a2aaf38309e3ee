"""Summarize the skill of each model over the sites of a study, and its difference from the network."""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.segmentation.skill_summary import skill_summary

start_log(snakemake.log[0], snakemake.rule)
sites = zip(snakemake.params.sites, snakemake.input.metrics, strict=True)
write_csv(skill_summary({site: read_table(path) for site, path in sites}), snakemake.output.table)
