"""Jobs, states and failures read from logs that Snakemake 9.27 wrote, on one machine and with the SLURM plugin 2.8."""

import csv
import os
from datetime import datetime, timedelta

import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.core.process_state import process_mark
from climate_indicators.workflow_tools.failures import place_of, reason, short_list
from climate_indicators.workflow_tools.records import load_run, write_failures, write_plan
from climate_indicators.workflow_tools.snakemake_log import (
    DONE,
    FAILED,
    RUNNING,
    SENT,
    WAITING,
    Job,
    Run,
    read_run,
    with_plan,
)
from climate_indicators.workflow_tools.state import describe, progress, read_state, seconds_left, time_left
from refusals import raises_naming

HEAD = """
SNAKEMAKE
=========
  Date: 2026-11-21 21:05:52
  Snakemake version: 9.27.1
  Command: snakemake --cores 2 --retries 1 --keep-going --show-failed-logs

Building DAG of jobs...
Using shell: /usr/bin/bash
Provided cores: 2
Rules claiming more threads will be scaled down.
Job stats:
job      count
-----  -------
make         2
all          1
total        3

Select jobs to execute...
Execute 2 jobs...
"""
GOOD = """[Sat Nov 21 21:05:52 2026]
localrule make:
    output: out/good.txt
    log: logs/glacier/good/make.log
    jobid: 1
    reason: Missing output files: out/good.txt
    wildcards: site=good
    resources: tmpdir=/tmp, mem_mb=100, mem=100 MB, mem_mib=96
"""
BAD = """[Sat Nov 21 21:05:52 2026]
localrule make:
    output: out/bad.txt
    log: logs/glacier/bad/make.log
    jobid: 2
    reason: Missing output files: out/bad.txt
    wildcards: site=bad
    resources: tmpdir=/tmp, mem_mb=100, mem=100 MB, mem_mib=96
"""
FINISHED = """[Sat Nov 21 21:05:56 2026]
Finished jobid: 1 (Rule: make)
1 of 3 steps (33%) done
"""
# the quoted log of the job holds a line that looks like one of Snakemake's own
ERROR = """RuleException:
CalledProcessError in file "Snakefile", line 7:
Command 'set -euo pipefail;  exit 1' returned non-zero exit status 1.
[Sat Nov 21 21:05:57 2026]
Error in rule make:
    message: None
    jobid: 2
    output: out/bad.txt
    log: logs/glacier/bad/make.log (check log file(s) for error details)
    shell:
        exit 1
        (command exited with non-zero exit code)
Logfile logs/glacier/bad/make.log:
==========================================
2026-11-21 18:00:00 INFO half
2026-11-21 18:00:00 ERROR glacier site: no
Traceback
Finished jobid: 0 (Rule: all)
==========================================
"""
RESTART = "Trying to restart job 2.\nSelect jobs to execute...\nExecute 1 jobs...\n"
END = """Exiting because a job execution failed. Look above for error messages
Complete log(s): /run/.snakemake/log/2026-11-21T210552.730625.snakemake.log
Elapsed time: 0:00:02.170434
"""
SLURM = """
  Date: 2026-11-21 18:18:17
Building DAG of jobs...
SLURM run ID: 2366e782-6c94-4314-9c29-8217a3a24ebd
Using shell: /usr/bin/bash
Provided remote nodes: 10000
Job stats:
job         count
--------  -------
train           1
scene           2
manifest        1
total           4

Select jobs to execute...
Execute 3 jobs...
[Sat Nov 21 18:18:21 2026]
rule train:
    input: results/glacier/small/patches.h5
    output: results/glacier/small/model, results/glacier/small/history.csv
    log: logs/glacier/small/train.log
    jobid: 7
    benchmark: benchmarks/output/glacier/small/train.tsv
    reason: Missing output files: results/glacier/small/history.csv, results/glacier/small/model
    wildcards: study=glacier, site=small
    threads: 2
    resources: tmpdir=<TBD>, mem_mb=6000, mem=6 GB, mem_mib=5723, slurm_partition=gpu, runtime=60, gpu=1
[Sat Nov 21 18:18:21 2026]
rule scene:
    output: results/glacier/other/scenes/2019.tif
    log: logs/glacier/other/scene_2019.log
    jobid: 2
    wildcards: study=glacier, site=other, scene=2019
[Sat Nov 21 18:18:21 2026]
rule scene:
    output: results/glacier/other/scenes/2021.tif
    log: logs/glacier/other/scene_2021.log
    jobid: 6
    wildcards: study=glacier, site=other, scene=2021
No SLURM account given, trying to guess.
Unable to guess SLURM account. Trying to proceed without.
Job 7 has been submitted with SLURM jobid 1 (log: /run/.snakemake/slurm_logs/rule_train/glacier_small/1.log).
Submitted array job with Snakemake IDs 2,6 and SLURM job ID 3. The individual task IDs are 1-2.
"""
EPOCH = (
    "epoch 7/40 · loss 0.214 · val loss 0.231 · val IoU 0.873 (best 0.881) · 12 s · waiting 0 % · at most 7 min left"
)


