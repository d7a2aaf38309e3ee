"""Style of the code, as commands; graphs of the rules in the docs."""

import runpy
import subprocess

import pytest


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["snakefmt", "--check", "Snakefile", "rules"],
        ["snakemake", "--lint"],
    ],
    ids=" ".join,
)
def test_clean(command, root):
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("study", ["glacier", "snow", "carbon", "ocean"])
def test_graphs_of_the_rules_are_current(study, root):
    tool = runpy.run_path(str(root / "docs/make_rule_graphs.py"))
    drawn = tool["drawn_edges"]((root / f"docs/figures/rules_{study}.svg").read_text(encoding="utf-8"))
    assert len(drawn) > 15
    assert drawn == set(tool["rule_graph"](study).edges), "run: make docs"
