"""Compare the skill of the shared network at each site with the baselines of the site.

Writes one row per site, model and split: ``site, in_pool``, the columns of ``metrics.csv``, and
``iou_gain``.
"""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.segmentation.skill_summary import skill_by_site

start_log(snakemake.log[0], snakemake.rule)
sites = zip(snakemake.params.sites, snakemake.input.metrics, strict=True)
tables = {site: read_table(path) for site, path in sites}
write_csv(skill_by_site(tables, snakemake.params.pool), snakemake.output.table)