def states(run):
    return {jobid: job.state for jobid, job in run.jobs.items()}


def test_jobs_of_a_run_on_one_machine():
    run = read_run((HEAD + GOOD + BAD).splitlines())
    assert states(run) == {1: RUNNING, 2: RUNNING} and run.totals == {"make": 2, "all": 1}
    assert run.started == datetime(2026, 11, 21, 21, 5, 52) and not run.ended and not run.on_cluster
    assert run.jobs[2] == Job(
        2, "make", RUNNING, ("logs/glacier/bad/make.log",), "site=bad", datetime(2026, 11, 21, 21, 5, 52)
    )
    run = read_run((HEAD + GOOD + BAD + FINISHED + ERROR).splitlines())
    assert states(run) == {1: DONE, 2: FAILED} and run.failed == [run.jobs[2]]
    assert run.jobs[1].ended == datetime(2026, 11, 21, 21, 5, 56)


def test_a_failed_job_that_is_tried_again_has_not_failed():
    text = HEAD + GOOD + BAD + FINISHED + ERROR + RESTART
    assert states(read_run(text.splitlines())) == {1: DONE, 2: WAITING}
    assert states(read_run((text + BAD).splitlines())) == {1: DONE, 2: RUNNING}
    run = read_run((text + BAD + ERROR + END).splitlines())
    assert states(run) == {1: DONE, 2: FAILED} and run.ended


def test_a_run_that_was_broken_off_leaves_its_jobs_to_the_next():
    assert states(read_run((HEAD + GOOD + BAD + FINISHED + END).splitlines())) == {1: DONE, 2: WAITING}


def test_a_log_that_ends_anywhere_can_be_read():
    text = HEAD + GOOD + BAD + FINISHED + ERROR + RESTART + BAD + ERROR + END
    for end in range(0, len(text), 7):
        assert set(states(read_run(text[:end].splitlines()))) <= {1, 2}


def test_jobs_of_a_cluster_run_once_they_write(tmp_path):
    run = read_run(SLURM.splitlines())
    assert run.on_cluster and states(run) == {7: SENT, 2: SENT, 6: SENT}
    write_run(tmp_path, SLURM)
    now = datetime(2026, 11, 21, 18, 20, 21)
    # an earlier run's log: older than the job
    write_log(tmp_path, "logs/glacier/other/scene_2019.log", "old", now - timedelta(minutes=5))
    write_log(tmp_path, "logs/glacier/small/train.log", EPOCH, now)
    state = read_state(tmp_path, now)
    assert states(state.run) == {7: RUNNING, 2: SENT, 6: SENT}
    text = describe(state)
    assert "0 of 4 jobs done, 1 running, 2 sent, 1 waiting." in text
    assert f"running\n  glacier small train  {EPOCH}" in text
    assert text.splitlines()[2:6] == [
        "study    site   done  running  sent  waiting",
        "glacier  other     0        0     2        0",
        "glacier  small     0        1     0        0",
        "all      –         0        0     0        1",
    ]


