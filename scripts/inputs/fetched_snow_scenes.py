"""Join the scene tables of a snow site in the format of a user's table, and all candidates of all years."""

from pathlib import Path

import pandas as pd

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log

start_log(snakemake.log[0], snakemake.rule)
tables = []
for path, folder in zip(snakemake.input.scenes, snakemake.input.folders, strict=True):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column in ("path", "cloud_mask"):
        # paths of the table are relative to it
        place = Path(folder).relative_to(Path(snakemake.output.scenes).parent)
        table[column] = [str(place / name) if name else "" for name in table[column]]
    tables.append(table)
write_csv(pd.concat(tables), snakemake.output.scenes)
candidates = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in snakemake.input.candidates]
write_csv(pd.concat(candidates), snakemake.output.candidates)
