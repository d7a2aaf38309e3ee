"""Table of a truth check, what it catches of a wrong series, and what it tells the user."""

import logging

import numpy as np
import pandas as pd
import pytest

from climate_indicators.stats.truth_checks import (
    COLUMNS,
    MAX_WARNED,
    SeriesLimits,
    accuracy_row,
    check_table,
    failed_rows,
    interval_row,
    report_checks,
    series_rows,
)
from refusals import raises_naming

LIMITS = SeriesLimits(mean=0.05, changes=0.1, error=0.04)
DATES = pd.date_range("2012-01-15", periods=120, freq="MS")


def test_an_interval_must_contain_the_truth_and_an_accuracy_must_be_near_it():
    rows = [
        interval_row("area 2016", "km²", 50.0, 51.0, 50.0, 52.0),
        interval_row("area 2017", "km²", 49.0, 51.0, 50.0, 52.0),
        accuracy_row("offset of extent 2016", "pixels", 0.0, 0.5, 0.5),
        accuracy_row("offset of extent 2017", "pixels", 0.0, 0.6, 0.5),
        accuracy_row("overlap of extent 2016", "IoU", 1.0, 0.9, 0.2),
    ]
    table = check_table(rows)
    assert table.columns.tolist() == COLUMNS
    assert table["within"].tolist() == [True, False, True, False, True]
    assert failed_rows(table)["quantity"].tolist() == ["area 2017", "offset of extent 2017"]


def test_what_is_missing_is_never_within():
    table = check_table(
        [
            interval_row("a", "km²", 1.0, np.nan, np.nan, np.nan),
            interval_row("b", "km²", np.nan, 1.0, 0.0, 2.0),
            accuracy_row("c", "ratio", 1.0, np.nan, 0.1),
        ]
    )
    assert not table["within"].any() and table["within"].dtype == bool


def test_a_quantity_with_two_lines_is_an_error():
    with raises_naming(ValueError, "'a'"):
        check_table([accuracy_row("a", "ratio", 1.0, 1.0, 0.1)] * 2)


def test_a_line_that_is_expected_outside_is_no_failure():
    table = check_table([interval_row("drift (monthly scaler)", "sd", 1.0, 0.0, 0.0, 0.0, expected=False)])
    assert not table["within"].any() and failed_rows(table).empty


@pytest.fixture
def messages():
    found = []

    class Kept(logging.Handler):
        def emit(self, record):
            found.append((record.levelno, record.getMessage()))

    log = logging.Logger("truth")
    log.addHandler(Kept())
    return log, found


def test_each_failure_is_a_warning_with_quantity_estimate_and_truth(messages):
    log, found = messages
    rows = [
        interval_row("trend", "km² per year", -1.5, -1.0, -1.2, -0.8),
        accuracy_row("offset of extent 2016", "pixels", 0.0, 1.02, 0.5),
        accuracy_row("overlap of extent 2016", "IoU", 1.0, 0.95, 0.15),
    ]
    report_checks(check_table(rows), log)
    warned = [text for level, text in found if level == logging.WARNING]
    assert warned == [
        "truth check failed: trend is -1 km² per year, the truth -1.5; limits: -1.2 to -0.8",
        "truth check failed: offset of extent 2016 is 1.02 pixels, the truth 0; limits: ± 0.5",
    ]
    assert (logging.INFO, "overlap of extent 2016: 0.95, truth 1 IoU") in found


def test_many_failures_are_counted_and_not_listed_without_end(messages):
    log, found = messages
    rows = [accuracy_row(f"offset {number}", "pixels", 0.0, 3.0, 0.5) for number in range(MAX_WARNED + 7)]
    report_checks(check_table(rows), log)
    warned = [text for level, text in found if level == logging.WARNING]
    assert len(warned) == MAX_WARNED + 1
    assert warned[-1] == "truth check failed for 7 further quantities; see truth_check.csv"


def truth_of_cover(seed=0):
    """Season, a trend, and years that differ."""
    rng = np.random.default_rng(seed)
    months = np.arange(len(DATES))
    years = np.repeat(rng.normal(0, 0.06, 10), 12) + rng.normal(0, 0.03, 120)
    return 0.5 + 0.25 * np.cos(2 * np.pi * months / 12) + 0.0005 * months + years


def failed(estimate, truth, **options):
    rows = series_rows("cover", "share", DATES, truth, estimate, LIMITS, **options)
    return set(failed_rows(check_table(rows))["quantity"])


def noisy(seed):
    truth = truth_of_cover(seed)
    return truth, truth + np.random.default_rng(seed + 100).normal(0, 0.02, 120)


@pytest.mark.parametrize("seed", range(5))
def test_a_series_with_small_errors_passes(seed):
    truth, estimate = noisy(seed)
    assert failed(estimate, truth) == set()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("factor", [0.92, 1.08, 1.18])
def test_a_series_that_is_too_high_or_too_low_fails(seed, factor):
    truth, estimate = noisy(seed)
    assert "mean of cover, estimate / truth" in failed(factor * estimate, truth)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.8, 1.25])
def test_changes_that_are_too_small_or_too_large_fail(seed, share):
    truth, estimate = noisy(seed)
    changed = estimate.mean() + share * (estimate - estimate.mean())
    assert {"changes of cover, estimate / truth", "season of cover, estimate / truth"} <= failed(changed, truth)


@pytest.mark.parametrize("seed", range(5))
def test_years_in_another_order_fail_although_mean_and_season_are_right(seed):
    truth, estimate = noisy(seed)
    order = np.roll(np.arange(10), 1)
    found = failed(estimate.reshape(10, 12)[order].ravel(), truth)
    assert {"correlation of cover without season", "error of cover without season"} <= found
    assert "mean of cover, estimate / truth" not in found and "season of cover, estimate / truth" not in found


@pytest.mark.parametrize("seed", range(5))
def test_months_in_another_order_fail(seed):
    truth, estimate = noisy(seed)
    shuffled = np.random.default_rng(seed).permutation(estimate)
    assert {"changes of cover, estimate / truth", "season of cover, estimate / truth"} <= failed(shuffled, truth)


@pytest.mark.parametrize("seed", range(5))
def test_a_series_of_years_has_no_season_and_is_checked_all_the_same(seed):
    rng = np.random.default_rng(seed)
    truth = np.linspace(69, 57, 9) + rng.normal(0, 0.3, 9)
    estimate = truth + rng.normal(0, 0.3, 9)
    limits = SeriesLimits(0.05, 0.1, 3.0)

    def names(values):
        return set(
            failed_rows(check_table(series_rows("area", "km²", None, truth, values, limits, seasonal=False)))[
                "quantity"
            ]
        )

    assert names(estimate) == set()
    assert "changes of area, estimate / truth" in names(estimate.mean() + 0.8 * (estimate - estimate.mean()))
    assert {"correlation of area", "error of area", "changes of area, estimate / truth"} <= names(estimate[::-1])


def test_the_least_correlation_is_that_of_the_largest_permitted_error():
    truth = np.tile([1.0, -1.0], 60)
    rows = series_rows("x", "m", None, truth, truth, SeriesLimits(0.05, 0.1, 1.0), seasonal=False)
    assert check_table(rows).set_index("quantity").tolerance["correlation of x"] == pytest.approx(1 - 1 / np.sqrt(2))


def test_a_truth_of_zero_has_no_ratio_and_is_not_within():
    table = check_table(series_rows("x", "m", None, np.zeros(9), np.ones(9), LIMITS, seasonal=False))
    assert not table.set_index("quantity").within["mean of x, estimate / truth"]
