"""What the figures of the detection show, read from their artists."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from climate_indicators.core.atomic_files import sha256
from climate_indicators.ocean.biomes.criteria import DENSITY, PUBLISHED, cut_table
from climate_indicators.ocean.biomes.cuts import density_cut, published_cut
from climate_indicators.ocean.biomes.naming import biome_table
from climate_indicators.ocean.biomes.ward import standardize, ward
from climate_indicators.plotting.ocean.biome_profile import biome_profile_figure
from climate_indicators.plotting.ocean.cut_grid import CHOSEN, cut_grid_figure
from climate_indicators.plotting.ocean.dendrogram import ABOVE, dendrogram_figure, shown_part
from climate_indicators.plotting.style import save_figure

COLORS = {1: "#E69F00", 2: "#0072B2", 3: "#56B4E9"}
NAMES = {1: "SUBTR I", 2: "SUBP I", 3: "ICE I"}
GRID = {"max_density_ratio": [0.7, 0.9], "compactness": [0.1, 0.3, 0.6]}


@pytest.fixture(scope="module")
def tree():
    rng = np.random.default_rng(0)
    places = [((0, 0, 0), 200), ((9, 0, 1), 120), ((0, 9, 2), 60)]
    return ward(standardize(np.concatenate([rng.normal(place, 1, (size, 3)) for place, size in places]))[0])


@pytest.fixture(scope="module")
def cut(tree):
    cut = density_cut(tree, 0.8, 0.1)
    assert cut.k == 3
    return cut


def draw(figure):
    figure.canvas.draw()
    return figure


def test_dendrogram_has_the_highest_merges_in_the_colors_of_the_biomes(tree, cut):
    axes = draw(dendrogram_figure(tree, cut.nodes, cut.node_labels, COLORS, NAMES, branches=20)).axes[0]
    lines = [line for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 2]
    flat = sorted(line.get_ydata()[0] for line in lines if line.get_ydata()[0] == line.get_ydata()[1])
    np.testing.assert_allclose(flat, np.sort(tree.merges[:, 2])[-19:], err_msg="the merges that join 20 branches")
    assert {to_hex(line.get_color()).upper() for line in lines} == {*COLORS.values(), ABOVE}
    dots = next(line for line in axes.lines if line.get_marker() == "o")
    np.testing.assert_allclose(np.sort(dots.get_ydata()), np.sort(tree.height[cut.nodes]))
    assert axes.get_ylabel() == "Ward height (standardized slopes)"
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["SUBTR I\n200 cells", "SUBP I\n120 cells", "ICE I\n60 cells"]


def test_every_branch_below_a_cut_has_its_label(tree, cut):
    drawn = shown_part(tree, cut.nodes, cut.node_labels, 30)
    assert len(drawn.ends) == 30
    assert sorted(cell for node in drawn.ends for cell in tree.members(node)) == list(range(tree.n_cells))
    for node in drawn.ends:
        assert set(cut.labels[tree.members(node)]) == {drawn.label[node]}


def test_dendrogram_shows_cuts_of_any_kind(tree):
    fine = published_cut(tree, 0.01, 0.0001)
    assert fine.k > 60
    colors, names = dict.fromkeys(range(1, fine.k + 1), "#0072B2"), {}
    assert len(shown_part(tree, fine.nodes, fine.node_labels, 10).ends) == fine.k
    draw(dendrogram_figure(tree, fine.nodes, fine.node_labels, colors, names))
    axes = draw(dendrogram_figure(tree, [tree.root], [1], COLORS, NAMES)).axes[0]
    assert "in 1 biome." in axes.texts[0].get_text()
    tiny = ward(np.eye(3))
    draw(dendrogram_figure(tiny, [0, 1, 2], [1, 2, 3], COLORS, NAMES))


@pytest.mark.parametrize("mode", [PUBLISHED, DENSITY])
def test_heat_maps_show_the_numbers_and_frame_the_chosen_cut(tree, mode):
    grid = GRID if mode == DENSITY else {"delta_dist": [2, 9], "delta_var": [0.1, 0.5, 0.8]}
    table, _ = cut_table(tree, mode, grid, criterion="gap", sample=200, references=2, bootstraps=2)
    figure = draw(cut_grid_figure(table, mode, "gap", "demo"))
    shown = [axes for axes in figure.axes if axes.images]
    titles = [axes.get_title() for axes in shown]
    assert titles[:4] == ["number of biomes", "silhouette", "gap statistic, decides", "stability (adjusted Rand)"]
    assert ("published “BIC”" in titles) == (mode == PUBLISHED)
    first, second = grid
    for axes, name, digits in ((shown[0], "k", 0), (shown[2], "gap", 2)):
        texts = {text.get_position(): text.get_text() for text in axes.texts}
        for _, row in table.iterrows():
            place = grid[first].index(row[first]), grid[second].index(row[second])
            assert texts[place] == f"{row[name]:.{digits}f}".replace("-", "−")
    chosen = table[table["chosen"]].iloc[0]
    for axes in shown:
        frames = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
        assert len(frames) == 1 and to_hex(frames[0].get_edgecolor()).upper() == CHOSEN
        corner = grid[first].index(chosen[first]) - 0.5, grid[second].index(chosen[second]) - 0.5
        assert frames[0].get_xy() == corner


def test_unknown_score_is_a_dash_and_an_absent_one_has_no_panel(tree):
    table, _ = cut_table(tree, DENSITY, GRID, sample=200, references=2, bootstraps=0)
    table.loc[2, "silhouette"] = np.nan
    figure = draw(cut_grid_figure(table, DENSITY))
    shown = [axes for axes in figure.axes if axes.images]
    assert "stability (adjusted Rand)" not in [axes.get_title() for axes in shown]
    assert [text.get_text() for text in shown[1].texts].count("–") == 1


def test_profile_has_bars_and_spreads_of_the_table(tree, cut):
    rng = np.random.default_rng(1)
    table = biome_table(cut.labels, tree.values, tree.values, rng.uniform(-60, 60, 380), np.ones(380), {})
    figure = draw(biome_profile_figure(table, site="demo"))
    axes = figure.axes[0]
    bars = [bar.get_height() for group in axes.containers[::2] for bar in group]
    expected = [table[f"slope_{driver}_z"].tolist() for driver in ("sst", "dic", "alk")]
    assert bars == pytest.approx(np.ravel(expected))
    ends = np.concatenate([group[2][0].get_segments() for group in axes.containers[1::2]])
    spread = np.ravel([table[f"sd_slope_{driver}_z"] for driver in ("sst", "dic", "alk")])
    np.testing.assert_allclose((ends[:, 1, 1] - ends[:, 0, 1]) / 2, spread)
    assert [to_hex(bar.get_facecolor()).upper() for bar in axes.containers[0]] == table["color"].tolist()


def test_texts_of_the_profile_do_not_overlap(tree):
    fine = published_cut(tree, 3, 0.05)
    table = biome_table(fine.labels, tree.values, tree.values, np.full(380, 20.0), np.ones(380), {}).head(8)
    figure = biome_profile_figure(table.assign(name=[f"SUBP+UP {row}" for row in range(len(table))]))
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    labels = [text for axes in (figure.axes[0], *figure.axes[0].child_axes) for text in axes.get_xticklabels()]
    boxes = [text.get_window_extent(renderer) for text in labels if text.get_text().strip()]
    # the blank lines that keep the names off the drivers count in the boxes of the names
    names = [box for box in boxes if box.width > 25]
    assert len(names) == len(table)
    assert all(left.x1 <= right.x0 for left, right in zip(names, names[1:], strict=False))


def test_figures_are_written_alike_twice(tree, cut, tmp_path):
    table = biome_table(cut.labels, tree.values, tree.values, np.full(380, 20.0), np.ones(380), {})
    grid, _ = cut_table(tree, DENSITY, GRID, sample=200, references=2, bootstraps=2)
    made = {
        "dendrogram": lambda: dendrogram_figure(tree, cut.nodes, cut.node_labels, COLORS, NAMES),
        "grid": lambda: cut_grid_figure(grid, DENSITY),
        "profile": lambda: biome_profile_figure(table),
    }
    for name, figure in made.items():
        digests = []
        for turn in range(2):
            save_figure(figure(), tmp_path / f"{name}{turn}.png")
            digests.append(sha256(tmp_path / f"{name}{turn}.png"))
        assert digests[0] == digests[1], name
