"""Carbon, its trend, season, disturbance and forecast, and masks of a simulated site compared with the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from climate_indicators.carbon.components import Components, Interval, components
from climate_indicators.carbon.error_drift import ErrorDrift, error_drift
from climate_indicators.carbon.estimates import ALL, TEST
from climate_indicators.carbon.forecast import HELD_BACK
from climate_indicators.carbon.series import SERIES, CarbonSeries, read_series
from climate_indicators.map_agreement import Agreement, agreement_rows
from climate_indicators.truth_checks import SeriesLimits, accuracy_row, check_table, interval_row, series_rows

TOTAL, TOTAL_TEST = "carbon of all images", "carbon of the test images"
FRACTION = "vegetation fraction of the test images"
TREND, TABLE_TREND = "trend beside season and disturbance", "trend of the trend table"
AMPLITUDE, PEAK = "amplitude of the season", "peak month of the season"
MONTH, SIZE = "month of the disturbance", "size of the disturbance"
LAST_YEAR = "mean of the last year, forecast without it"
FRACTION_ALL, SERIES_KG = "vegetation of all images", "carbon of the months"
# relative errors of a mean: of the masks, and of the factors, whose simulated ones are 3 % above the nominal ones: no
# image shows that
MASK_ERROR, FACTOR_ERROR = 0.05, 0.03
# of changes: within one place, the masks of held-out places of the demo show 77 to 92 % of the true changes of
# vegetation, so that 10 % cannot be asked for
CHANGE_ERROR = 0.15
# of a month without its season, relative to the mean
MONTH_ERROR = 0.05
LEAST_IOU = 0.85


@dataclass(frozen=True)
class Truth:
    """What a simulated site was made of.

    ``images``: ``image, vegetation_fraction`` (of the seen part)``, seen_fraction, carbon_kg``; ``series``: ``month``
    (``YYYY-MM``)``, carbon_kg``, the mean of the month's images; ``planted``: ``trend_kg_per_year,
    season_amplitude_kg, season_peak_month`` (1 to 12)``, disturbance_month`` (``YYYY-MM``)``, disturbance_kg``.
    """

    images: pd.DataFrame
    series: pd.DataFrame
    planted: Mapping[str, object]


def truth_table(
    estimates: pd.DataFrame,
    totals: pd.DataFrame,
    trends: pd.DataFrame,
    forecast: pd.DataFrame,
    held_out: pd.DataFrame,
    truth: Truth,
    maps: Mapping[int, Agreement],
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Recovered quantities and the true ones.

    The factors' and the masks' common errors enlarge or shrink every number of kilograms in proportion, and the masks'
    errors change when the land does. The monthly series cannot show either: the intervals of trend, season,
    disturbance and forecast are those of the series' own noise, widened in quadrature by the relative interval of the
    total of all images and, but for the forecast, by what the held-out images tell of the errors' own trend, season
    and step (`error_drift.error_drift`).

    Parameters
    ----------
    estimates : ``image_path, date, split, vegetation_fraction, seen_fraction, carbon_kg`` of every image.
    totals : of the parts ``all images`` and ``test images``, as `estimates.estimate` gives them.
    trends : as `series_trends.trend_table` gives them for ``carbon_kg`` in kg.
    forecast : values as `forecast.carbon_forecast` gives them for ``carbon_kg`` in kg; a refused forecast has no line.
    held_out : ``image, group, threshold_rule, true_fraction`` of the held-out images.
    truth : what was planted.
    maps : agreement of the masks of each year with the true ones.
    confidence : of the components' intervals, in (0, 1); best that of the other tables.

    Returns
    -------
    Table of `truth_checks.check_table`, quantities with their intervals first. As accuracies: the mean share of
    vegetation of all images ± ``MASK_ERROR``; the total of all images ± ``MASK_ERROR + FACTOR_ERROR``; the series of
    monthly means by `truth_checks.series_rows`, its changes and season ± ``CHANGE_ERROR + FACTOR_ERROR``; overlap and
    offset of the masks of each year. The month of the disturbance is counted from the first month of the series, which
    its unit names. The peak month and its bounds are on the side of the turn of the year that is next to the truth: 0
    is December, 13 is January. The last year's interval is the mean of its months' 95 % intervals.

    Raises
    ------
    ValueError
        If an image or a held-back month has no truth.
    """
    total = totals.set_index("part").loc[ALL]
    shares = np.array([total["carbon_kg_lower"], total["carbon_kg_upper"]]) / total["carbon_kg"] - 1
    carbon = read_series(estimates, "carbon_kg", "date")
    found = components(carbon.months, carbon.values, confidence)
    drift = error_drift(estimates, held_out, found.change_month, confidence)
    rows = [*_image_rows(estimates, totals, truth)]
    rows += _component_rows(found, carbon.months[0], drift, truth, shares)
    rows += _table_rows(trends, forecast, truth, shares, drift)
    accuracies = [*_mean_rows(estimates, truth), *_series_rows(carbon, truth)]
    for year, agreed in maps.items():
        accuracies += agreement_rows(f"masks {year}", agreed, LEAST_IOU)
    return check_table([*(interval_row(*row) for row in rows), *accuracies])


def widened(own: Interval, shares: np.ndarray, drift: float = 0.0) -> Interval:
    """Interval that holds its own error, one in proportion and one of the masks, taken together in quadrature.

    Parameters
    ----------
    own : value and bounds by its own error.
    shares : float, shape (2,): lower and upper bound of the error in proportion, such as −0.2 and 0.2.
    drift : half width of the masks' part, in the value's unit.
    """
    low, high = np.sort(own.value * shares)
    below, above = (
        float(np.sqrt(side**2 + part**2 + drift**2))
        for side, part in ((own.value - own.lower, low), (own.upper - own.value, high))
    )
    return Interval(own.value, own.value - below, own.value + above)


