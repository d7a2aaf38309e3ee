"""Draw the rule graph of each study of the demo: ``docs/figures/rules_STUDY.svg``.

``make docs`` runs it; it needs the program ``dot`` of Graphviz. A test compares the arrows with the current rules.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import networkx
import yaml

ROOT = Path(__file__).resolve().parent.parent
STUDIES = ("glacier", "snow", "carbon", "ocean")
# rules that read nearly everything; their arrows would hide the others
COLLECTORS = {"all", "manifest", "overview"}


def rule_graph(study: str) -> networkx.DiGraph:
    """Rules of one study of the demo; an arrow that follows from two others is left out (transitive reduction)."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    own = {key: value for key, value in config.items() if key not in STUDIES or key == study}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(yaml.safe_dump(own), encoding="utf-8")
        command = ["snakemake", "--quiet", "all", "--configfile", str(path), "--rulegraph", "dot"]
        text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', text, re.M))
    graph = networkx.DiGraph((names[a], names[b]) for a, b in re.findall(r"^\s*(\d+) -> (\d+)", text, re.M))
    graph.remove_nodes_from(COLLECTORS)
    return networkx.transitive_reduction(graph)


def dot_source(graph: networkx.DiGraph) -> str:
    """The graph in the language of Graphviz, from left to right."""
    lines = [
        "digraph rules {",
        "rankdir=TB; ranksep=0.3; nodesep=0.12; bgcolor=white;",
        'node [shape=box, style="rounded,filled", fillcolor="#eef4fa", color="#33658a", fontname="sans-serif", '
        "fontsize=13, height=0.32, margin=0.09];",
        'edge [color="#555555", arrowsize=0.6];',
        *(f'"{rule}";' for rule in sorted(graph)),
        *(f'"{start}" -> "{end}";' for start, end in sorted(graph.edges)),
        "}",
    ]
    return "\n".join(lines)


def drawn_edges(svg: str) -> set[tuple[str, str]]:
    """Arrows of a drawn graph, from the titles that Graphviz writes into the SVG."""
    return set(re.findall(r"<title>(\w+)(?:&#45;|-)&gt;(\w+)</title>", svg))


def main() -> None:
    """Draw the four graphs."""
    for study in STUDIES:
        source = dot_source(rule_graph(study))
        svg = subprocess.run(["dot", "-Tsvg"], input=source, capture_output=True, text=True, check=True).stdout
        # without the version of Graphviz, so that another one makes the same file
        svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.S)
        (ROOT / f"docs/figures/rules_{study}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
