"""A study that is added as docs/howto/new_study.md describes: a folder in each layer and one entry in the registry."""

import runpy
import shutil
from pathlib import Path

import pandas as pd
import pytest

from climate_indicators.core.errors import InputError
from refusals import raises_naming
from runs import ROOT, copy_workflow, run

pytestmark = pytest.mark.slow
LAKE = ROOT / "tests" / "helpers" / "lake_study"
ENTRY = """
STUDIES["lake"] = Study(
    title="Lake level",
    config=Lake,
    site=LakeSite,
    rules=("lake/lake",),
    overview={"trend": "lake_trend.csv"},
    opened=("yearly_levels.csv",),
)
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """A workflow with the study, levels of ten years that fall by 0.5 m a year, and their configuration."""
    folder = tmp_path_factory.mktemp("lake")
    snakefile = copy_workflow(folder)
    shutil.copytree(LAKE, folder, dirs_exist_ok=True)
    registry = folder / "src" / "climate_indicators" / "config" / "studies.py"
    imported = "from climate_indicators.config.models.lake import Lake, LakeSite\n"
    text = registry.read_text()
    registry.write_text(text.replace("\nfrom climate", f"\n{imported}from climate", 1) + ENTRY)
    dates = pd.date_range("2010-01-01", "2019-12-31", freq="MS")
    levels = 400 - 0.5 * (dates.year - 2010) + 0.01 * (dates.year % 3)
    pd.DataFrame({"date": dates, "level_m": levels}).to_csv(folder / "levels.csv", index=False)
    return folder, snakefile, {"lake": {"sites": {"pond": {"levels": "levels.csv"}}}}


def test_its_results_front_page_and_manifest_are_made_once(lake):
    folder, snakefile, config = lake
    text, passed = run(folder, config, snakefile=snakefile)
    assert passed, text
    trend = pd.read_csv(folder / "results/lake/pond/lake_trend.csv").iloc[0]
    assert trend.slope_per_year == pytest.approx(-0.5, abs=0.005) and bool(trend.significant)
    overview = pd.read_csv(folder / "results/overview.csv")
    assert overview.statement.tolist() == [trend.sentence]
    assert "Lake level" in (folder / "results/overview.rst").read_text()
    paths = [Path(path).as_posix() for path in pd.read_csv(folder / "results/manifest.csv").path]
    assert {"results/lake/pond/yearly_levels.csv", "results/lake/pond/lake_trend.csv"} <= set(paths)
    again, passed = run(folder, config, "--dry-run", snakefile=snakefile)
    assert passed and "Nothing to be done" in again


def test_its_keys_are_checked_and_its_inputs_opened_by_check(lake, tmp_path):
    folder, snakefile, config = lake
    text, passed = run(folder, {"lake": {"sites": {"pond": {"levls": "levels.csv"}}}}, "-n", snakefile=snakefile)
    assert not passed and "lake.sites.pond.levls" in text and "levels" in text
    (folder / "wrong.csv").write_text("date,level\n2010-01-01,400\n")
    wrong = {"lake": {"sites": {"bad": {"levels": "wrong.csv"}}}}
    text, passed = run(folder, wrong, "check", snakefile=snakefile)
    assert not passed and "wrong.csv" in text and "level_m" in text
    assert not (folder / "results/lake/bad/yearly_levels.csv").exists()


@pytest.mark.parametrize("date", ["2010-13-01", ""])
def test_a_wrong_date_is_named_with_its_file(tmp_path, date):
    yearly_levels = runpy.run_path(str(LAKE / "src/climate_indicators/lake/levels.py"))["yearly_levels"]
    (tmp_path / "levels.csv").write_text(f"date,level_m\n2010-01-01,400\n{date},401\n")
    with raises_naming(InputError, "levels.csv", f"'{date}'"):
        yearly_levels(tmp_path / "levels.csv")
