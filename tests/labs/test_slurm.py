"""The workflow on a real SLURM: two nodes on this machine, a fake GPU each, with and without accounting."""

import pytest
from cluster_runs import assert_same_tables, run

pytestmark = pytest.mark.lab


def test_a_run_through_the_cluster_gives_the_tables_of_a_local_run(lab, alone, tmp_path):
    text, passed = run(lab, tmp_path)
    assert passed, text
    assert_same_tables(tmp_path, alone)
    jobs = lab.jobs()
    assert {job["state"] for job in jobs} == {"COMPLETED"}
    # only training sees a GPU, and only it is in the partition of GPUs
    seen = lab.gpus_seen()
    with_gpu = {job["raw"] for job in jobs if job["rule"] == "train"}
    assert len(with_gpu) == 1
    for job in jobs:
        assert seen[job["raw"]] == ({"0"} if job["raw"] in with_gpu else {"none"}), job
        assert job["partition"] == ("gpu" if job["raw"] in with_gpu else "cpu"), job
    # scenes, and predictions, become ready all at once: they went as arrays; rules outside the list never do
    for rule in ("scene", "predict"):
        assert sum("_" in job["id"] for job in jobs if job["rule"] == rule) == 5, rule
    assert {job["rule"] for job in jobs if "_" in job["id"]} <= {"scene", "predict", "glacier_outlines"}
    text, passed = run(lab, tmp_path)
    assert passed and "Nothing to be done" in text, text
    assert len(lab.jobs()) == len(jobs)
