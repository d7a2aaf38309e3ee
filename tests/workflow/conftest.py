"""Sites that several tests of whole runs share."""

import shutil
import subprocess

import pytest

from runs import ROOT, SMALL, SMALL_CARBON, SMALL_OCEAN, SMALL_SNOW, STUDY, WORLD, run


@pytest.fixture(scope="session")
def run_of_demo(tmp_path_factory):
    """Folder of a finished run of the embedded demo; tests only read it."""
    folder = tmp_path_factory.mktemp("demo")
    command = ["snakemake", "--snakefile", str(ROOT / "Snakefile"), "--configfile", str(ROOT / "config/config.yaml")]
    done = subprocess.run([*command, "--cores", "all"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Folder of a finished run of the small simulated site; tests only read it."""
    folder = tmp_path_factory.mktemp("small")
    text, passed = run(folder, SMALL)
    assert passed, text
    return folder


@pytest.fixture(scope="session")
def finished_ocean(tmp_path_factory):
    """Folder of a finished run of the small simulated ocean; tests only read it."""
    folder = tmp_path_factory.mktemp("small_ocean")
    text, passed = run(folder, SMALL_OCEAN)
    assert passed, text
    return folder


@pytest.fixture(scope="session")
def finished_carbon(tmp_path_factory):
    """Folder of a finished run of the small simulated landscapes; tests only read it."""
    folder = tmp_path_factory.mktemp("small_carbon")
    text, passed = run(folder, SMALL_CARBON)
    assert passed, text
    return folder


@pytest.fixture(scope="session")
def finished_snow(tmp_path_factory):
    """Folder of a finished run of the small simulated mountain; tests only read it."""
    folder = tmp_path_factory.mktemp("small_snow")
    text, passed = run(folder, SMALL_SNOW)
    assert passed, text
    return folder


@pytest.fixture
def files(finished, tmp_path):
    """A site of the user's own files (those of the simulated one): its folder and its configuration."""
    shutil.copytree(finished / "resources" / "glacier" / "small", tmp_path / "data")
    scenes = [
        {
            "year": year,
            "date": f"{year}-10-15",
            "tiles": [f"data/tiles/{year}_{side}.tif" for side in ("west", "east")],
            "cloud_mask": f"data/clouds/{year}.tif",
        }
        for year in range(WORLD["first_year"], WORLD["last_year"] + 1)
    ]
    site = {
        "source": "files",
        "reference_year": 2020,
        "resolution_m": 40,
        "crs": "EPSG:32644",
        "aoi": "data/aoi.gpkg",
        "outlines": {"path": "data/outlines.gpkg", "id_field": "glacier_id"},
        "scenes": scenes,
    }
    return tmp_path, {"glacier": STUDY | {"sites": {"mine": site}}}