def _image_rows(estimates: pd.DataFrame, totals: pd.DataFrame, truth: Truth) -> list[list[object]]:
    """Totals in tonnes, and the share of vegetation in what the test images show."""
    known = estimates[estimates["carbon_kg"].notna()]
    true = truth.images.set_index("image")
    lost = sorted(set(known["image_path"]) - set(true.index))
    if lost:
        raise ValueError(f"{len(lost)} images have no truth, such as '{lost[0]}'")
    rows, parts = [], totals.set_index("part")
    chosen = {ALL: known, TEST: known[known["split"] == "test"]}
    for part, name in ((ALL, TOTAL), (TEST, TOTAL_TEST)):
        if part in parts.index:
            sure = [parts.loc[part, f"carbon_kg{end}"] / 1000 for end in ("", "_lower", "_upper")]
            rows.append([name, "t", true.loc[chosen[part]["image_path"], "carbon_kg"].sum() / 1000, *sure])
    if TEST in parts.index:
        area, test = parts.loc[TEST], chosen[TEST]
        value = np.average(test["vegetation_fraction"], weights=test["seen_fraction"])
        bounds = [value * area[f"vegetation_area_m2_{end}"] / area["vegetation_area_m2"] for end in ("lower", "upper")]
        same = true.loc[test["image_path"]]
        fraction = np.average(same["vegetation_fraction"], weights=same["seen_fraction"])
        rows.append([FRACTION, "of the seen part", fraction, value, *bounds])
    return rows


def _mean_rows(estimates: pd.DataFrame, truth: Truth) -> list[dict[str, object]]:
    """Means over all images: share of vegetation in what they show, and carbon."""
    known = estimates[estimates["carbon_kg"].notna()]
    same = truth.images.set_index("image").loc[known["image_path"]]
    fractions = [np.average(table["vegetation_fraction"], weights=table["seen_fraction"]) for table in (known, same)]
    kg = known["carbon_kg"].sum() / same["carbon_kg"].sum()
    return [
        accuracy_row(f"{FRACTION_ALL}, estimate / truth", "ratio", 1.0, float(fractions[0] / fractions[1]), MASK_ERROR),
        accuracy_row(f"{TOTAL}, estimate / truth", "ratio", 1.0, float(kg), MASK_ERROR + FACTOR_ERROR),
    ]


def _series_rows(carbon: CarbonSeries, truth: Truth) -> list[dict[str, object]]:
    """Monthly means of carbon; a month without truth is an error."""
    true = truth.series.set_index("month")["carbon_kg"].reindex(carbon.labels)
    if true.isna().any():
        raise ValueError(f"month {true.index[true.isna()][0]} of the series has no truth")
    changes = CHANGE_ERROR + FACTOR_ERROR
    limits = SeriesLimits(MASK_ERROR + FACTOR_ERROR, changes, MONTH_ERROR * float(true.mean()))
    return series_rows(SERIES_KG, "kg", carbon.months, true.to_numpy(), carbon.values, limits)


def _component_rows(
    found: Components, start: np.datetime64, drift: ErrorDrift, truth: Truth, shares: np.ndarray
) -> list[list[object]]:
    planted = truth.planted
    month = float((np.datetime64(planted["disturbance_month"], "M") - start).astype("int64"))
    peak = float(planted["season_peak_month"])
    turn = 12 * np.round((peak - found.peak.value) / 12)
    rows = []
    for name, unit, true, own, shift, parts, masks in (
        (TREND, "kg per year", planted["trend_kg_per_year"], found.trend, 0.0, shares, drift.trend),
        (AMPLITUDE, "kg", planted["season_amplitude_kg"], found.amplitude, 0.0, shares, drift.amplitude),
        (PEAK, "calendar month", peak, found.peak, turn, 0 * shares, 0.0),
        (MONTH, f"months after {start}", month, found.change, 0.0, 0 * shares, 0.0),
        (SIZE, "kg", planted["disturbance_kg"], found.size, 0.0, shares, drift.size),
    ):
        sure = widened(own, parts, masks)
        rows.append([name, unit, float(true), sure.value + shift, sure.lower + shift, sure.upper + shift])
    return rows


def _table_rows(
    trends: pd.DataFrame, forecast: pd.DataFrame, truth: Truth, shares: np.ndarray, drift: ErrorDrift
) -> list[list[object]]:
    """Trend as the trend table has it, beside the changes that it found itself; the held-back year's forecast."""
    rows = []
    series = trends[trends["series"] == SERIES].iloc[0]
    own = Interval(*(float(series[f"{part}_beside_changes"]) for part in ("slope", "lower", "upper")))
    if np.isfinite(own.value):
        sure = widened(own, shares, drift.trend)
        true = float(truth.planted["trend_kg_per_year"])
        rows.append([TABLE_TREND, "kg per year", true, sure.value, sure.lower, sure.upper])
    held = forecast[forecast["kind"] == HELD_BACK]
    if len(held):
        true = truth.series.set_index("month")["carbon_kg"].reindex(held["month"])
        if true.isna().any():
            raise ValueError(f"month {true.index[true.isna()][0]} of the held-back year has no truth")
        sure = widened(Interval(*held[["forecast", "lower_95", "upper_95"]].mean()), shares)
        rows.append([LAST_YEAR, "kg", true.mean(), sure.value, sure.lower, sure.upper])
    return rows
