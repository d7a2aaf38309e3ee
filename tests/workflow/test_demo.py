"""The embedded demo, whole: what a new user sees must hold against the known truth."""

import subprocess

import pandas as pd
import pytest
from runs import ROOT

pytestmark = pytest.mark.slow
SITE = "results/glacier/demo"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    command = ["snakemake", "--snakefile", str(ROOT / "Snakefile"), "--configfile", str(ROOT / "config/config.yaml")]
    done = subprocess.run([*command, "--cores", "all"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / SITE


def test_the_network_finds_glaciers_and_the_simple_methods_do_visibly_worse(demo):
    iou = pd.read_csv(demo / "metrics.csv").query("split == 'test'").set_index("model").iou
    assert iou["unet"] >= 0.90
    assert iou["unet"] - iou["random_forest"] >= 0.05
    assert iou["unet"] - iou["band_ratio"] >= 0.05
    assert iou["random_forest"] > iou["all_positive"]


def test_recovered_areas_agree_with_the_truth(demo):
    check = pd.read_csv(demo / "truth_check.csv").set_index("quantity")
    years = check[check.index.str.startswith("area")]
    sound = years[~years.index.str.contains("flagged")]
    assert len(years) == 9 and len(sound) == 8
    assert ((sound.estimate / sound.truth - 1).abs() < 0.05).all()
    assert years.within.sum() >= 7
    assert check.within["trend"]


def test_the_half_clouded_year_alone_is_flagged(demo):
    areas = pd.read_csv(demo / "glacier_area_by_year.csv").set_index("year")
    assert areas.flag.dropna().to_dict() == {2020: "cloudy"}


def test_the_retreat_is_found_significant(demo):
    trend = pd.read_csv(demo / "trend.csv").iloc[0]
    assert trend.significant and trend.slope_per_year < 0 and trend.n_years == 8
    assert trend.sentence.startswith("Glacier area fell by")
