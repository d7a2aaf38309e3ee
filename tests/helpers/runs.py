"""Runs of the workflow on a small site, for tests."""

import base64
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
WORLD = {"size_px": 192, "resolution_m": 40, "first_year": 2019, "last_year": 2023, "cloudy_year": 2022, "seed": 7}
# a network that learns in seconds: these tests are about files, not about skill
STUDY = {
    "sites": {"small": {"source": "simulate", "reference_year": 2020, "simulate": WORLD}},
    "patches": {"size_px": 32, "stride_px": 32, "block_px": 40, "gap_px": 8},
    "network": {"width": 4, "depth": 2, "normalization": "batch"},
    "training": {"epochs": 4, "batch_size": 8, "learning_rate": 0.01, "warmup_epochs": 1},
    "baselines": {"forest_trees": 20, "forest_samples": 2000},
}
SMALL = {"glacier": STUDY}
# an ocean of 1500 points and a network that learns in seconds, for the same reason
QUICK_BIOMES = {"bootstraps": 2}
QUICK_CLASSIFIER = {
    "layers": [16, 16],
    "grid": {"batch_size": [32], "optimizer": ["adam"], "learning_rate": [0.01]},
    "folds": 2,
    "epochs": 5,
    "n_neighbors": [5],
}
OCEAN_SITE = {
    "source": "simulate",
    "first_month": "2004-01",
    "last_month": "2007-12",
    "reference_month": "2005-01",
    "simulate": {"resolution_deg": 3, "seed": 3},
}
OCEAN_STUDY = {
    "sites": {"small": OCEAN_SITE},
    "months_per_job": 24,
    "cells": {"size": 9},
    "biomes": QUICK_BIOMES,
    "classifier": QUICK_CLASSIFIER,
}
SMALL_OCEAN = {"ocean": OCEAN_STUDY}
# landscapes of 32 pixels, split so that each part has two places or more; too few months for a forecast
CARBON_SITE = {"source": "simulate", "simulate": {"places": 6, "size_px": 32, "months": 36, "labeled_every": 4}}
CARBON_STUDY = {
    "sites": {"small": CARBON_SITE},
    "images": {"size_px": 32, "train": 0.4, "validation": 0.3, "test": 0.3},
    "network": {"width": 4, "aspp_rates": [1]},
    "training": {"epochs": 2, "batch_size": 16, "learning_rate": 0.01, "schedule": "cosine", "warmup_epochs": 1},
    "baselines": {"forest_trees": 10, "forest_samples": 2000},
    "estimates": {"draws": 200},
}
SMALL_CARBON = {"carbon": CARBON_STUDY}
# a mountain of 25 chips and four years; networks that learn in seconds
SNOW_SITE = {
    "source": "simulate",
    "radiometry": {"sentinel2_baseline": False},
    "simulate": {"size_px": 160, "years": 4, "radar_every_days": 36, "optical_every_days": 10},
}
SNOW_STUDY = {
    "sites": {"small": SNOW_SITE},
    "masks": {"rule": "ndsi_nir_or_ndfsi"},
    "triplets": {"size_px": 32, "gap_px": 0, "train": 0.5, "validation": 0.25, "test": 0.25},
    "network": {"width": 4, "depth": 2, "normalization": "batch"},
    "training": {"epochs": 3, "batch_size": 16, "learning_rate": 0.01, "warmup_epochs": 1},
    "prediction": {"window_px": 160},
    "baselines": {"forest_trees": 10, "forest_samples": 2000},
    "foundation": {"sam": "demo", "clip": "demo", "dinov2": "demo", "deeplab": "demo", "examples": 2},
    "embeddings": {"dimensions": 8, "width": 4, "epochs": 2, "batch_size": 16},
}
SMALL_SNOW = {"snow": SNOW_STUDY}
COPIED = ("rules", "scripts", "src", "config", "envs", "report", "profiles")


def files_with(folder, *texts):
    """Files under a folder, hidden ones too, that hold one of some texts, as it is or in base64."""
    forms = [form for text in texts for form in (text.encode(), *in_base64(text.encode()))]
    contents = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return [path for path, content in contents.items() if any(form in content for form in forms)]


def in_base64(text):
    """What base64 makes of a text behind others: its own characters at each of the three places it may begin."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + text)
        yield whole[-(-before * 4 // 3) : len(whole) - 4]


def write_config(folder, config):
    """The configuration as a file in ``folder``; its path."""
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def command(folder, config, *arguments, snakefile=ROOT / "Snakefile"):
    """Command line that runs the workflow."""
    path = write_config(folder, config)
    return ["snakemake", "--configfile", str(path), "--snakefile", str(snakefile), "--cores", "2", *arguments]


def run(folder, config, *arguments, snakefile=ROOT / "Snakefile"):
    """Run the workflow in ``folder``; its text, and whether it passed."""
    line = command(folder, config, *arguments, snakefile=snakefile)
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True)
    return done.stdout + done.stderr, done.returncode == 0


def run_until(folder, config, reached, *arguments, limit_s=300):
    """Start the workflow and kill it, with all its jobs, by SIGKILL as soon as ``reached()`` is true."""
    line = command(folder, config, *arguments)
    process = subprocess.Popen(
        line, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    end = time.monotonic() + limit_s
    while not reached():
        assert process.poll() is None, "the run ended before it was to be killed"
        assert time.monotonic() < end, "the run did not get there"
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def jobs_of(text):
    """Rules that a dry run would run."""
    if "Job stats:" not in text:
        return set()
    counts = text.split("Job stats:")[1].split("total")[0].splitlines()[3:]
    return {line.split()[0] for line in counts if line.strip()} - {"all"}


def job_counts(text):
    """How many jobs of each rule a dry run would run."""
    counts = text.split("Job stats:")[1].split("total")[0].splitlines()[3:]
    return {rule: int(count) for rule, count in (line.split() for line in counts if line.strip()) if rule != "all"}


def copy_workflow(target):
    """A copy of the workflow that a test may edit; path of its Snakefile."""
    for name in COPIED:
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    return Path(shutil.copy(ROOT / "Snakefile", target))


def tables(folder):
    """CSV files of a run, relative to its folder; not those that Snakemake's own folder keeps of the run."""
    paths = (path.relative_to(folder) for path in folder.rglob("*.csv"))
    return sorted(path for path in paths if path.parts[0] != ".snakemake")
