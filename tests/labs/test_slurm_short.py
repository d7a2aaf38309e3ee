"""A part of all four studies on a real SLURM, short enough for every run of the tests."""

import pytest
from cluster_runs import all_studies, assert_only_gpu_rules_saw_one, assert_same_tables, assert_sent_as_arrays
from cluster_runs import run as run_on_cluster

from runs import jobs_of
from runs import run as run_here

pytestmark = pytest.mark.cluster
# up to a trained network of two studies, and to what arrays make in the others
TARGETS = [
    "results/glacier/small/history.csv",
    "results/snow/small/pairs.csv",
    "results/carbon/small/training_metrics.csv",
    "results/ocean/small/slopes/200401-200712.nc",
]
TOGETHER = {"scene": 3, "snow_optical": 3, "snow_radar": 3}


def test_a_part_of_all_studies_gives_the_tables_of_a_local_run(plain_lab, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    text, passed = run_here(here, all_studies(), *TARGETS)
    assert passed, text
    text, passed = run_on_cluster(plain_lab, there, *TARGETS)
    assert passed, text
    assert_same_tables(there, here)
    jobs = plain_lab.jobs()
    assert {job["rule"] for job in jobs} == jobs_of(text) > {"train", "carbon_train"}
    assert {job["state"] for job in jobs} == {"COMPLETED"}
    assert_only_gpu_rules_saw_one(plain_lab, jobs)
    assert_sent_as_arrays(jobs, TOGETHER)
    text, passed = run_on_cluster(plain_lab, there, *TARGETS)
    assert passed and "Nothing to be done" in text, text
