"""Estimate the download size of `fetch_all` by site and year: a table, and its sums on the terminal."""

import pandas as pd

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.download.stac.sizes import COLUMNS

start_log(snakemake.log[0], snakemake.rule)
tables = [
    read_table(path).assign(study=study, site=site, year=year)
    for path, (study, site, year) in zip(snakemake.input.tables, snakemake.params.places, strict=True)
]
table = pd.concat(tables) if tables else pd.DataFrame(columns=[*COLUMNS, "study", "site", "year"])
write_csv(table[["study", "site", "year", *COLUMNS]], snakemake.output.table)
sums = table.groupby(["study", "site"], sort=False)["megabytes"].sum().round()
print(f"Estimated download from archives in megabytes:\n{sums.to_string()}\nin total: {sums.sum():.0f}")
