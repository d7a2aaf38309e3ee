"""Skill of each model over the sites of a study, and the network's lead over it at the same sites."""

import pandas as pd

from climate_indicators.files import write_csv
from climate_indicators.logs import start_log
from climate_indicators.summary import skill_summary

start_log(snakemake.log[0], snakemake.rule)
sites = zip(snakemake.params.sites, snakemake.input.metrics, strict=True)
write_csv(skill_summary({site: pd.read_csv(path) for site, path in sites}), snakemake.output.table)
