"""A file that is missing in a folder which a rule made as a whole: the error says which folder to delete."""

import subprocess
import sys

import pytest

from climate_indicators.core.made_folders import MADE, missing_parts
from env_files import ROOT

SCRIPT = """
import sys
from pathlib import Path
from climate_indicators.core.log import InputError, start_log
start_log("logs/a/b/scene.log", "scene")
if sys.argv[1] == "input":
    raise InputError("glacier site 'b', year 2019: tile resources/a/b/tiles/2019.tif: cannot be opened.")
open("resources/a/b/tiles/2019.tif")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "resources/a/b/tiles/inner").mkdir(parents=True)
    (tmp_path / "resources/a/b/tiles" / MADE).touch()
    (tmp_path / "resources/a/b/tiles/2020.tif").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_advice_is_given_for_missing_files_in_made_folders_alone(folder):
    for text in ("resources/a/b/tiles/2019.tif", "'resources/a/b/tiles/inner/x.tif': gone", "resources/a/b/tiles/c."):
        assert "delete the folder resources/a/b/tiles and run again" in missing_parts(f"no such file: {text}")
    absolute = folder / "resources/a/b/tiles"
    assert f"delete the folder {absolute} " in missing_parts(f"{absolute}/2019.tif: no such file")
    for text in ("resources/a/b/tiles/2020.tif", "resources/a/b/other.tif", "data/tiles/2019.tif", "a/b", "no path"):
        assert missing_parts(f"{text}: cannot be read") == ""


@pytest.mark.parametrize("kind", ["input", "other"])
def test_a_job_that_misses_a_file_says_what_to_delete(folder, kind):
    env = {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", SCRIPT, kind], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 1
    for text in (done.stderr, (folder / "logs/a/b/scene.log").read_text()):
        assert "2019.tif is missing in resources/a/b/tiles" in text and "delete the folder resources/a/b/tiles" in text
