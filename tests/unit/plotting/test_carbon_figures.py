"""What the figures of the carbon series and its forecast show, read from their artists."""

import matplotlib.dates
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from climate_indicators.carbon.series.forecast import carbon_forecast
from climate_indicators.carbon.series.series import read_series
from climate_indicators.carbon.series.trends import trend_table
from climate_indicators.plotting.carbon.forecast import COLORS, carbon_forecast_figure
from climate_indicators.plotting.carbon.series import CHANGE, carbon_series_figure


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    months = np.arange(84)
    values = 100 + 0.2 * months + 8 * np.sin(2 * np.pi * months / 12) - 12 * (months > 40) + rng.normal(0, 2, 84)
    days = pd.date_range("2018-01-15", periods=84, freq="MS").strftime("%Y-%m-%d")
    return pd.DataFrame({"carbon": values, "day": days}).drop([30, 31])


@pytest.fixture(scope="module")
def dated(table):
    carbon = read_series(table, "carbon", "day")
    return carbon, trend_table(carbon, unit="t", window=12)


def draw(figure):
    FigureCanvasAgg(figure).draw()
    return figure


def overlaps(figure):
    """Pairs of texts over panels that lie on one another."""
    renderer = figure.canvas.get_renderer()
    boxes = []
    for axes in figure.axes:
        for text in (axes.title, axes._left_title, *axes.texts, axes.xaxis.label):
            if text.get_text():
                boxes.append((text.get_text(), text.get_window_extent(renderer)))
    return [
        (first[0], second[0])
        for place, first in enumerate(boxes)
        for second in boxes[place + 1 :]
        if first[1].overlaps(second[1])
    ]


def test_panels_hold_the_series_their_lines_and_the_change(dated):
    carbon, trends = dated
    figure = draw(carbon_series_figure(carbon, trends, "carbon", "t", "demo"))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["Series", "Moving average of 12 values", "Running total (no amount of carbon)", "Running average"]
    assert [axes.get_ylabel() for axes in figure.axes] == ["carbon (t)"] * 2 + ["values added up (t)", "carbon (t)"]
    first = figure.axes[0]
    np.testing.assert_allclose(first.lines[0].get_ydata(), carbon.values)
    ends = first.lines[1].get_ydata()
    row = trends.iloc[0]
    assert ends[1] - ends[0] == pytest.approx(row.slope * np.ptp(carbon.positions))
    dotted = [line for line in first.lines if to_hex(line.get_color()).upper() == CHANGE]
    assert len(dotted) == row.n_changes == 1
    at = matplotlib.dates.num2date(matplotlib.dates.date2num(dotted[0].get_xdata()[0]))
    assert at.strftime("%Y-%m") == row.change_points
    assert len(figure.axes[1].lines[0].get_ydata()) == len(carbon.values) - 11
    assert not overlaps(figure)


def test_without_dates_every_axis_says_row_order_and_nothing_says_year(table):
    carbon = read_series(table, "carbon")
    figure = draw(carbon_series_figure(carbon, trend_table(carbon), "carbon", "kg", "demo"))
    assert [axes.get_xlabel() for axes in figure.axes[2:]] == ["row order"] * 2
    words = [text.get_text() for axes in figure.axes for text in axes.texts] + [figure.get_suptitle()]
    assert "not of time" in words[-1] and not any("year" in word for word in words)
    assert figure.axes[0].lines[0].get_xdata()[0] == 1, "rows are counted from 1"
    assert not overlaps(figure)


@pytest.mark.parametrize("n", [1, 3, 5])
def test_short_series_are_drawn_without_lines_that_they_do_not_have(n):
    carbon = read_series(pd.DataFrame({"carbon": np.arange(n) + 1.0}), "carbon")
    figure = draw(carbon_series_figure(carbon, trend_table(carbon, window=20), "carbon", "kg", "demo"))
    assert len(figure.axes[0].lines) == (1 if n < 4 else 3)
    assert len(figure.axes[1].lines[0].get_ydata()) == 0


def tick_labels_overlap(figure):
    """Whether two labels of one date axis lie on one another."""
    renderer = figure.canvas.get_renderer()
    for axes in figure.axes:
        boxes = [label.get_window_extent(renderer) for label in axes.get_xticklabels() if label.get_text()]
        if any(left.overlaps(right) for left, right in zip(boxes[:-1], boxes[1:], strict=True)):
            return True
    return False


@pytest.mark.parametrize(("first", "values", "step"), [("2019-06", 5, 12), ("2023-01", 12, 1), ("1984-07", 40, 12)])
def test_labels_of_dates_do_not_overlap_and_an_empty_panel_has_no_numbers(first, values, step):
    months = np.datetime64(first, "M") + step * np.arange(values)
    table = pd.DataFrame({"carbon": 100.0 - np.arange(values), "day": months.astype(str)})
    carbon = read_series(table, "carbon", "day")
    figure = draw(carbon_series_figure(carbon, trend_table(carbon, window=values + 1), "carbon", "kg", "demo"))
    assert not tick_labels_overlap(figure)
    assert len(figure.axes[1].get_yticks()) == 0 and len(figure.axes[0].get_yticks()) > 1


@pytest.mark.long
def test_forecast_shows_held_back_year_months_to_come_and_skill(dated):
    forecast = carbon_forecast(dated[0], "t", 6)
    figure = draw(carbon_forecast_figure(forecast, "carbon", "t", "demo"))
    series, errors, coverage = figure.axes
    assert series.get_ylabel() == "carbon (t)" and errors.get_xlabel() == "mean absolute error (t)"
    legend = [text.get_text() for text in series.get_legend().get_texts()]
    assert legend == [
        "values", "interpolated", "95 % interval", "80 % interval", "forecast", "naive", "seasonal naive",
    ]  # fmt: skip
    lines = {line.get_label(): line for line in series.lines}
    rows = forecast.values[forecast.values.kind == "forecast"]
    np.testing.assert_allclose(lines["forecast"].get_ydata(), rows.forecast)
    assert len(series.collections) == 4, "two intervals of the held-back year, two of the months to come"
    widths = [bar.get_width() for bar in errors.patches]
    np.testing.assert_allclose(widths, forecast.skill.mae)
    assert [to_hex(bar.get_facecolor()).upper() for bar in errors.patches] == list(COLORS.values())
    shown = sorted(line.get_xdata()[0] for line in coverage.lines if line.get_marker() == "o")
    np.testing.assert_allclose(shown, sorted(100 * forecast.skill.coverage_95))
    words = [text.get_text().replace("\n", " ") for text in series.texts]
    assert forecast.verdict in words and {"held-back year", "months to come"} < set(words)
    assert not overlaps(figure)


def test_refusal_is_a_figure_with_the_reason_alone(table):
    forecast = carbon_forecast(read_series(table, "carbon"))
    figure = draw(carbon_forecast_figure(forecast, "carbon", "t", "demo"))
    assert len(figure.axes) == 1 and not figure.axes[0].lines and not figure.axes[0].axison
    assert "no dates" in figure.axes[0].texts[0].get_text().replace("\n", " ")
