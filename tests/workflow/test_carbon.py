"""Trends and forecast of a table of carbon values, with dates and without, through the rules."""

import numpy as np
import pandas as pd
import pytest

from cases import shortened
from runs import jobs_of, run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A finished run of two sites, one dated by month, one in the order of its rows."""
    folder = tmp_path_factory.mktemp("carbon")
    rng = np.random.default_rng(0)
    months = np.arange(120)
    values = 500 + 2 * months + 60 * np.sin(2 * np.pi * months / 12) + rng.normal(0, 8, 120)
    dates = pd.date_range("2010-01-01", periods=120, freq="MS").strftime("%Y-%m-%d")
    pd.DataFrame({"day": dates, "carbon_sequestration": values}).to_csv(folder / "dated.csv", index=False)
    pd.DataFrame({"carbon_sequestration": rng.gamma(1, 100, 300)}).to_csv(folder / "rows.csv", index=False)
    config = {
        "carbon": {
            "sites": {
                "dated": {"source": "table", "table": "dated.csv", "date": "day"},
                "rows": {"source": "table", "table": "rows.csv"},
            }
        }
    }
    text, passed = run(folder, config)
    assert passed, text
    return folder, config


def result(both, site, name):
    return pd.read_csv(both[0] / f"results/carbon/{site}/{name}.csv")


def test_a_dated_series_has_its_trend_a_year_and_a_forecast(both):
    trends = result(both, "dated", "trend_analysis").set_index("series")
    assert list(trends.index) == ["series", "moving_average", "running_total", "running_average"]
    series = trends.loc["series"]
    assert series.slope_unit == "kg per year" and series.theil_sen_lower < 24 < series.theil_sen_upper
    skill = result(both, "dated", "forecast_skill").set_index("method")
    assert {"model", "naive", "seasonal naive"} <= set(skill.index)
    assert skill.mae["model"] < skill.mae["naive"]


def test_rows_without_dates_have_no_rate_per_year_and_no_forecast(both):
    trends = result(both, "rows", "trend_analysis")
    assert set(trends.axis) == {"row order"} and set(trends.slope_unit) == {"kg per row"}
    assert not trends.sentence.str.contains("a year|per year").any()
    skill = result(both, "rows", "forecast_skill").iloc[0]
    assert skill.method == "refused" and "no dates" in skill.verdict


def test_second_run_has_nothing_to_do_and_another_window_redraws_the_trends_only(both):
    folder, config = both
    text, passed = run(folder, config)
    assert passed and "Nothing to be done" in text, text
    changed = {"carbon": config["carbon"] | {"series": {"window": 12}}}
    text, passed = run(folder, changed, "--dry-run")
    assert passed and jobs_of(text) == {"carbon_trend", "overview", "manifest"}, text


def test_a_column_that_is_not_there_is_named(both, tmp_path):
    table = str(both[0] / "rows.csv")
    text, passed = run(
        tmp_path, {"carbon": {"sites": {"rows": {"source": "table", "table": table, "value": "carbon"}}}}
    )
    assert not passed and "'carbon'" in text and "carbon_sequestration" in text, text
    assert not list((tmp_path / "results" / "carbon").rglob("*.csv"))


@pytest.mark.parametrize(
    ("content", "said"),
    shortened(
        [
            ("day,kg\n2010-01-01,5\n".encode("utf-16"), "mine.csv is in UTF-16"),
            (b"", "mine.csv is empty"),
            (b"day,kg\n", "mine.csv has no row below its header"),
            (b"day,kg\n2010-01-01,5\n2010-02-01,-9999\n", "mine.csv, column 'kg', row 2: found -9999"),
        ],
        b"",
    ),
    ids=["encoding", "empty", "header alone", "number for a missing value"],
)
def test_a_table_without_usable_values_is_named(tmp_path, content, said):
    """The last two passed, with a trend of no values or of -9999; the others ended in a traceback alone."""
    (tmp_path / "mine.csv").write_bytes(content)
    site = {"source": "table", "table": "mine.csv", "date": "day", "value": "kg"}
    target = "results/carbon/mine/trend_analysis.csv"
    text, passed = run(tmp_path, {"carbon": {"sites": {"mine": site}}}, "--", target)
    assert not passed and f"Error in carbon_trend: carbon table {said}" in text, text
