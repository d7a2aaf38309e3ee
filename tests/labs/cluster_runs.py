"""Runs of the workflow through the cluster of the lab, for tests.

What the profile says is used as it stands, but for the seconds between looks at the jobs and the number of threads,
which have to suit one machine.
"""

import copy
import subprocess
import time
from pathlib import Path

import yaml

from runs import ROOT, SMALL, SMALL_CARBON, SMALL_OCEAN, SMALL_SNOW, tables, write_config

PROFILE = ROOT / "profiles" / "slurm"
SETTINGS = yaml.safe_load((PROFILE / "config.yaml").read_text())
# the profile names them for their partition; test_profile.py sees to it that they are the rules with `gpu=1`
WITH_GPU = set(SETTINGS["set-resources"])
ARRAYS = {name.strip() for name in SETTINGS["slurm-array-jobs"].split(",")}
QUICK = ["--slurm-init-seconds-before-status-checks", "6", "--latency-wait", "20", "--max-threads", "2"]


def all_studies():
    """The small sites of all four studies, each with as few jobs as it can have: every job costs three starts."""
    config = copy.deepcopy(SMALL | SMALL_SNOW | SMALL_CARBON | SMALL_OCEAN)
    config["glacier"]["sites"]["small"]["simulate"] |= {"last_year": 2021, "cloudy_year": 2021}
    config["snow"]["sites"]["small"]["simulate"] |= {"years": 2}
    config["snow"]["foundation"] |= {"dinov2": None, "deeplab": None}
    config["ocean"] |= {"months_per_job": 48}
    return config


def command(folder, *arguments):
    """Command line that runs all four studies through the cluster."""
    line = ["snakemake", "--configfile", str(write_config(folder, all_studies())), "--snakefile"]
    return [*line, str(ROOT / "Snakefile"), "--workflow-profile", str(PROFILE), *QUICK, *arguments]


def run(lab, folder, *arguments, limit_s=3600):
    """Run the workflow through the cluster; its text, and whether it passed."""
    done = subprocess.run(
        command(folder, *arguments),
        cwd=folder,
        env=lab.environment,
        capture_output=True,
        text=True,
        timeout=limit_s,
    )
    return done.stdout + done.stderr, done.returncode == 0


class Going:
    """A run that goes on while a test does harm to it."""

    def __init__(self, lab, folder, *arguments):
        self.lab, self.log = lab, folder / "snakemake.txt"
        with open(self.log, "w") as out:
            self.process = subprocess.Popen(
                command(folder, *arguments),
                cwd=folder,
                env=lab.environment,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def until(self, reached, limit_s=900):
        """Wait until ``reached()`` is true while the run lasts; its value."""
        end = time.monotonic() + limit_s
        while not (found := reached()):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.02)
        return found

    def finish(self, limit_s=1500):
        """Text of the run, and whether it passed."""
        code = self.process.wait(limit_s)
        return self.log.read_text(), code == 0


def assert_same_tables(folder, alone, targets=()):
    """All tables of a run equal, byte for byte, those of a local run that was left alone.

    A run up to some targets has these among its tables, and may lack others.
    """
    names = result_tables(folder)
    assert set(map(Path, targets)) <= set(names) if targets else names == result_tables(alone), names
    for name in names:
        assert (folder / name).read_bytes() == (alone / name).read_bytes(), name


def result_tables(folder):
    """Tables of a run but for the times that its rules took."""
    return [name for name in tables(folder) if "benchmarks" not in name.parts]


def assert_only_gpu_rules_saw_one(lab, jobs):
    """Rules with ``gpu=1`` had a GPU and its partition, no other rule had either."""
    seen = lab.gpus_seen()
    for job in jobs:
        expected = ("gpu", {"0"}) if job["rule"] in WITH_GPU else ("cpu", {"none"})
        assert (job["partition"], seen[job["raw"]]) == expected, job


def assert_sent_as_arrays(jobs, numbers):
    """These rules, with so many jobs each, went as arrays; a rule that the profile does not name never did."""
    sent = {rule: sum("_" in job["id"] for job in jobs if job["rule"] == rule) for rule in numbers}
    assert sent == numbers
    assert {job["rule"] for job in jobs if "_" in job["id"]} <= ARRAYS
