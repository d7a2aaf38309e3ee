"""Trends of a carbon series and of its moving average, running total and running average."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from climate_indicators.carbon.series.change_points import METHOD, ChangePoint, change_points, regressors
from climate_indicators.carbon.series.mask_error_drift import ErrorDrift, MapErrors, widened
from climate_indicators.carbon.series.memory_model import Interval, posterior, regular_steps, simulated_errors
from climate_indicators.carbon.series.series import (
    DATES,
    MOVING_AVERAGE,
    RUNNING_AVERAGE,
    RUNNING_TOTAL,
    SERIES,
    CarbonSeries,
    direction,
    four_series,
    line,
)
from climate_indicators.carbon.series.structural_components import Components, components
from climate_indicators.stats.p_value_text import p_text
from climate_indicators.stats.trend_tests import TEST, monotonic_trend
from climate_indicators.stats.trends import MIN_YEARS as MIN_VALUES

# with more values, there are too many pairs for memory: pairs of selected distances represent all
MAX_PAIRS = 200_000
PAIRS_OF_A_DRAW = 20_000
DRAWS, DRAWS_AT_ONCE = 300, 30
NOT_TESTED = {
    MOVING_AVERAGE: "not tested: overlapping windows",
    RUNNING_TOTAL: "not tested: cumulative",
    RUNNING_AVERAGE: "not tested: cumulative",
}
INVERTED = "slopes that the test does not reject"
WITH_MAPS = f"{INVERTED}, widened by the errors of masks and factors"
NO_ERRORS = np.zeros(2)
SIMULATED = "simulated errors of the same memory"
PARTS = {
    "slope_level_shift_adjusted": tuple(f"{part}_level_shift_adjusted" for part in ("slope", "lower", "upper")),
    "season_amplitude": ("season_amplitude", "season_amplitude_lower", "season_amplitude_upper"),
    "season_peak": ("season_peak_month", "season_peak_month_lower", "season_peak_month_upper"),
}
NAMES = {MOVING_AVERAGE: "moving average", RUNNING_TOTAL: "running total", RUNNING_AVERAGE: "running average"}

logger = logging.getLogger(__name__)


def trend_table(
    carbon: CarbonSeries,
    quantity: str = "carbon",
    unit: str = "kg",
    window: int = 20,
    confidence: float = 0.95,
    significance: float = 0.05,
    seed: int = 0,
    errors: MapErrors | None = None,
) -> pd.DataFrame:
    """Trends of the four series, one line for each.

    The series itself is tested and searched for changes of level; where `CarbonSeries.season` knows a season, its
    numbers are those of the values without it. The other three are made of overlapping or growing sums, which drift
    even if nothing changes: they are not tested, and the intervals of their slopes come from simulated errors with the
    memory and variance of the series, both drawn from their posterior distribution (`memory_model.simulated_errors`).

    Parameters
    ----------
    carbon : as `series.read_series` gives it.
    quantity, unit : what the values are, for the sentences.
    window : values of one moving average, and of the short term.
    confidence : of the Theil–Sen slopes' intervals, in (0, 1).
    significance : of the trend and of changes of level, in (0, 1).
    seed : of the bootstrap and of the changes' p-values.
    errors : what a series of mapped carbon shares with its maps and factors; the intervals contain it.

    Returns
    -------
    ``series, axis, unit, n_rows, n_excluded, n_values, first, last, n_gaps, window, season_removed``;
    ``slope, slope_unit, line_at_first, direction``: the least-squares line; ``short_term_slope,
    short_term_direction``: that of the last ``window`` values; ``theil_sen, theil_sen_lower, theil_sen_upper,
    interval``: with the kind of the interval; ``lag1, effective_n, p_value, test``: Mann–Kendall with a variance that
    accounts for memory; ``significant``: the p-value is below ``significance`` and the interval excludes 0;
    ``n_changes, change_points, change_sizes, change_sizes_lower, change_sizes_upper, change_earliest, change_latest,
    change_half_lives, change_p_values, change_test``: first row or month of every change of level with the first and
    last likely one, its size with its interval, and the values after which half of it is left (``inf`` if it lasts),
    separated by semicolons; ``slope_level_shift_adjusted, lower_level_shift_adjusted, upper_level_shift_adjusted``:
    the slope estimated together with season and changes (`components.components`), ``season_amplitude,
    season_peak_month``, each with ``_lower`` and ``_upper``; ``sentence``.
    Slopes are per row by row order, and per year with dates. With fewer than ``MIN_VALUES`` values the numbers are
    NaN, and the sentence says why.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for name, values in four_series(carbon.values, window).items():
        start = _about(carbon, name, values, unit, window)
        if len(values) < MIN_VALUES:
            rows.append(start | _no_numbers(name, len(values)))
        elif name == SERIES:
            rows.append(start | _tested(carbon, quantity, start, confidence, significance, seed, errors))
        else:
            rows.append(start | _derived(carbon, name, values, quantity, start, confidence, rng))
    return pd.DataFrame(rows)


