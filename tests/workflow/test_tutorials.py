"""The tutorials ask for files that the workflow makes, and show columns that the reference describes."""

import re
import subprocess

import pytest

STUDIES = ["glacier", "snow", "carbon", "ocean"]
COMMAND = re.compile(r"^snakemake --cores all -- (.+)$", re.M)
SHOWN = re.compile(r"^show (\S+) (\S+)", re.M)


@pytest.mark.parametrize("study", STUDIES)
def test_targets_of_a_tutorial_can_be_made(study, root):
    text = (root / f"docs/tutorials/{study}.md").read_text(encoding="utf-8")
    targets = sorted({target for line in COMMAND.findall(text) for target in line.split()})
    assert len(targets) > 5
    command = ["snakemake", "--dry-run", "--quiet", "all", "--cores", "2", "--", *targets]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("study", STUDIES)
def test_columns_of_a_tutorial_are_in_the_reference(study, root):
    text = (root / f"docs/tutorials/{study}.md").read_text(encoding="utf-8")
    pages = [root / f"docs/reference/{name}.md" for name in (study, "common", "rasters")]
    described = set(re.findall(r"[\w]+", " ".join(page.read_text(encoding="utf-8") for page in pages)))
    shown = SHOWN.findall(text)
    assert len(shown) > 4
    assert [column for _, columns in shown for column in columns.split(",") if column not in described] == []
