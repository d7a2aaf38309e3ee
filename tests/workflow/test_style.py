"""The house's own rules of style, as commands."""

import re
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


def named_edges(graph):
    """Arrows of a Mermaid graph between names, whatever the numbers of its nodes."""
    names = dict(re.findall(r"^\s*(id\d+)\[(\w+)\]", graph, re.M))
    return {(names[start], names[end]) for start, end in re.findall(r"^\s*(id\d+) --> (id\d+)", graph, re.M)}


def test_picture_of_the_rules_is_current(root):
    command = ["snakemake", "--quiet", "all", "--rulegraph", "mermaid-js"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    drawn = named_edges((root / "docs/reference/rules.md").read_text())
    assert len(drawn) > 30
    assert drawn == named_edges(done.stdout), "run: make docs"