def without_season(carbon: CarbonSeries) -> np.ndarray:
    """Values without the season (least squares together with a linear trend), shape (n,); the mean remains."""
    if carbon.season is None:
        return carbon.values
    design = regressors(carbon.positions, carbon.season)
    weights = np.linalg.lstsq(design, carbon.values, rcond=None)[0]
    season = design[:, 1:] @ weights[1:]
    return carbon.values - season + season.mean()


def theil_sen_slope(positions: np.ndarray, values: np.ndarray, most: int = MAX_PAIRS) -> float:
    """Median slope of all pairs of values, or of the pairs of evenly spread distances where there are too many.

    Parameters
    ----------
    positions, values : float, shape (n,).
    most : about how many pairs are taken.
    """
    return float(np.median(_pair_slopes(positions, values, most)))


def derived_interval(
    carbon: CarbonSeries, name: str, slope: float, window: int, confidence: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Bounds of the Theil–Sen slope of a moving average, running total or running average.

    The slope's errors are those in ``DRAWS`` series with the line and season of the series, and simulated errors of its
    memory. NaN where there are no more values than coefficients.

    Parameters
    ----------
    carbon : the series itself.
    name : of the derived series, as `series.four_series` has it.
    slope : of the derived series.
    window : values of one moving average.
    confidence : in (0, 1).
    rng : of the errors.
    """
    positions = carbon.positions
    design, steps = regressors(positions, carbon.season), regular_steps(positions)
    if len(positions) <= design.shape[1]:
        return np.nan, np.nan
    found = posterior([design], carbon.values, steps)
    expected = four_series(design @ found.mean, window)[name]
    places = positions[-len(expected) :]
    center, errors = theil_sen_slope(places, expected, PAIRS_OF_A_DRAW), np.empty(DRAWS)
    drawn = np.array(
        [expected + four_series(one, window)[name] for one in simulated_errors(found, steps, DRAWS, rng).T]
    )
    for part in np.array_split(np.arange(DRAWS), DRAWS // DRAWS_AT_ONCE):
        errors[part] = np.median(_pair_slopes(places, drawn[part].T, PAIRS_OF_A_DRAW), axis=0) - center
    low, high = np.quantile(errors, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(slope - high), float(slope - low)


def _about(carbon: CarbonSeries, name: str, values: np.ndarray, unit: str, window: int) -> dict[str, object]:
    labels = carbon.labels[len(carbon.labels) - len(values) :]
    return {
        "series": name,
        "axis": carbon.axis,
        "unit": unit,
        "n_rows": carbon.n_rows,
        "n_excluded": carbon.n_excluded,
        "n_values": len(values),
        "first": labels[0] if len(values) else "",
        "last": labels[-1] if len(values) else "",
        "n_gaps": carbon.n_gaps,
        "n_places": carbon.n_places,
        "n_apart": carbon.n_apart,
        "window": window,
        "season_removed": name == SERIES and carbon.season is not None,
        "slope_unit": f"{unit} per {'year' if carbon.axis == DATES else 'row'}",
    }


def _lines(positions: np.ndarray, values: np.ndarray, window: int) -> dict[str, object]:
    slope, level = line(positions, values)
    last = slice(-window, None)
    short = line(positions[last], values[last])[0]
    return {
        "slope": slope,
        "line_at_first": level,
        "direction": direction(slope, values),
        "short_term_slope": short,
        "short_term_direction": direction(short, values[last]),
    }


def _tested(
    carbon: CarbonSeries, quantity: str, start: dict, confidence: float, significance: float, seed: int,
    errors: MapErrors | None,
) -> dict[str, object]:  # fmt: skip
    values, positions = without_season(carbon), carbon.positions
    removed = 0 if carbon.season is None else len(np.unique(carbon.season)) - 1
    trend = monotonic_trend(positions, values, confidence, removed)
    changes = change_points(carbon.values, positions, carbon.season, significance, seed=seed)
    alone, net = Interval(trend.slope, trend.lower, trend.upper), _drift(carbon, [], errors, confidence)
    whole = widened(alone, NO_ERRORS if errors is None else errors.shares, net.trend)
    sure = bool(trend.p_value < significance)
    row = (
        _lines(positions, values, start["window"])
        | {"theil_sen": trend.slope, "theil_sen_lower": whole.lower, "theil_sen_upper": whole.upper}
        | {"interval": INVERTED if errors is None else WITH_MAPS}
        | {"lag1": trend.lag1, "effective_n": trend.effective_n, "p_value": trend.p_value, "test": TEST}
        | {"significant": sure and not whole.lower <= 0 <= whole.upper}
        | _parts(carbon, changes, errors, confidence)
    )
    sentence = _tested_sentence(quantity, start | row, confidence)
    if sure and not row["significant"]:
        sentence += " The series itself has a trend; the errors of masks and factors can explain it."
    if errors is not None and not net.known:
        unknown = (
            "The intervals do not contain changes of the masks' errors through time: the held-out images are too few "
            "dates or places to show them."
        )
        logger.warning("%s", unknown)
        sentence += f" {unknown}"
    return row | {"sentence": sentence}


def _drift(carbon: CarbonSeries, changes: list[ChangePoint], errors: MapErrors | None, confidence: float) -> ErrorDrift:
    """Effect of mask errors on the slope, the changes and the season; NaN where unknown."""
    if errors is None or carbon.months is None:
        return ErrorDrift(np.nan, (np.nan,) * len(changes), np.nan)
    return errors.drift([(carbon.months[one.position], one.half_life) for one in changes], confidence)


def _parts(
    carbon: CarbonSeries, changes: list[ChangePoint], errors: MapErrors | None, confidence: float
) -> dict[str, object]:
    """Columns of the changes, and of slope and season adjusted for them."""
    found = components(carbon.values, carbon.positions, carbon.season, changes, confidence)
    if found is None:
        return _changes([], carbon.labels) | dict.fromkeys([name for names in PARTS.values() for name in names], np.nan)
    shares, drift = NO_ERRORS if errors is None else errors.shares, _drift(carbon, changes, errors, confidence)
    sizes = [widened(one, shares, more) for one, more in zip(found.sizes, drift.sizes, strict=True)]
    columns = {
        "slope_level_shift_adjusted": widened(found.trend, shares, drift.trend),
        "season_amplitude": widened(found.amplitude, shares, drift.amplitude),
        "season_peak": found.peak,
    }
    row = _changes(changes, carbon.labels) | _change_bounds(carbon, found, sizes)
    for name, one in columns.items():
        row |= dict(zip(PARTS[name], (one.value, one.lower, one.upper), strict=True))
    return row


def _change_bounds(carbon: CarbonSeries, found: Components, sizes: list[Interval]) -> dict[str, str]:
    earliest, latest = found.places.T
    # where months are missing before a change, it may be in any of them
    first = [carbon.labels[place] if carbon.months is None else str(carbon.months[place - 1] + 1) for place in earliest]
    return {
        "change_sizes": "; ".join(f"{one.value:.6g}" for one in sizes),
        "change_sizes_lower": "; ".join(f"{one.lower:.6g}" for one in sizes),
        "change_sizes_upper": "; ".join(f"{one.upper:.6g}" for one in sizes),
        "change_earliest": "; ".join(map(str, first)),
        "change_latest": "; ".join(str(carbon.labels[place]) for place in latest),
    }


def _derived(
    carbon: CarbonSeries, name: str, values: np.ndarray, quantity: str, start: dict, confidence: float,
    rng: np.random.Generator,
) -> dict[str, object]:  # fmt: skip
    positions = carbon.positions[-len(values) :]
    slope = theil_sen_slope(positions, values)
    lower, upper = derived_interval(carbon, name, slope, start["window"], confidence, rng)
    row = (
        _lines(positions, values, start["window"])
        | {"theil_sen": slope, "theil_sen_lower": lower, "theil_sen_upper": upper, "interval": SIMULATED}
        | {"lag1": np.nan, "effective_n": np.nan}
        | {"p_value": np.nan, "test": NOT_TESTED[name], "significant": False}
        | _changes([], carbon.labels, NOT_TESTED[name])
        | dict.fromkeys([name for names in PARTS.values() for name in names], np.nan)
    )
    size, low, high = texts(slope, lower, upper)
    between = f"{size} {start['slope_unit']} ({100 * confidence:.4g} % interval {low} to {high})"
    if name == RUNNING_TOTAL:
        # a stock is not added up over time
        return row | {
            "sentence": f"The values added up, as in the original study, change by {between}. This is no amount of "
            "carbon: the same land is added again and again. Not tested: cumulative."
        }
    what = f"The {NAMES[name]} of {quantity} is {row['direction']}" if row["direction"] != "level" else (
        f"The {NAMES[name]} of {quantity} does not change"
    )  # fmt: skip
    return row | {"sentence": f"{what}: {between}; {NOT_TESTED[name]}."}


def _pair_slopes(positions: np.ndarray, values: np.ndarray, most: int) -> np.ndarray:
    """Slopes of pairs, shape (pairs, ...), of values of shape (n, ...)."""
    n, spread = len(values), (-1,) + (1,) * (values.ndim - 1)
    if n * (n - 1) // 2 <= most:
        first, second = np.triu_indices(n, 1)
        return (values[second] - values[first]) / (positions[second] - positions[first]).reshape(spread)
    distances = np.unique(np.linspace(1, n - 1, max(2, 2 * most // n)).astype(int))
    slopes = [
        (values[gap:] - values[:-gap]) / (positions[gap:] - positions[:-gap]).reshape(spread) for gap in distances
    ]
    return np.concatenate(slopes)


def _changes(changes: list[ChangePoint], labels: np.ndarray, test: str = METHOD) -> dict[str, object]:
    return {
        "n_changes": len(changes),
        "change_points": "; ".join(str(labels[change.position]) for change in changes),
        "change_sizes": "; ".join(f"{change.size:.6g}" for change in changes),
        "change_sizes_lower": "",
        "change_sizes_upper": "",
        "change_earliest": "",
        "change_latest": "",
        "change_half_lives": "; ".join(f"{change.half_life:g}" for change in changes),
        "change_p_values": "; ".join(f"{change.p_value:.3g}" for change in changes),
        "change_test": test,
    }


def _no_numbers(name: str, found: int) -> dict[str, object]:
    numbers = ["slope", "line_at_first", "short_term_slope", "theil_sen", "theil_sen_lower", "theil_sen_upper"]
    named = NAMES.get(name, "series")
    reason = (
        f"No trend of the {named} is drawn: it has {found} value{'' if found == 1 else 's'}, and needs {MIN_VALUES}."
    )
    return (
        dict.fromkeys([*numbers, "lag1", "effective_n", "p_value"], np.nan)
        | {"direction": "none", "short_term_direction": "none", "interval": "none", "test": "none"}
        | {"significant": False}
        | _changes([], np.array([]), "none")
        | dict.fromkeys([name for names in PARTS.values() for name in names], np.nan)
        | {"sentence": reason}
    )


def _tested_sentence(quantity: str, row: dict, confidence: float) -> str:
    name = quantity[0].upper() + quantity[1:]
    size, interval = _with_interval(row, confidence)
    found = "a significant trend" if row["significant"] else "no significant trend"
    parts = [
        f"{name} has {found} by {row['axis']}, {row['first']} to {row['last']}: {size} {row['slope_unit']} "
        f"({interval}; {row['test']}, {p_text(row['p_value'])}, lag-1 correlation {row['lag1']:.2f})."
    ]
    if row["axis"] != DATES:
        parts.append("The rows have no dates: this is an order of rows, not a course of time.")
    if row["n_gaps"]:
        parts.append(f"{row['n_gaps']} months between have no value.")
    if row["n_excluded"]:
        parts.append(f"{row['n_excluded']} rows without a value are left out.")
    if row["n_apart"]:
        parts.append(f"{row['n_apart']} months have other places than the rest and are left out.")
    if row["n_changes"]:
        beside = texts(*(row[f"{part}_level_shift_adjusted"] for part in ("slope", "lower", "upper")))
        parts.append(
            f"The level changes {_changes_in_words(row, confidence)}. Apart from that the slope is {beside[0]} "
            f"{row['slope_unit']} ({100 * confidence:.4g} % interval {beside[1]} to {beside[2]})."
        )
    return " ".join(parts)


def _changes_in_words(row: dict, confidence: float) -> str:
    columns = ("change_points", "change_sizes", "change_sizes_lower", "change_sizes_upper")
    each = zip(*(str(row[name]).split("; ") for name in columns), strict=True)
    words = []
    for place, *numbers in each:
        size, low, high = texts(*map(float, numbers))
        doubt = "; the errors of the masks can explain it" if float(numbers[1]) <= 0 <= float(numbers[2]) else ""
        words.append(f"at {place} by {size} {row['unit']} ({100 * confidence:.4g} % interval {low} to {high}{doubt})")
    return ", ".join(words)


def _with_interval(row: dict, confidence: float) -> tuple[str, str]:
    """Slope of a row and the words of its interval; a series can be too short for one."""
    numbers = row["theil_sen"], row["theil_sen_lower"], row["theil_sen_upper"]
    if not np.isfinite(numbers[1]):
        return texts(numbers[0])[0], f"too few values for a {100 * confidence:.4g} % interval"
    size, low, high = texts(*numbers)
    return size, f"{100 * confidence:.4g} % interval {low} to {high}"


def texts(*values: float) -> list[str]:
    """Numbers with as many decimals as give the largest of them three digits, with a true minus sign."""
    largest = max(abs(value) for value in values)
    decimals = 2 if largest == 0 else int(np.clip(2 - np.floor(np.log10(largest)), 0, 6))
    return [f"{round(value, decimals) + 0.0:,.{decimals}f}".replace("-", "−") for value in values]
