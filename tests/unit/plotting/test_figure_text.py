"""Text of figures: names of users are drawn as they are, and no axis sets formulas."""

import ast

import numpy as np
import pytest
from matplotlib.figure import Figure

from climate_indicators.carbon.series.series import read_series
from climate_indicators.carbon.series.trends import trend_table
from climate_indicators.core.tables import read_user_table
from climate_indicators.plotting.carbon.series import carbon_series_figure
from climate_indicators.plotting.style import heading, log_scale, save_figure
from env_files import ROOT

FIGURES = sorted((ROOT / "src/climate_indicators/plotting").rglob("*.py"))
# of which matplotlib cannot make formulas
NAMES = [r"$\frac{a$", r"cost $x_$ of $y^$", "US$ a t, in $", r"\$ and \alpha"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_with_dollars_is_drawn_as_it_is(tmp_path, name):
    figure = Figure()
    axes = figure.subplots()
    axes.plot([0, 1], [1, 2], label=name)
    axes.set(xlabel=name, xticks=[0, 1], xticklabels=[name, name])
    heading(axes, name, name)
    axes.legend()
    save_figure(figure, tmp_path / "a.png", 40)
    assert (tmp_path / "a.png").stat().st_size > 0


@pytest.mark.parametrize("name", NAMES[:2])
def test_quantity_and_unit_with_dollars_are_in_the_figure_of_a_series(tmp_path, name):
    (tmp_path / "a.csv").write_text("value\n" + "\n".join(str(value) for value in np.arange(30) % 7))
    carbon = read_series(read_user_table(tmp_path / "a.csv", "carbon table", ["value"]), "value")
    trends = trend_table(carbon, name, name, 5, 0.95, 0.05, 1)
    save_figure(carbon_series_figure(carbon, trends, name, name, "site"), tmp_path / "a.png", 40)


@pytest.mark.parametrize("top", [2, 5, 1e6])
def test_logarithmic_axes_have_plain_numbers(tmp_path, top):
    figure = Figure()
    axes = figure.subplots()
    axes.plot([0, 1], [1e-3 if top > 10 else 1, top])
    log_scale(axes)
    figure.savefig(tmp_path / "a.png")
    texts = [label.get_text() for which in ("major", "minor") for label in axes.yaxis.get_ticklabels(which=which)]
    assert any(texts) and not any("$" in text for text in texts)


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: path.stem)
def test_figures_set_no_formulas_and_no_logarithmic_axis_of_their_own(path):
    """With formulas off, a text such as $x^2$ would be drawn with its dollars."""
    texts = [
        (node.lineno, node.value)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    found = [line for line, text in texts if text.count("$") > 1 or (text == "log" and path.stem != "style")]
    assert found == []
