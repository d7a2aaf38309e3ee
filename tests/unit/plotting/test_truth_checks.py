"""The figure of a truth check shows every line of its table, and says which fail."""

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg

from climate_indicators.plotting.truth_checks import FAILED, REACH, truth_figure
from climate_indicators.stats.truth_checks import accuracy_row, check_table, interval_row

SERIES = {
    "area (km²)": pd.DataFrame({
        "date": [2018, 2016, 2017], "truth": [4.4, 5.1, 5.0], "estimate": [4.2, 5.0, 4.5],
        "lower": [3.0, 4.5, 4.2], "upper": [5.9, 5.4, 4.9],
    }),
    "cover": pd.DataFrame({"date": pd.to_datetime(["2016-01-01", "2016-02-01"]), "truth": [0.1, 0.2], "estimate": 0.1}),
}  # fmt: skip


def truth_rows(trend):
    rows = [
        interval_row("area 2016", "km²", 5.1, 5.0, 4.5, 5.4),
        interval_row("area 2017", "km²", 5.0, 4.5, 4.2, 4.9),
        interval_row("area 2018 (flagged)", "km²", 4.4, 4.2, 3.0, 5.9),
        interval_row("trend", "km² per year", -0.4, -0.5, -0.7, -0.2),
        accuracy_row("overlap of extent 2016", "IoU", 1.0, 0.9, 0.15),
        accuracy_row("offset of extent 2016", "pixels", 0.0, 4.0, 0.5),
        accuracy_row("offset of extent 2017", "pixels", 0.0, np.nan, 0.5),
    ]
    return check_table(rows if trend else rows[:3] + rows[4:])


def figure_of(table, series=SERIES):
    figure = truth_figure(table, "Areas, demo", 0.95, series)
    FigureCanvasAgg(figure).draw()
    return figure


def panel(figure, label):
    return next(axes for axes in figure.axes if axes.get_xlabel() == label)


def names(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_lines_with_an_interval_have_a_panel_a_unit_and_accuracies_their_own():
    figure = figure_of(truth_rows(True))
    assert names(panel(figure, "km²")) == ["area 2016", "area 2017", "area 2018 (flagged)"]
    assert names(panel(figure, "km² per year")) == ["trend"]
    truth = next(line for line in panel(figure, "km²").lines if line.get_marker() == "|")
    assert truth.get_xdata().tolist() == [5.1, 5.0, 4.4]
    near = panel(figure, "deviation / tolerance")
    assert names(near) == ["overlap of extent 2016", "offset of extent 2016", "offset of extent 2017: no value"]


def test_what_fails_is_red_and_in_the_title():
    figure = figure_of(truth_rows(True))
    assert "3 of 7 checks fail: area 2017; offset of extent 2016 and 1 more" in figure.get_suptitle()
    areas, near = panel(figure, "km²"), panel(figure, "deviation / tolerance")
    assert [label.get_color() for label in areas.get_yticklabels()] == ["black", FAILED, "black"]
    assert [label.get_color() for label in near.get_yticklabels()] == ["black", FAILED, FAILED]
    crosses = [next(line for line in axes.lines if line.get_marker() == "X") for axes in (areas, near)]
    assert crosses[0].get_xydata().tolist() == [[4.5, 1]]
    assert crosses[1].get_xydata()[0].tolist() == [REACH, 1]


def test_a_line_that_is_not_expected_to_hold_is_not_red():
    table = check_table([interval_row("area 2016", "km²", 6.0, 5.0, 4.5, 5.4, expected=False)])
    figure = figure_of(table, {})
    assert "all 0 checks hold" in figure.get_suptitle()
    (axes,) = figure.axes
    assert [label.get_color() for label in axes.get_yticklabels()] == ["black"]


def test_series_are_drawn_in_order_of_time():
    figure = figure_of(truth_rows(False).query("within"))
    area = next(axes for axes in figure.axes if axes.get_title() == "area (km²)")
    assert area.lines[0].get_xydata().tolist() == [[2016, 5.1], [2017, 5.0], [2018, 4.4]]
    assert "all 3 checks hold" in figure.get_suptitle()


def test_accuracies_alone_make_a_figure():
    table = check_table([accuracy_row("offset", "pixels", 0.0, np.nan, 0.5)])
    assert len(figure_of(table, {}).axes) == 1
