"""Upper part of the Ward tree, its branches in the colors of the biomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from climate_indicators.ocean.biomes.ward import Tree
from climate_indicators.plotting.style import GAP, PALE_GRAY, heading, log_scale

ABOVE = "#555555"


@dataclass(frozen=True)
class Drawn:
    """Displayed part of a tree.

    Attributes
    ----------
    ends : nodes at the lower ends of the branches, from left to right.
    label : label of each shown node at or below the cut; none above.
    split : shown nodes whose children are shown too, children before parents.
    """

    ends: list[int]
    label: dict[int, int]
    split: list[int]


def dendrogram_figure(
    tree: Tree,
    nodes: Sequence[int],
    node_labels: Sequence[int],
    colors: Mapping[int, str],
    names: Mapping[int, str],
    branches: int = 40,
    site: str = "",
) -> Figure:
    """Tree of the highest merges, with the cut marked by a dot at the top of each branch that it makes.

    The axis of height is logarithmic: the merges that matter for the cut span a factor of a hundred. The width of a
    branch's foot says nothing; the legend gives the number of cells.

    Parameters
    ----------
    tree : Ward tree of the cells.
    nodes, node_labels : of a cut: nodes that hold each cell once, and their labels.
    colors, names : of the biomes, by label.
    branches : feet shown; more if the cut has more.
    site : name in the title.
    """
    figure = Figure(figsize=(9.0, 5.2))
    figure.set_layout_engine("constrained")
    axes = figure.add_subplot()
    drawn = shown_part(tree, nodes, node_labels, branches)
    floor = 0.6 * min((tree.height[node] for node in drawn.split), default=1.0)
    tops = _draw(axes, tree, drawn, colors, floor)
    marked = [node for node in nodes if node != tree.root]
    # a branch with a single cell has height 0, which the logarithmic axis cannot show
    axes.plot(
        [tops[node] for node in marked],
        [max(tree.height[node], floor) for node in marked],
        "o", color="white", markeredgecolor="black", markersize=5, zorder=4, clip_on=False,
    )  # fmt: skip
    log_scale(axes)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(floor, 1.3 * tree.height[tree.root])
    axes.set_xlim(-1, len(drawn.ends))
    axes.set_xticks([])
    axes.set_xlabel(f"branches, down to the {len(drawn.ends)} that the highest merges join", labelpad=9)
    axes.set_ylabel("Ward height (standardized slopes)")
    axes.grid(axis="y", color=PALE_GRAY, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    _legend(axes, tree, nodes, node_labels, colors, names)
    k = len(set(node_labels))
    text = f"{tree.n_cells:,} cells in {k} biome{'' if k == 1 else 's'}. A dot marks each branch that the cut makes."
    heading(axes, f"Ward tree of the slopes{', ' if site else ''}{site}", text)
    return figure


def shown_part(tree: Tree, nodes: Sequence[int], node_labels: Sequence[int], branches: int) -> Drawn:
    """The branches of the cut and the nodes above, then the highest merges below, until there are enough leaves."""
    label = {int(node): int(each) for node, each in zip(nodes, node_labels, strict=True)}
    ends, split = [], []
    waiting = [tree.root]
    while waiting:
        node = waiting.pop()
        if node in label:
            ends.append(node)
        else:
            split.append(node)
            waiting.extend(tree.children(node))
    while len(ends) < branches:
        highest = max(ends, key=lambda node: tree.height[node])
        if highest < tree.n_cells:
            break
        ends.remove(highest)
        split.append(highest)
        for child in tree.children(highest):
            label[child] = label[highest]
            ends.append(child)
    # nodes with lower numbers were created earlier, so children precede their parents
    return Drawn(sorted(ends, key=lambda node: tree.start[node]), label, sorted(split))


def _draw(axes: Axes, tree: Tree, drawn: Drawn, colors: Mapping[int, str], floor: float) -> dict[int, float]:
    """Draw the branches; place of the middle of each shown node."""
    middle = {node: float(place) for place, node in enumerate(drawn.ends)}
    feet = set(drawn.ends)
    for node in drawn.split:
        children = tree.children(node)
        left, right = (middle[child] for child in children)
        middle[node] = (left + right) / 2
        above = _color(drawn, colors, node)
        axes.plot([left, right], [tree.height[node]] * 2, color=above)
        for child, place in zip(children, (left, right), strict=True):
            foot = floor if child in feet else tree.height[child]
            axes.plot([place, place], [foot, tree.height[node]], color=_color(drawn, colors, child))
    return middle


def _color(drawn: Drawn, colors: Mapping[int, str], node: int) -> str:
    return colors.get(drawn.label[node], GAP) if node in drawn.label else ABOVE


def _legend(
    axes: Axes,
    tree: Tree,
    nodes: Sequence[int],
    node_labels: Sequence[int],
    colors: Mapping[int, str],
    names: Mapping[int, str],
) -> None:
    """Names and sizes of the biomes, right of the axes, where they hide nothing."""
    lines, texts = [], []
    for label in sorted(set(map(int, node_labels))):
        mine = [node for node, each in zip(nodes, node_labels, strict=True) if each == label]
        cells = int(sum(tree.size[node] for node in mine))
        lines.append(Line2D([], [], color=colors.get(label, GAP), linewidth=3))
        texts.append(f"{names.get(label, label)}\n{cells:,} cell{'' if cells == 1 else 's'}")
    axes.legend(lines, texts, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8)
