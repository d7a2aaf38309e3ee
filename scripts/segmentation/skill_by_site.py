"""Skill of one network at each of the sites that share it, beside each site's own baselines.

Writes one row a site, model and split: ``site, in_pool``, the columns of the sites' ``metrics.csv``, and
``network_lead_iou``.
"""

from climate_indicators.files import write_csv
from climate_indicators.logs import start_log
from climate_indicators.summary import skill_by_site
from climate_indicators.tables import read_table

start_log(snakemake.log[0], snakemake.rule)
sites = zip(snakemake.params.sites, snakemake.input.metrics, strict=True)
tables = {site: read_table(path) for site, path in sites}
write_csv(skill_by_site(tables, snakemake.params.pool), snakemake.output.table)
