"""Size, power and coverage of the published tests and intervals, in simulations that do not share their assumptions.

python benchmarks/coverage.py --repeats 2000
python benchmarks/coverage.py --study glacier ocean --repeats 500

Each study has a module `coverage_<study>.py` with a function ``rows(repeats, seed)`` that returns one row per measured
rate: ``quantity, world, n, measure, percent, lower, upper, before``. ``measure`` is ``size`` (how often a test at 5 %
rejects where nothing changes), ``coverage`` (how often a 95 % interval contains the truth), ``power`` or ``slope
ratio`` (mean estimated over true change, in percent); ``lower`` and ``upper`` are the 95 % binomial interval of the
rate, and ``before`` is the same rate of the method that was used earlier. Prints one table in Markdown a study.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "src"))
STUDIES = sorted(path.stem.removeprefix("coverage_") for path in FOLDER.glob("coverage_*.py"))
STUDIES.remove("series")


def main() -> None:
    """Measure the studies that were asked for and print a table of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", nargs="+", choices=STUDIES, default=STUDIES)
    parser.add_argument("--repeats", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for study in arguments.study:
        table = importlib.import_module(f"coverage_{study}").rows(arguments.repeats, arguments.seed)
        print(f"\n{study}\n\n| quantity | world | n | measure | % | before |\n|---|---|---|---|---|---|")
        for row in table.itertuples(index=False):
            interval = "" if np.isnan(row.lower) else f" ({row.lower:.1f} to {row.upper:.1f})"
            before = "" if np.isnan(row.before) else f"{row.before:.1f}"
            cells = [row.quantity, row.world, row.n, row.measure, f"{row.percent:.1f}{interval}", before]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
