"""List every result of a run with its size and SHA-256 (each file of folders), and the warnings of all jobs."""

from pathlib import Path

import pandas as pd

from climate_indicators.core.atomic_files import list_files, sha256, write_csv
from climate_indicators.core.log import Progress, start_log
from climate_indicators.workflow_tools.warnings import COLUMNS, warning_rows

log = start_log(snakemake.log[0], snakemake.rule)
files = list_files(snakemake.input.results)
progress = Progress(log, len(files), "file")
rows = []
for path in files:
    rows.append({"path": path.as_posix(), "bytes": path.stat().st_size, "sha256": sha256(path)})
    progress.step()
warnings = warning_rows(Path(snakemake.log[0]).parent, snakemake.params.sites)
write_csv(pd.DataFrame(warnings, columns=COLUMNS), snakemake.output.warnings)
write_csv(pd.DataFrame(rows), snakemake.output.table)
