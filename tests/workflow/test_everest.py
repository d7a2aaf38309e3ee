"""Skill on real pixels: Landsat 7 and RGI 6.0 around Mount Everest, three choices of held-out blocks.

Trains three networks: `pytest -m real`; about ten minutes on two cores.
"""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from runs import ROOT, run

EVEREST = Path(os.environ.get("GLACIER_EVEREST", ROOT.parent / "shared" / "data" / "glacier_everest"))
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not EVEREST.is_dir(), reason=f"real data not found at {EVEREST}"),
]


@pytest.fixture(scope="module")
def everest(tmp_path_factory):
    config = yaml.safe_load((ROOT / "config/examples/glacier_everest.yaml").read_text())
    folder = tmp_path_factory.mktemp("everest")
    text, passed = run(folder, config | {"data_dir": str(EVEREST)})
    assert passed, text
    yield folder / "results" / "glacier"
    shutil.rmtree(folder)


@pytest.mark.xfail(reason="a goal, not reached: see docs/explanation/glacier.md", strict=False)
def test_the_network_is_ahead_of_the_forest_on_held_out_blocks(everest):
    skill = pd.read_csv(everest / "skill_summary.csv").query("split == 'test'").set_index("model")
    assert (skill.n_sites == 3).all()
    assert skill.iou_gain_mean["random_forest"] >= 0.08
    assert skill.iou_gain_mean["all_positive"] >= 0.08


def test_one_year_gives_no_trend_and_says_why(everest):
    trend = pd.read_csv(everest / "everest_1" / "trend.csv").iloc[0]
    assert trend.n_years == 1 and pd.isna(trend.slope_per_year)
    assert "no trend" in trend.sentence.lower()
