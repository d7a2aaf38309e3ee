"""What re-runs after a change, and nothing else: the table under "Why does a job run again?" in docs/howto/runs.md."""

import os
import re
import shutil
import stat
import time
from pathlib import Path

import pytest
import rasterio

from cases import shortened
from runs import SMALL, STUDY, copy_workflow, jobs_of, run

pytestmark = pytest.mark.slow
EVALUATED = {
    "evaluate", "reliability", "predict", "glacier_outlines", "glacier_area_by_year", "glacier_trend",
    "glacier_retreat_graph", "glacier_retreat_timelapse", "glacier_gallery", "glacier_truth_check",
    "glacier_retreat", "glacier_termini", "glacier_hypsometry", "glacier_hypsometry_figure", "overview", "manifest",
}  # fmt: skip
TRENDS = {
    "glacier_trend", "glacier_retreat_graph", "glacier_truth_check", "glacier_retreat", "glacier_termini", "overview",
    "manifest",
}  # fmt: skip


@pytest.fixture
def work(finished, tmp_path):
    """A copy of the finished run and a copy of the workflow, both free to be changed."""
    shutil.copytree(finished, tmp_path / "work")
    return tmp_path / "work", copy_workflow(tmp_path / "workflow")


def would_run(work, config=SMALL, *arguments):
    text, passed = run(work[0], config, "--dry-run", *arguments, snakefile=work[1])
    assert passed, text
    return jobs_of(text)


def test_nothing_changed(work):
    assert would_run(work) == set()


