"""Write the main numbers of all sites as sentences: a table, and a text for the front page of the report."""

import pandas as pd

from climate_indicators.core.atomic_files import atomic_path, write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.workflow_tools.overview import COLUMNS, overview_text, site_statements

start_log(snakemake.log[0], snakemake.rule)
paths, rows = iter(snakemake.input.tables), []
for study, site, simulated, names in snakemake.params.sites:
    tables = {name: read_table(next(paths)) for name in names}
    rows += [(study, site, simulated, statement) for statement in site_statements(study, tables)]
table = pd.DataFrame(rows, columns=COLUMNS)
write_csv(table, snakemake.output.table)
with atomic_path(snakemake.output.text) as path:
    path.write_text(overview_text(table, snakemake.params.titles), encoding="utf-8")