def write_run(folder, text):
    """The log of a run in a folder; its path."""
    path = folder / ".snakemake" / "log" / "2026-11-21T210552.730625.snakemake.log"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def write_log(folder, name, message, when, level="INFO"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{when:%Y-%m-%d %H:%M:%S} {level} {message}\n")
    os.utime(path, (when.timestamp(), when.timestamp()))


def test_the_plan_tells_whose_jobs_wait(tmp_path):
    log = write_run(tmp_path, HEAD + GOOD)
    old = log.with_name("2026-11-20T210552.snakemake.jobs.csv")
    old.write_text("")
    plan = [
        Job(number, "make", logs=(f"logs/glacier/{site}/make.log",), wildcards=f"site={site}")
        for number, site in ((1, "good"), (2, "bad"))
    ]
    write_plan([*plan, Job(0, "all")], log)
    run = load_run(log)
    assert states(run) == {1: RUNNING, 2: WAITING, 0: WAITING} and run.jobs[2].wildcards == "site=bad"
    assert place_of(run.jobs[2]) == ("glacier", "bad") and place_of(run.jobs[0]) == ("", "")
    assert not old.exists()


def test_plans_of_runs_that_go_on_in_the_same_folder_stay(tmp_path):
    log = write_run(tmp_path, HEAD + GOOD)
    others = {}
    for day, mark in enumerate((process_mark(), "00000000-1-5", "00000000-2-5", f"{process_mark()}1"), start=1):
        others[mark] = log.with_name(f"2026-11-{day:02d}T210552.snakemake.jobs.csv")
        others[mark].write_text(f"jobid,rule,wildcards,log,process\n1,make,,,{mark}\n")
    old = log.with_name("2026-11-03T210552.snakemake.log")
    old.write_text("")
    os.utime(old, (0, 0))
    write_plan([Job(0, "all")], log)
    # this process itself, one that cannot be asked and wrote today; not one whose log is old, nor one that has ended
    assert [path.exists() for path in others.values()] == [True, True, False, False]


def test_a_quiet_log_and_its_plan_give_the_jobs_that_are_done():
    run = with_plan(read_run((HEAD + FINISHED).splitlines()), [Job(1, "make", logs=("logs/glacier/good/make.log",))])
    assert states(run) == {1: DONE} and place_of(run.jobs[1]) == ("glacier", "good")


@pytest.mark.parametrize(
    ("log", "place"),
    [
        ("logs/glacier/demo/scene_2019.log", ("glacier", "demo")),
        ("inner/logs/snow/a/b.log", ("snow", "a")),
        ("logs/glacier/skill_summary.log", ("glacier", "")),
        ("logs/manifest.log", ("", "")),
        ("elsewhere/x.log", ("", "")),
    ],
)
def test_study_and_site_of_a_log(log, place):
    assert place_of(Job(1, "rule", logs=(log,))) == place


def test_failures_are_a_table_with_the_last_error_of_each_log(tmp_path):
    log = write_run(tmp_path, HEAD + GOOD + BAD + FINISHED + ERROR + END)
    when = datetime(2026, 11, 21, 21, 5, 57)
    write_log(tmp_path, "logs/glacier/bad/make.log", "glacier site 'bad': no \"tile\", no map", when, "ERROR")
    text = write_failures(log, "results/failures.csv", tmp_path)
    with open(tmp_path / "results/failures.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows == [
        {
            "study": "glacier",
            "site": "bad",
            "rule": "make",
            "wildcards": "site=bad",
            "reason": "glacier site 'bad': no \"tile\", no map",
            "log": "logs/glacier/bad/make.log",
        }
    ]
    assert text == f"1 job failed, listed in results/failures.csv:\n  glacier bad make: {rows[0]['reason']}\n"
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["failures.csv"]


def test_without_failures_no_table_is_written(tmp_path):
    log = write_run(tmp_path, HEAD + GOOD + FINISHED + END)
    assert write_failures(log, "results/failures.csv", tmp_path) == "" and not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2026-11-21 18:00:00 ERROR first\n2026-11-21 18:00:01 ERROR last\nTraceback\nValueError: x"], "last"),
        (
            ["2026-11-21 18:00:00 INFO window 3/9", "slurmstepd: error: Detected 1 oom_kill event in StepId=5.0.\n"],
            "Detected 1 oom_kill event in StepId=5.0.",
        ),
        (
            ["2026-11-21 18:00:00 ERROR 2 images cannot be used:\n  a.jpg: is \"cut\"\n\n  b.jpg: is small\n"
             "Traceback (most recent call last):\n  File x\nInputError: 2\n2026-11-21 18:00:01 INFO end\n  more"],
            '2 images cannot be used: a.jpg: is "cut" b.jpg: is small',
        ),
        (["/usr/bin/bash: conda: command not found\n\n"], "ended without an error message; last line of its log: "
         "/usr/bin/bash: conda: command not found"),
        (["", ""], "ended without writing to its log"),
    ],
)  # fmt: skip
def test_why_a_job_failed(texts, expected):
    assert reason(texts) == expected


