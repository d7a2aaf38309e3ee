"""Carbon, its trend, season, disturbance and forecast, and masks of a simulated site compared with the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from climate_indicators.carbon.estimation.estimates import ALL, TEST
from climate_indicators.carbon.series.forecast import HELD_BACK
from climate_indicators.carbon.series.mask_error_drift import widened
from climate_indicators.carbon.series.memory_model import Interval
from climate_indicators.carbon.series.series import SERIES, CarbonSeries, read_series
from climate_indicators.stats.map_agreement import Agreement, agreement_rows
from climate_indicators.stats.truth_checks import SeriesLimits, accuracy_row, check_table, interval_row, series_rows

TOTAL, TOTAL_TEST = "carbon of all images, mean over dates", "carbon of the test images, mean over dates"
FRACTION = "vegetation fraction of the test images"
TREND = "trend without season and disturbance"
AMPLITUDE, PEAK = "amplitude of the season", "peak month of the season"
MONTH, SIZE = "month of the disturbance", "size of the disturbance"
LAST_YEAR = "mean of the last year, forecast without it"
FRACTION_ALL, SERIES_KG, TOTAL_SUM = "vegetation of all images", "carbon of the months", "carbon of all images"
# relative errors of a mean: of the masks, and of the factors, whose simulated ones are 3 % above the nominal ones: no
# image shows that
MASK_ERROR, FACTOR_ERROR = 0.05, 0.03
# of changes: within one place, the masks of held-out places of the demo show 77 to 92 % of the true changes of
# vegetation, so a tolerance of 10 % is not feasible
CHANGE_ERROR = 0.15
# of a month without its season, relative to the mean
MONTH_ERROR = 0.05
MIN_IOU = 0.85


@dataclass(frozen=True)
class Truth:
    """True parameters of a synthetic site.

    ``images``: ``image, vegetation_fraction`` (of the seen part)``, valid_fraction, carbon_kg``; ``series``: ``month``
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
    truth: Truth,
    maps: Mapping[int, Agreement],
) -> pd.DataFrame:
    """Recovered quantities and the true ones.

    Every interval is the one that the study's own tables give; only that of the mean of a forecast year is made here.
    The factors' and the masks' common errors enlarge or shrink every kilogram in proportion. The monthly series cannot
    show them: the forecast's interval, which is one of the series alone, is widened by the relative interval of the
    total of all images.

    Parameters
    ----------
    estimates : ``image_path, date, split, vegetation_fraction, valid_fraction, carbon_kg`` of every image.
    totals : of the parts ``all images`` and ``test images``, as `estimates.estimate` gives them.
    trends : as `series_trends.trend_table` gives them for ``carbon_kg`` in kg.
    forecast : values as `forecast.carbon_forecast` gives them for ``carbon_kg`` in kg; a refused forecast has no line.
    truth : what was planted.
    maps : agreement of the masks of each year with the true ones.

    Returns
    -------
    Table of `truth_checks.check_table`, quantities with their intervals first. As accuracies: the mean share of
    vegetation of all images ± ``MASK_ERROR``; the total of all images ± ``MASK_ERROR + FACTOR_ERROR``; the series of
    monthly means by `truth_checks.series_rows`, its changes and season ± ``CHANGE_ERROR + FACTOR_ERROR``; overlap and
    offset of the masks of each year. The disturbance is the change of the trend table that is next to it; the numbers
    of one that was not found are NaN. Its month is counted from the first month of the series, which its unit names.
    The peak month and its bounds are on the side of the turn of the year that is next to the truth: 0
    is December, 13 is January. The last year's interval is the mean of its months' 95 % intervals.

    Raises
    ------
    ValueError
        If an image or a held-back month has no truth.
    """
    total = _means(totals).loc[ALL]
    shares = np.array([total["carbon_kg_lower"], total["carbon_kg_upper"]]) / total["carbon_kg"] - 1
    carbon = read_series(estimates, "carbon_kg", "date")
    series = trends[trends["series"] == SERIES].iloc[0]
    rows = [*_image_rows(estimates, totals, truth), *_component_rows(series, truth)]
    rows += _forecast_rows(forecast, truth, shares)
    accuracies = [*_mean_rows(estimates, truth), *_series_rows(carbon, truth)]
    for year, agreed in maps.items():
        accuracies += agreement_rows(f"masks {year}", agreed, MIN_IOU)
    return check_table([*(interval_row(*row) for row in rows), *accuracies])


def truth_series(estimates: pd.DataFrame, forecast: pd.DataFrame, truth: Truth) -> dict[str, pd.DataFrame]:
    """Monthly carbon of a mean image and its forecast, ``date, truth, estimate`` (and bounds), by name and unit.

    Parameters
    ----------
    estimates, forecast, truth : as `truth_table` takes them.
    """
    carbon = read_series(estimates, "carbon_whole_kg", "date", "place")
    true = truth.series.set_index("month")["carbon_kg"]
    found = {"carbon of a mean image (kg)": pd.DataFrame({"month": carbon.labels, "estimate": carbon.values})}
    held = forecast[forecast["kind"] == HELD_BACK]
    if len(held):
        columns = {"month": "month", "forecast": "estimate", "lower_95": "lower", "upper_95": "upper"}
        found["forecast of the last year without it (kg), 95 % interval"] = held[list(columns)].rename(columns=columns)
    middle = np.timedelta64(14, "D")
    return {
        name: table.assign(date=pd.to_datetime(table["month"]) + middle, truth=table["month"].map(true))
        for name, table in found.items()
    }


def _means(totals: pd.DataFrame) -> pd.DataFrame:
    """First row of each part: the mean over dates."""
    return totals.groupby("part", sort=False).head(1).set_index("part")


