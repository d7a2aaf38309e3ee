"""What planning a run of many sites costs: jobs, files, seconds and memory of a dry run, against the number of sites.

python benchmarks/dag.py --sites 100 1000
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml
from images import machine

ROOT = Path(__file__).resolve().parents[1]
YEARS = range(2016, 2025)
WORLD = {"first_year": YEARS[0], "last_year": YEARS[-1]}
SITE = {"source": "simulate", "reference_year": YEARS[0], "simulate": WORLD}
# what stands in the settings beside the sites
RUNS = {
    "as it comes": {},
    "9 years a job": {"scenes_per_job": len(YEARS)},
    "9 years a job, no pictures of single sites": {
        "scenes_per_job": len(YEARS),
        "figures": {"each_site": False},
    },
}
# run in a process of its own: memory of children is the largest of all that a process has run
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print("USED", used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)
sys.exit(done.returncode)
"""


@dataclass(frozen=True)
class Plan:
    """What a dry run took.

    Attributes
    ----------
    jobs : all jobs, the summaries over sites included.
    wall_s, cpu_s : time on the clock and of processors.
    mb : largest memory.
    """

    jobs: int
    wall_s: float
    cpu_s: float
    mb: float


def write_study(folder: Path, sites: int, settings: dict[str, object]) -> None:
    """A study of simulated sites, each a line of a table."""
    lines = "".join(f"site_{number:04d},{number}\n" for number in range(sites))
    (folder / "sites.csv").write_text(f"site,simulate.seed\n{lines}")
    study = {"glacier": {"site_table": "sites.csv", "site_defaults": SITE, **settings}}
    (folder / "study.yaml").write_text(yaml.safe_dump(study))


def snakemake(*arguments: str) -> list[str]:
    """Command line of the workflow."""
    return ["snakemake", "--snakefile", str(ROOT / "Snakefile"), "--configfile", "study.yaml", *arguments]


def plan(folder: Path) -> Plan:
    """Time and memory of a dry run in a folder without results."""
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *snakemake("--cores", "2", "--dry-run", "--quiet", "rules")],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    wall = time.perf_counter() - begin
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    jobs = int(re.search(r"^total\s+(\d+)", done.stdout + done.stderr, re.M)[1])
    cpu, kilobytes = map(float, re.search(r"^USED (\S+) (\S+)", done.stderr, re.M).groups())
    return Plan(jobs, wall, cpu, kilobytes / 1024)


def files_of_one_site(folder: Path) -> int:
    """Files and folders that the jobs of one site leave, logs aside."""
    done = subprocess.run(snakemake("--summary"), cwd=folder, capture_output=True, text=True, check=True)
    return sum("/site_0000/" in line.split("\t")[0] for line in done.stdout.splitlines())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS))
    chosen = parser.parse_args()
    print(machine())
    print("| settings | sites | jobs | a site | files a site | s | s of processor | MB | jobs × | s × |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in chosen.runs:
        with tempfile.TemporaryDirectory() as text:
            folder = Path(text)
            write_study(folder, 2, RUNS[name])
            two, files = plan(folder).jobs, files_of_one_site(folder)
            write_study(folder, 3, RUNS[name])
            each, first = plan(folder).jobs - two, None
            for sites in chosen.sites:
                write_study(folder, sites, RUNS[name])
                found = plan(folder)
                first = first or found
                cells = [name, sites, found.jobs, each, files, f"{found.wall_s:.0f}", f"{found.cpu_s:.0f}"]
                cells += [f"{found.mb:.0f}", f"{found.jobs / first.jobs:.1f}", f"{found.wall_s / first.wall_s:.1f}"]
                print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
