"""All four studies on a real SLURM: two nodes on this machine, a fake GPU each, with and without accounting."""

import pytest
from cluster_runs import WITH_GPU, assert_only_gpu_rules_saw_one, assert_same_tables, assert_sent_as_arrays, run

from runs import jobs_of

pytestmark = pytest.mark.lab
# jobs that become ready all at once, and so are sent together for certain
TOGETHER = {"scene": 3, "predict": 3, "snow_optical": 3, "snow_radar": 3, "snow_maps": 3, "ocean_labels": 2}
# accounting changes how jobs are sent and asked for, not what they do: the table that each study is for, and what
# comes of the rules with a GPU, are enough of it
MAIN = [
    "results/glacier/small/glacier_area_by_year.csv",
    "results/snow/small/snow_cover.csv",
    "results/snow/small/encoder_history.csv",
    "results/carbon/small/CO2_seq.csv",
    "results/ocean/small/coverage.csv",
]


def test_a_run_through_the_cluster_gives_the_tables_of_a_local_run(lab, alone, tmp_path):
    targets = MAIN if lab.accounting else []
    text, passed = run(lab, tmp_path, *targets)
    assert passed, text
    assert_same_tables(tmp_path, alone, targets)
    jobs = lab.jobs()
    # every job of the run was one of the cluster, and none was needed twice
    assert {job["rule"] for job in jobs} == jobs_of(text) > WITH_GPU
    assert {job["state"] for job in jobs} == {"COMPLETED"}
    assert_only_gpu_rules_saw_one(lab, jobs)
    assert_sent_as_arrays(jobs, TOGETHER)
    if lab.accounting:
        told = lab.ask("sacct", "--allocations", "--noheader", "--parsable2", "--format=JobID,State").split()
        assert sorted(told) == sorted(f"{job['id']}|COMPLETED" for job in jobs)
    text, passed = run(lab, tmp_path, *targets)
    assert passed and "Nothing to be done" in text, text
    assert len(lab.jobs()) == len(jobs)