def _image_rows(estimates: pd.DataFrame, totals: pd.DataFrame, truth: Truth) -> list[list[object]]:
    """Totals in tonnes, and the share of vegetation in the visible pixels of the test images."""
    known = estimates[estimates["carbon_kg"].notna()]
    true = truth.images.set_index("image")
    lost = sorted(set(known["image_path"]) - set(true.index))
    if lost:
        raise ValueError(f"{len(lost)} images have no truth, such as '{lost[0]}'")
    rows, parts = [], _means(totals)
    chosen = {ALL: known, TEST: known[known["split"] == "test"]}
    for part, name in ((ALL, TOTAL), (TEST, TOTAL_TEST)):
        if part in parts.index:
            sure = [parts.loc[part, f"carbon_kg{end}"] / 1000 for end in ("", "_lower", "_upper")]
            of_place = true.loc[chosen[part]["image_path"], "carbon_kg"].groupby(chosen[part]["place"].to_numpy())
            rows.append([name, "t", of_place.mean().sum() / 1000, *sure])
    if TEST in parts.index:
        area, test = parts.loc[TEST], chosen[TEST]
        value = np.average(test["vegetation_fraction"], weights=test["valid_fraction"])
        bounds = [value * area[f"vegetation_area_m2_{end}"] / area["vegetation_area_m2"] for end in ("lower", "upper")]
        same = true.loc[test["image_path"]]
        fraction = np.average(same["vegetation_fraction"], weights=same["valid_fraction"])
        rows.append([FRACTION, "of the seen part", fraction, value, *bounds])
    return rows


def _mean_rows(estimates: pd.DataFrame, truth: Truth) -> list[dict[str, object]]:
    """Means over all images: share of vegetation in visible pixels, and carbon."""
    known = estimates[estimates["carbon_kg"].notna()]
    same = truth.images.set_index("image").loc[known["image_path"]]
    fractions = [np.average(table["vegetation_fraction"], weights=table["valid_fraction"]) for table in (known, same)]
    kg = known["carbon_kg"].sum() / same["carbon_kg"].sum()
    return [
        accuracy_row(f"{FRACTION_ALL}, estimate / truth", "ratio", 1.0, float(fractions[0] / fractions[1]), MASK_ERROR),
        accuracy_row(f"{TOTAL_SUM}, estimate / truth", "ratio", 1.0, float(kg), MASK_ERROR + FACTOR_ERROR),
    ]


def _series_rows(carbon: CarbonSeries, truth: Truth) -> list[dict[str, object]]:
    """Monthly means of carbon; a month without truth is an error."""
    true = truth.series.set_index("month")["carbon_kg"].reindex(carbon.labels)
    if true.isna().any():
        raise ValueError(f"month {true.index[true.isna()][0]} of the series has no truth")
    changes = CHANGE_ERROR + FACTOR_ERROR
    limits = SeriesLimits(MASK_ERROR + FACTOR_ERROR, changes, MONTH_ERROR * float(true.mean()))
    return series_rows(SERIES_KG, "kg", carbon.months, true.to_numpy(), carbon.values, limits)


def _component_rows(series: pd.Series, truth: Truth) -> list[list[object]]:
    """Trend, season and disturbance of the trend table."""
    planted = truth.planted
    start = np.datetime64(truth.series["month"].iloc[0], "M")
    true_month = float((np.datetime64(planted["disturbance_month"], "M") - start).astype("int64"))
    peak = float(planted["season_peak_month"])
    turn = 12 * np.round((peak - series["season_peak_month"]) / 12)
    change = _nearest_change(series, start, true_month)
    slope = [series[f"{part}_level_shift_adjusted"] for part in ("slope", "lower", "upper")]
    amplitude, peaks = (
        [series[f"{name}{end}"] for end in ("", "_lower", "_upper")]
        for name in ("season_amplitude", "season_peak_month")
    )
    return [
        [TREND, "kg per year", float(planted["trend_kg_per_year"]), *slope],
        [AMPLITUDE, "kg", float(planted["season_amplitude_kg"]), *amplitude],
        [PEAK, "calendar month", peak, *(one + turn for one in peaks)],
        [MONTH, f"months after {start}", true_month, *change[0]],
        [SIZE, "kg", float(planted["disturbance_kg"]), *change[1]],
    ]


def _nearest_change(series: pd.Series, start: np.datetime64, true_month: float) -> tuple[list[float], list[float]]:
    """Months and sizes, each with lower and upper bound, of the change of the trend table next to a month."""
    if not series["n_changes"]:
        return [np.nan] * 3, [np.nan] * 3

    def parts(name: str) -> list[str]:
        return str(series[name]).split("; ")

    months = np.array(
        [parts(name) for name in ("change_points", "change_earliest", "change_latest")], dtype="datetime64[M]"
    )
    numbers = (months - start).astype("float64")
    sizes = np.array([parts(f"change_sizes{end}") for end in ("", "_lower", "_upper")], dtype="float64")
    nearest = int(np.argmin(np.abs(numbers[0] - true_month)))
    return numbers[:, nearest].tolist(), sizes[:, nearest].tolist()


def _forecast_rows(forecast: pd.DataFrame, truth: Truth, shares: np.ndarray) -> list[list[object]]:
    """Mean of the held-out year."""
    held = forecast[forecast["kind"] == HELD_BACK]
    if not len(held):
        return []
    true = truth.series.set_index("month")["carbon_kg"].reindex(held["month"])
    if true.isna().any():
        raise ValueError(f"month {true.index[true.isna()][0]} of the held-back year has no truth")
    sure = widened(Interval(*held[["forecast", "lower_95", "upper_95"]].mean()), shares)
    return [[LAST_YEAR, "kg", true.mean(), sure.value, sure.lower, sure.upper]]
