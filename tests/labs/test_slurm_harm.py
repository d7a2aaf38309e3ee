"""Harm done to a training on the cluster: the same command ends with the tables of a run that was left alone."""

import shutil
import signal

import pytest
from cluster_runs import Going, assert_same_tables, run

pytestmark = pytest.mark.lab
SITE = "results/glacier/small"
# what training gives, and the first table that is made with it
TRAINED = ["history.csv", "metrics.csv"]


def lose_the_node(lab, job, going):
    lab.kill_node(job["node"])
    going.until(lambda: job["node"] in lab.ask("sinfo", "--noheader", "--Node", "--states=down", "--format=%N"))
    lab.start_node(job["node"])


def cancel(lab, job, going):
    lab.ask("scancel", job["raw"])


def kill_snakemake(lab, job, going):
    going.process.send_signal(signal.SIGKILL)
    # its job would go on by itself: README of the profile
    lab.ask("scancel", job["raw"])


def stall(lab, job, going):
    """The job stands still, and its hour is made a minute, so that it is over now."""
    lab.halt(job["raw"])
    lab.ask("scontrol", "update", f"JobId={job['raw']}", "TimeLimit=1")
    going.until(lambda: any(one["state"] == "TIMEOUT" for one in lab.jobs()))


HARMS = {"a node is lost": lose_the_node, "scancel": cancel, "Snakemake is killed": kill_snakemake, "time": stall}


@pytest.fixture
def untrained(alone, tmp_path):
    """The finished run without its model and what was made with it."""
    folder = tmp_path / "untrained"
    shutil.copytree(alone, folder)
    shutil.rmtree(folder / SITE / "model")
    for name in TRAINED:
        (folder / SITE / name).unlink()
    (folder / "logs/glacier/small/train.log").unlink()
    return folder


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_the_same_command_finishes_a_disturbed_training(plain_lab, alone, untrained, harm):
    targets = [f"{SITE}/{name}" for name in TRAINED]
    # given here, it takes the place of all that the profile sets
    limit = ["--set-resources", "train:slurm_partition=gpu", "train:runtime=60 * attempt"]
    before = {job["raw"] for job in plain_lab.jobs()}
    with Going(plain_lab, untrained, *targets, *limit) as going:
        job = going.until(lambda: next((job for job in running(plain_lab, "train") if job["raw"] not in before), None))
        going.until(lambda: any((untrained / SITE / ".training").glob("*/epoch_00002")))
        harm(plain_lab, job, going)
        text, passed = going.finish()
    if harm is kill_snakemake:
        assert not passed
        text, passed = run(plain_lab, untrained, *targets, *limit)
    assert passed, text
    assert_same_tables(untrained, alone)
    log = (untrained / "logs/glacier/small/train.log").read_text()
    assert "going on after epoch" in log and "epoch 1/4" not in log
    if harm is stall:
        tries = [job for job in plain_lab.jobs() if job["rule"] == "train" and job["raw"] not in before]
        assert {job["state"]: job["limit"] for job in tries} == {"TIMEOUT": "1:00", "COMPLETED": "2:00:00"}


def test_a_job_over_its_memory_is_sent_again_with_more(plain_lab, alone, untrained):
    before = {job["raw"] for job in plain_lab.jobs()}
    targets = [f"{SITE}/{name}" for name in TRAINED]
    limit = ["--set-resources", "train:slurm_partition=gpu", "train:mem_mb=300 if attempt < 2 else 6000"]
    text, passed = run(plain_lab, untrained, *targets, *limit)
    assert passed, text
    tries = [job for job in plain_lab.jobs() if job["rule"] == "train" and job["raw"] not in before]
    assert sorted(job["memory"] for job in tries) == ["300M", "6000M"]
    assert {job["memory"]: job["state"] == "COMPLETED" for job in tries} == {"300M": False, "6000M": True}
    assert_same_tables(untrained, alone)


def running(lab, rule):
    return [job for job in lab.jobs() if job["rule"] == rule and job["state"] == "RUNNING"]