@pytest.mark.parametrize(
    ("group", "change", "expected"),
    shortened(
        [
            ("figures", {"seconds_per_frame": 0.5}, {"glacier_retreat_timelapse", "manifest"}),
            (
                "trend",
                {"significance": 0.01},
                TRENDS,
            ),
            ("baselines", {"forest_trees": 21}, EVALUATED | {"baselines"}),
            ("training", {"learning_rate": 0.02}, EVALUATED | {"train", "learning_curve", "check_network", "held_out"}),
        ],
        "training",
    ),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_setting_reruns_the_rules_that_use_it(work, group, change, expected):
    changed = STUDY | {group: STUDY.get(group, {}) | change}
    assert would_run(work, {"glacier": changed}) == expected


@pytest.mark.parametrize(
    ("module", "expected"),
    shortened(
        [
            ("stats/trends.py", TRENDS),
            ("stats/calibration.py", EVALUATED | {"baselines"}),
            # imported by no script, but by modules that scripts import
            ("segmentation/networks.py", EVALUATED | {"train", "learning_curve", "check_network", "held_out"}),
            ("plotting/learning_curve.py", {"learning_curve", "manifest"}),
        ],
        "stats/calibration.py",
    ),
)
def test_an_edited_module_reruns_the_rules_that_import_it(work, module, expected):
    path = work[1].parent / "src" / "climate_indicators" / module
    path.write_text(path.read_text() + "\n# edited\n")
    assert would_run(work) == expected


@pytest.mark.long
def test_an_edited_script_reruns_its_rule(work):
    path = work[1].parent / "scripts" / "segmentation" / "learning_curve.py"
    path.write_text(path.read_text() + "\n# edited\n")
    assert would_run(work) == {"learning_curve", "manifest"}


def test_threads_resources_profile_and_captions_rerun_nothing(work):
    for path in (work[1].parent / "rules").rglob("*.smk"):
        path.write_text(path.read_text().replace("threads: 8", "threads: 3").replace("memory(2000", "memory(2500"))
    for path in (work[1].parent / "report").glob("*.rst"):
        path.write_text(path.read_text() + "More.\n")
    assert would_run(work, SMALL, "--resources", "gpu=2") == set()


def resources_of(work, attempt):
    """Memory and minutes that the jobs of each rule of a dry run ask for under the SLURM profile, as a sorted list."""
    profile = ["--workflow-profile", str(work[1].parent / "profiles/slurm"), "--attempt", str(attempt)]
    text, passed = run(work[0], SMALL, "--dry-run", "--forceall", *profile, snakefile=work[1])
    assert passed, text
    found = {}
    # neither jobs nor resources come in an order that can be relied on
    for rule, line in re.findall(r"^rule (\w+):\n(?:    .*\n)*?    resources: (.*)$", text, re.M):
        asked = dict(item.split("=", 1) for item in line.split(", "))
        if "runtime" in asked:
            found.setdefault(rule, []).append((asked["mem_mb"], asked["runtime"]))
    return {rule: sorted(asked) for rule, asked in found.items()}


@pytest.mark.long
def test_a_job_asks_for_more_at_each_attempt_and_for_larger_inputs(work):
    patches, scene = work[0] / "results/glacier/small/patches.h5", work[0] / "results/glacier/small/scenes/2020.tif"
    os.truncate(patches, 2 * 10**9)  # a file with a hole: it takes no space
    os.truncate(scene, 10**9)
    first = resources_of(work, attempt=1)
    assert len(first) > 20 and all(value.isdigit() for jobs in first.values() for job in jobs for value in job)
    assert first["train"] == [("6000", "720")] and first["blocks"] == [("6000", "80")]
    assert first["learning_curve"] == [("2000", "60")]
    assert first["predict"].count(("3000", "120")) == 1 and ("3000", "60") in first["predict"]
    second = resources_of(work, attempt=2)
    for rule, jobs in first.items():
        twice = sorted(tuple(str(2 * int(value)) for value in job) for job in jobs)
        assert second[rule] == twice, rule
    patches.unlink()
    assert resources_of(work, attempt=1)["train"] == [("6000", "<TBD>")]


@pytest.mark.long
def test_a_small_input_touched_reruns_nothing_and_a_large_one_what_depends_on_it(files):
    folder, config = files
    small, large = folder / "data/aoi.gpkg", folder / "data/tiles/2021_west.tif"
    with rasterio.open(large) as raster:
        profile, pixels, names = raster.profile, raster.read(), raster.descriptions
    profile.update(dtype="float64", compress=None, predictor=1)
    with rasterio.open(large, "w", **profile) as raster:
        raster.write(pixels.astype("float64"))
        raster.descriptions = names
    assert small.stat().st_size < 1e6 < large.stat().st_size
    targets = [f"results/glacier/mine/scenes/{year}.tif" for year in (2020, 2021)]
    text, passed = run(folder, config, *targets)
    assert passed, text
    later = time.time() + 10
    os.utime(small, (later, later))
    text, _ = run(folder, config, "--dry-run", *targets)
    assert jobs_of(text) == set(), text
    os.utime(large, (later, later))
    text, _ = run(folder, config, "--dry-run", *targets)
    assert jobs_of(text) == {"scene"}, text  # the grid is laid on the scene of the reference year alone


CONDA = """#!/bin/sh
# Answers the questions that Snakemake asks; an environment is an empty folder, so jobs run in the tests' own Python.
case "$*" in
  "info --json") echo '{"conda_prefix": "BASE", "platform": "linux-64", "root_prefix": "BASE"}' ;;
  "--version") echo "conda 25.1.0" ;;
  "config --get channel_priority --json") echo '{"get": {"channel_priority": "strict"}}' ;;
  "clean "*) ;;
  *"create"*) while [ "$1" != "--prefix" ]; do shift; done; mkdir -p "$2/conda-meta" "$2/bin" ;;
  *) echo "unexpected: conda $*" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def empty_conda(work, monkeypatch):
    """A program `conda` that makes empty environments."""
    base = work[0].parent / "conda"
    (base / "bin").mkdir(parents=True)
    conda = base / "bin" / "conda"
    conda.write_text(CONDA.replace("BASE", str(base)))
    conda.chmod(conda.stat().st_mode | stat.S_IXUSR)
    (base / "bin" / "activate").write_text(":\n")
    monkeypatch.setenv("PATH", f"{base / 'bin'}:{os.environ['PATH']}")


@pytest.mark.long
@pytest.mark.parametrize(("build", "env"), [("cpu", "deep-learning.yaml"), ("gpu", "deep-learning-gpu.yaml")])
def test_settings_choose_the_build_of_tensorflow(work, empty_conda, build, env):
    config = SMALL | {"deep_learning_env": build}
    arguments = ("--sdm", "conda", "--dry-run", "--forcerun", "train", "--", "results/glacier/small/model")
    text, passed = run(work[0], config, *arguments, snakefile=work[1])
    assert passed, text
    named = {Path(name).name for name in re.findall(r"Conda environment (\S+) will be created", text)}
    assert named == {env, "raster.yaml"}, text


@pytest.mark.long
def test_an_edited_environment_file_reruns_its_rules_with_conda(work, empty_conda):
    target = "results/glacier/small/learning_curve.png"
    text, passed = run(
        work[0], SMALL, "--sdm", "conda", "--forcerun", "learning_curve", "--", target, snakefile=work[1]
    )
    assert passed, text
    arguments = ("--sdm", "conda", "--allowed-rules", "learning_curve", "--", target)
    assert would_run(work, SMALL, *arguments) == set()
    env = work[1].parent / "envs" / "figures.yaml"
    env.write_text(env.read_text().replace("pillow=13.0", "pillow=12.0"))
    assert would_run(work, SMALL, *arguments) == {"learning_curve"}
