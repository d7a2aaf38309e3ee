"""Print the results of the checks of all sites; ends with an error if there is a problem."""

import sys
from itertools import groupby
from pathlib import Path

from climate_indicators.core.errors import InputError
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.glacier.site_check import PROBLEM

start_log(snakemake.log[0], snakemake.rule)
problems, text = 0, ""
for site, path in zip(snakemake.params.sites, snakemake.input.tables, strict=True):
    table = read_table(path)
    problems += int((table.level == PROBLEM).sum())
    lines = [f"  {row.level:<8} {row.input}: {row.message}" for row in table.itertuples()]
    text += "\n".join([f"glacier site '{site}'", *lines]) + "\n"
# jobs of other studies stop with an error if there is a problem, so their tables never contain problems
opened = sorted(map(Path, snakemake.input.others))
for (study, site), paths in groupby(opened, lambda path: path.parts[-3:-1]):
    lines = [f"  ok       {path.name}: {len(read_table(path))} rows" for path in paths]
    text += "\n".join([f"{study} site '{site}'", *lines]) + "\n"
sys.stdout.write(text)
if problems:
    raise InputError(f"{problems} problems in the inputs of glacier sites: {', '.join(snakemake.input.tables)}")