def test_the_list_for_a_screen_is_short():
    rows = [{"study": "snow", "site": f"s{n}", "rule": "snow_maps", "wildcards": f"site=s{n}, year=2020", "reason": "r"}
            for n in range(12)]  # fmt: skip
    lines = short_list(rows, "t.csv", most=3).splitlines()
    assert lines[0] == "12 jobs failed, listed in t.csv:" and lines[-1] == "  and 9 more" and len(lines) == 5
    assert lines[1] == "  snow s0 snow_maps (year=2020): r"


def test_what_a_line_of_a_log_tells():
    assert progress(EPOCH) == ("epoch", 7, 40) and seconds_left(EPOCH) == 420
    encoders = "epoch 18/20 · loss 1.974 · val loss 2.587 (best 2.571) · val accuracy 0.359 · temperature 0.068 · 1.5 s"
    assert progress(encoders) == ("epoch", 18, 20) and seconds_left(encoders) == 3
    assert seconds_left("window 12/96 · 14 s · about 2.5 h left") == 9000
    assert progress("grid of 640 × 640 pixels in EPSG:32644") is None and seconds_left("3 blocks") is None


def test_time_left_is_that_of_the_jobs_to_come_at_the_pace_so_far():
    start = datetime(2026, 1, 1)

    def job(number, rule, state, begin, end=None):
        ended = None if end is None else start + timedelta(seconds=end)
        return Job(number, rule, state, started=start + timedelta(seconds=begin), ended=ended)

    run = Run(totals={"scene": 4, "train": 1}, started=start)
    assert time_left(run, {}, start) is None
    run.jobs = {1: job(1, "scene", DONE, 0, 10), 2: job(2, "scene", DONE, 10, 20), 3: job(3, "scene", RUNNING, 20)}
    now = start + timedelta(seconds=24)
    # one at a time: 6 s of the third, the fourth 10 s, training unknown and taken for the mean of all, 10 s
    assert time_left(run, {}, now) == pytest.approx(26)
    run.jobs[4] = job(4, "train", RUNNING, 0)
    # two at a time: 6 s, 10 s and what training says, but never less than the longest alone
    assert time_left(run, {4: 100}, now) == pytest.approx(100)
    assert time_left(run, {4: 14}, now) == pytest.approx((6 + 14 + 10) / 2)


def test_many_sites_are_summed_up_but_for_those_under_way(tmp_path):
    log = write_run(tmp_path, HEAD.replace("make         2", "make       100") + GOOD)
    sites = ["good", *(f"s{number}" for number in range(2, 101))]
    plan = [Job(number, "make", logs=(f"logs/glacier/{site}/x.log",)) for number, site in enumerate(sites, start=1)]
    write_plan([*plan, Job(0, "all")], log)
    lines = describe(read_state(tmp_path, datetime(2026, 11, 21, 21, 6)), most=40).splitlines()
    assert "glacier  good     0        1        0" in lines and "100 other sites: all waiting" in lines
    assert not any("s17" in line for line in lines)


def test_the_newest_run_counts_and_other_commands_do_not(tmp_path):
    with raises_naming(InputError, "Snakemake"):
        read_state(tmp_path, datetime.now())
    folder = write_run(tmp_path, HEAD + GOOD).parent
    (folder / "2026-11-22T000000.snakemake.log").write_text("Building DAG of jobs...\nReport created: report.html.\n")
    assert states(read_state(tmp_path, datetime.now()).run) == {1: RUNNING}
    (folder / "2026-11-23T000000.snakemake.log").write_text(
        "\n  Date: 2026-11-23 00:00:00\nBuilding DAG of jobs...\n"
        "Nothing to be done (all requested files are present and up to date).\nElapsed time: 0:00:01\n"
    )
    assert describe(read_state(tmp_path, datetime.now())) == (
        "Run of 2026-11-23 00:00: nothing to do, all results exist."
    )
