"""`make clean`: what the demo made goes, what was downloaded stays."""

import shutil
import subprocess

import pytest

from env_files import ROOT

MADE = [
    "results/glacier/demo/trend.csv", "logs/glacier/demo/train.log", ".snakemake/metadata/a",
    "resources/glacier/demo/tiles/2019_west.tif", "resources/glacier/demo/truth/areas.csv",
    "resources/carbon/demo/images/a.jpg", "resources/carbon/demo/truth/images.csv",
    "resources/ocean/demo/fields/a.nc", "resources/ocean/demo/truth/a.nc", "resources/models/demo_sam/config.json",
    "resources/snow/demo/weather.csv", "resources/snow/demo/truth/cover.csv", "resources/cache/sam/demo/a",
]  # fmt: skip
DOWNLOADED = [
    "resources/archive/outlines/rgi6_15.zip", "resources/archive/weather/a.json", "resources/models/resnet50_notop.h5",
    "resources/models/sam_base/config.json", "resources/glacier/alp/archive/2019.tif", "resources/snow/alp/weather.csv",
    "resources/snow/alp/archive/2019/a.tif", "resources/ocean/soda/files/sst.nc",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    for name in [*MADE, *DOWNLOADED, "results/README.md", "resources/README.md", "config/config.yaml"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    return tmp_path


def make(folder, target):
    subprocess.run(["make", "-f", ROOT / "Makefile", target], cwd=folder, check=True, capture_output=True)
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_clean_keeps_what_was_downloaded(folder):
    kept = {"results/README.md", "resources/README.md", "config/config.yaml"}
    assert make(folder, "clean") == {*DOWNLOADED, *kept}
    assert make(folder, "clean-downloads") == kept
    assert make(folder, "clean-downloads") == kept, "a clean folder stays as it is"
