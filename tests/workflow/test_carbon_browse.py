"""Browse pictures of real satellite scenes, with the shipped study; about ten minutes on two processor cores."""

import os
from pathlib import Path

import pandas as pd
import pytest
import yaml

from runs import ROOT, run

FOLDER = Path(os.environ.get("CARBON_VEGETATION", ROOT.parent / "shared" / "data" / "carbon_vegetation"))
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"real data not found at {FOLDER}"),
]
# the original study's best, on 426 training images
PUBLISHED = {"iou": 0.6185, "dice": 0.7244, "f1": 0.7316}


@pytest.fixture(scope="module")
def browse(tmp_path_factory):
    config = yaml.safe_load((ROOT / "config/examples/carbon_browse.yaml").read_text())
    folder = tmp_path_factory.mktemp("browse")
    text, passed = run(folder, config | {"data_dir": str(FOLDER)})
    assert passed, text
    return folder / "results/carbon/browse"


def test_both_exact_pairs_are_found_and_stay_together(browse):
    pairs = pd.read_csv(browse / "duplicates.csv").query("kind == 'exact'")
    assert pairs[["image_a", "image_b"]].to_numpy().tolist() == [
        ["IMG_011.jpg", "IMG_077.jpg"], ["IMG_038.jpg", "IMG_099.jpg"]
    ]  # fmt: skip
    images = pd.read_csv(browse / "images.csv")
    assert (images.groupby("group").split.nunique() == 1).all()
    assert images.split.value_counts().to_dict() == {"train": 38, "test": 21, "validation": 10}


@pytest.mark.parametrize("averaging", ["pooled", "images"])
def test_on_the_held_out_pictures_the_network_is_ahead_of_the_published_best(browse, averaging):
    rows = pd.read_csv(browse / "protocol.csv").query("split == 'test' and threshold_rule == 'fixed'")
    row = rows.set_index("averaging").loc[averaging]
    assert all(row[name] > best for name, best in PUBLISHED.items()), row


def test_rows_without_dates_make_no_trend_in_time(browse):
    assert set(pd.read_csv(browse / "trend_analysis.csv").axis) == {"row order"}
    assert pd.read_csv(browse / "forecast.csv").kind.tolist() == ["refused"]
