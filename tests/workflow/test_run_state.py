"""What a run tells of itself: its state while it trains, and the table of what failed, with the other sites done."""

import csv
import re
import shutil
import subprocess
import sys

import pytest

from runs import ROOT, SMALL, STUDY, run, run_until

pytestmark = pytest.mark.slow
SITE = "results/glacier/small"


def ask(folder, *arguments):
    """Text of the command that tells the state of a run, and whether it found one."""
    command = [sys.executable, str(ROOT / "scripts/report/run_state.py"), str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr, done.returncode == 0


@pytest.fixture
def work(finished, tmp_path):
    """A copy of the finished run, free to be changed."""
    shutil.copytree(finished, tmp_path / "work")
    return tmp_path / "work"


@pytest.mark.long
def test_the_state_of_a_running_training_has_its_epoch_loss_and_score(work):
    told = {}

    def is_training():
        log = work / "logs/glacier/small/train.log"
        if log.exists() and "epoch 2/300" in log.read_text():
            told["text"], told["found"] = ask(work)
        return bool(told)

    longer = {"glacier": STUDY | {"training": STUDY["training"] | {"epochs": 300}}}
    run_until(work, longer, is_training, f"{SITE}/learning_curve.png")
    assert told["found"], told
    line = re.search(
        r"^  glacier small train  epoch (\d+)/300 · loss [\d.]+ · val loss [\d.]+ · val IoU .* left$",
        told["text"],
        re.M,
    )
    assert line and int(line[1]) >= 2, told["text"]
    assert re.search(r"^study +site +done +running +waiting$", told["text"], re.M), told["text"]
    assert re.search(r"^glacier +small +0 +1 +1$", told["text"], re.M), told["text"]
    assert re.search(r": 0 of 2 jobs done, 1 running, 1 waiting", told["text"]), told["text"]


@pytest.mark.long
def test_a_site_that_fails_is_in_the_table_of_failures_and_the_other_is_done(work, finished):
    names = sorted(path.relative_to(finished) for path in (finished / SITE).rglob("*"))
    for name in ("learning_curve.png", "reliability.png"):
        (work / SITE / name).unlink()
    tiles = [f"resources/glacier/small/tiles/2020_{side}.tif" for side in ("west", "east")]
    (work / "bad.tif").write_bytes((work / tiles[0]).read_bytes()[:-2000])
    scene = {"year": 2020, "date": "2020-10-15", "tiles": ["bad.tif", tiles[1]]}
    bad = {"source": "files", "reference_year": 2020, "resolution_m": 40, "crs": "EPSG:32644", "scenes": [scene]}
    bad["outlines"] = {"path": "resources/glacier/small/outlines.gpkg", "id_field": "glacier_id"}
    both = {"glacier": STUDY | {"sites": STUDY["sites"] | {"bad": bad}}}

    text, passed = run(work, both, "--keep-going")
    assert not passed
    assert sorted(path.relative_to(work) for path in (work / SITE).rglob("*")) == names
    with open(work / "results/failures.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["study"], row["site"], row["rule"]) for row in rows] == [("glacier", "bad", "grid")], rows
    assert rows[0]["reason"].startswith("glacier site 'bad': bad.tif"), rows
    assert (work / rows[0]["log"]).is_file()
    assert f"1 job failed, listed in results/failures.csv:\n  glacier bad grid: {rows[0]['reason']}" in text
    told, found = ask(work)
    assert found and re.search(r"^glacier +small +2 +0 +0 +0$", told, re.M) and rows[0]["reason"] in told, told

    (work / "results/manifest.csv").unlink()
    (work / "logs/glacier/small/terrain.warnings.csv").write_text("a planted warning\n")
    (work / "logs/glacier/bad/terrain.warnings.csv").write_text("of a site that is not configured\n")
    text, passed = run(work, SMALL)
    assert passed, text
    assert not (work / "results/failures.csv").exists()
    shown = "glacier small terrain: a planted warning"
    assert shown in text and "not configured" not in text
    with open(work / "results/warnings.csv", encoding="utf-8", newline="") as stream:
        rows = [tuple(row.values()) for row in csv.DictReader(stream)]
    assert ("glacier", "small", "terrain", "a planted warning") in rows and all(row[1] != "bad" for row in rows)
    text, passed = run(work, SMALL)
    assert passed and "Nothing to be done" in text and shown in text, text


SMALLEST = f"""
import sys
from pathlib import Path
sys.path.insert(0, "{ROOT}/scripts")

def configured_sites():
    return {{}}

rule all:
    input:
        "done.txt",

rule done:
    output:
        "done.txt",
    shell:
        "test -e whole.txt && touch done.txt"

include: "{ROOT}/rules/report/run.smk"
"""


def test_a_run_with_nothing_to_do_removes_the_table_of_failures_and_a_dry_run_does_not(tmp_path):
    (tmp_path / "Snakefile").write_text(SMALLEST)
    table = tmp_path / "inner" / "results" / "failures.csv"

    def snakemake(*arguments):
        line = ["snakemake", "--cores", "1", "--directory", "inner", *arguments]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    text = snakemake()
    assert "1 job failed, listed in results/failures.csv" in text and table.exists(), text
    (tmp_path / "inner" / "done.txt").write_text("")
    for arguments, stays in ((["--dry-run"], True), ([], False)):
        assert "Nothing to be done" in (text := snakemake(*arguments)) and table.exists() == stays, text


def test_a_folder_without_a_run_is_refused(tmp_path):
    text, found = ask(tmp_path)
    assert not found and text.count("\n") == 1 and "no run of the workflow" in text and str(tmp_path) in text
