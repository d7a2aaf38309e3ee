"""Snow cover, maps, warming, regressions and curation of a simulated site compared with the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from climate_indicators.core.hydrological_year import ALL, hydro_years
from climate_indicators.snow.climate.cover_reasons import shown_scenes
from climate_indicators.snow.climate.lagged_weather import label_unit
from climate_indicators.snow.climate.wetness_classes import WET
from climate_indicators.snow.scenes.table import OPTICAL, RADAR
from climate_indicators.stats.group_bootstrap import expanded_interval, group_weights
from climate_indicators.stats.map_agreement import Agreement, agreement_rows, offset_row, overlap_row
from climate_indicators.stats.truth_checks import SeriesLimits, accuracy_row, check_table, interval_row, series_rows

# tolerance of the mean snow cover, and number of draws for the interval of its error
PROMISE, DRAWS = 0.05, 2000
# of a mean, and of changes and slopes, relative to the true ones
MEAN_ERROR, CHANGE_ERROR = 0.05, 0.1
# the most that a wide interval of the radar maps' mean may add to these limits: a check that cannot fail is none
WIDEST = 0.25
# radar maps call about one pixel in a hundred of bare ground snow, in every year: the overlap of a year in which hardly
# any snow lies on their dates says how little that is, so that theirs is one of all years; a year needs some maps
MIN_IOU = {OPTICAL: 0.9, RADAR: 0.85}
MIN_MAPS = 5
MAPS = {OPTICAL: "optical masks", RADAR: "radar maps of the wet season"}
SERIES = {
    "optical": "snow cover of the optical dates",
    "radar": "snow cover of the radar dates of the wet season",
}
CORRECTED_MEAN = "mean snow cover of the wet season, corrected for the errors of radar maps"
WARMING = "warming of the highest temperature"
SLOPES = ("temperature_2m_max", "snowfall_sum")
FRACTION = "snow_fraction"
FOUND, FALSE = "planted defects found: {}", "scenes called {} without a planted defect"
# reasons that only defects cause; clouds and gaps also occur without defects
NEVER_BY_CHANCE = ("duplicate", "misregistration", "orbit_mix")
LEAKS = "triplets of test places or test years in training and validation"


@dataclass(frozen=True)
class Truth:
    """True parameters of a synthetic site.

    ``cover``: ``date, snow_fraction`` of every day; ``defects``: ``scene_a`` (radar)``, scene_b`` (optical, may be
    empty)``, defect``; ``planted``: ``warming_c_per_decade``, and ``signs_of_snow_on``, −1 or 1 by variable.
    """

    cover: pd.DataFrame
    defects: pd.DataFrame
    planted: Mapping[str, object]


def truth_table(
    compared: pd.DataFrame,
    radar_cover: pd.DataFrame,
    snow_weather: pd.DataFrame,
    trends: pd.DataFrame,
    regressions: pd.DataFrame,
    curation: pd.DataFrame,
    triplets: pd.DataFrame,
    truth: Truth,
    maps: Mapping[tuple[str, int | None], Agreement],
) -> pd.DataFrame:
    """Recovered quantities and the true ones.

    Parameters
    ----------
    compared : of `compare_cover`.
    radar_cover : of `cover_rates.rates_table`.
    snow_weather : ``date``, the snow and the weather of the regressions.
    trends : of `seasons.season_trends`.
    regressions : of `regressions.single_regressions`.
    curation : ``radar, optical, decision, reason``, a row per candidate triplet, or scene without a pair.
    triplets : ``place, hydro_year, split, held_out``.
    truth : what was planted.
    maps : agreement of the maps with the true ones, by source (a key of ``MAPS``) and year; None is all years.

    Returns
    -------
    Table of `truth_checks.check_table`. The mean snow cover has the tolerance that the study promises, ``PROMISE``;
    that of the radar maps, corrected, has its published interval in a further row. The series of optical and of radar
    dates are checked by `truth_checks.series_rows`: mean ± ``MEAN_ERROR``, changes and season ± ``CHANGE_ERROR``, error
    ``PROMISE``; for radar the published interval of the mean, as a share of it and at most ``WIDEST``, where that is
    wider. Slopes of snow have for truth the line through the true snow cover of the same dates and the same weather,
    and have lines where the analysis took ``snow_fraction``. A sign has the signs of its slope's interval. Counts have
    no interval: their bounds are the count. The maps of a year have lines from ``MIN_MAPS`` maps on: optical masks of
    their overlap and offset, radar maps of their offset; the overlap of radar maps is one of all years.
    """
    rows = [*_cover_rows(compared, radar_cover), _warming_row(trends, truth)]
    rows += _slope_rows(snow_weather, regressions, truth)
    rows += _sign_rows(regressions, truth)
    rows += _curation_rows(curation, truth)
    leaks = float(leaked(triplets))
    rows.append(interval_row(LEAKS, "triplets", 0.0, leaks, leaks, leaks))
    for (source, year), found in maps.items():
        if year is None:
            rows.append(overlap_row(f"{MAPS[source]}, all years", found, MIN_IOU[source]))
        elif source == RADAR:
            rows.append(offset_row(f"{MAPS[source]} {year}", found))
        else:
            rows += agreement_rows(f"{MAPS[source]} {year}", found, MIN_IOU[source])
    return check_table(rows)


def compare_cover(cover: pd.DataFrame, truth: Truth) -> pd.DataFrame:
    """Snow cover of every scene that shows enough and was not refused, and the truth of its date.

    The estimate of a radar scene is the corrected one, where there is one.

    Parameters
    ----------
    cover : table of `cover.cover_table`.

    Returns
    -------
    ``date, scene, source, regime, estimate, truth, error, year`` (hydrological).

    Raises
    ------
    ValueError
        If a date has no truth.
    """
    shown = shown_scenes(cover)
    dates = pd.to_datetime(shown["date"])
    true = dates.map(truth.cover.assign(date=pd.to_datetime(truth.cover["date"])).set_index("date")["snow_fraction"])
    if true.isna().any():
        raise ValueError(f"{shown.loc[true.isna(), 'date'].iloc[0]} has no true snow cover")
    estimate = shown["corrected_fraction"].fillna(shown["snow_fraction"])
    table = shown[["date", "scene", "source", "regime"]].assign(estimate=estimate, truth=true)
    table["error"], table["year"] = table["estimate"] - table["truth"], hydro_years(dates)
    return table.reset_index(drop=True)


def error_interval(compared: pd.DataFrame, confidence: float, seed: int) -> tuple[float, float, float]:
    """Mean error of snow cover with its interval, from whole hydrological years drawn with replacement.

    Dates of a year share their snow, so that years, not dates, are the independent samples (block bootstrap, Künsch
    1989, doi:10.1214/aos/1176347265), enlarged for few years (`group_bootstrap.expanded_interval`; NaN with two).

    Parameters
    ----------
    compared : ``error, year``.
    confidence : in (0, 1).
    seed : start of the random numbers.
    """
    sums = compared.groupby("year")["error"].agg(["sum", "size"]).to_numpy("float64")
    totals = group_weights(len(sums), DRAWS, np.random.default_rng(seed)) @ sums
    mean = float(compared["error"].mean())
    lower, upper = expanded_interval(mean, totals[:, 0] / totals[:, 1], len(sums), confidence)
    return mean, float(lower), float(upper)


def series_of(compared: pd.DataFrame, name: str) -> pd.DataFrame:
    """Rows of `compare_cover` of one of ``SERIES``: optical dates, or radar dates of the wet season."""
    if name == OPTICAL:
        return compared[compared["source"] == OPTICAL]
    return compared[(compared["source"] == RADAR) & (compared["regime"] == WET)]


def truth_series(compared: pd.DataFrame, confidence: float, seed: int) -> dict[str, pd.DataFrame]:
    """Snow cover of ``SERIES``, ``date, truth, estimate``, by name and mean error with `error_interval`."""
    found = {}
    for name, words in SERIES.items():
        own = series_of(compared, name)
        if len(own):
            error, low, high = error_interval(own, confidence, seed)
            found[f"{words}\nmean error {error:+.3f} ({low:+.3f} to {high:+.3f})"] = own.assign(
                date=pd.to_datetime(own["date"])
            )
    return found


def leaked(triplets: pd.DataFrame) -> int:
    """Training and validation triplets in a test place or, if years are held out, a test year."""
    test = triplets[triplets["split"] == "test"]
    learnt = triplets[triplets["split"].isin(["train", "validation"])]
    bad = learnt["place"].isin(test["place"])
    if (test["held_out"] == "place_and_year").any():
        bad |= learnt["hydro_year"].isin(test["hydro_year"])
    return int(bad.sum())


def _cover_rows(compared: pd.DataFrame, radar_cover: pd.DataFrame) -> list[dict[str, object]]:
    rows = []
    wet = radar_cover[radar_cover["regime"] == WET]
    published = wet[["corrected_fraction", "corrected_lower", "corrected_upper"]].to_numpy(float).tolist()
    for name, quantity in SERIES.items():
        own = series_of(compared, name)
        if not len(own):
            continue
        true, known = own["truth"].mean(), name == RADAR and len(published) > 0
        estimate = published[0][0] if known else own["estimate"].mean()
        rows.append(accuracy_row(quantity, "share", true, estimate, PROMISE))
        wide = 0.0
        if known:
            rows.append(interval_row(CORRECTED_MEAN, "share", true, *published[0]))
            middle, lower, upper = published[0]
            wide = min((upper - lower) / 2 / middle, WIDEST) if middle > 0 else 0.0
        limits = SeriesLimits(max(MEAN_ERROR, wide), max(CHANGE_ERROR, wide), PROMISE)
        rows += series_rows(quantity, "share", own["date"], own["truth"], own["estimate"], limits)
    return rows


def _warming_row(trends: pd.DataFrame, truth: Truth) -> dict[str, object]:
    row = trends[(trends["quantity"] == "temperature_2m_max") & (trends["season"] == ALL)].iloc[0]
    found = [float(row[f"deseasonalized_{part}"]) for part in ("per_decade", "lower", "upper")]
    return interval_row(WARMING, "°C per decade", float(truth.planted["warming_c_per_decade"]), *found)


def _slope_rows(snow_weather: pd.DataFrame, regressions: pd.DataFrame, truth: Truth) -> list[dict[str, object]]:
    true = truth.cover.assign(date=pd.to_datetime(truth.cover["date"])).set_index("date")["snow_fraction"]
    fraction = pd.to_datetime(snow_weather["date"]).map(true)
    rows = []
    for row in regressions[(regressions["lag_days"] == 0) & regressions["variable"].isin(SLOPES)].itertuples():
        if not str(row.slope_unit).startswith("share") or np.isnan(row.slope):
            continue
        known = snow_weather[[row.variable, FRACTION]].notna().all(axis=1)
        slope = float(np.polyfit(snow_weather.loc[known, row.variable], fraction[known], 1)[0])
        quantity = f"slope of snow cover on {label_unit(row.variable)[0]}"
        rows.append(interval_row(quantity, row.slope_unit, slope, row.slope, row.lower, row.upper))
        ratio = row.slope / slope if slope else np.nan
        rows.append(accuracy_row(f"{quantity}, estimate / truth", "ratio", 1.0, ratio, CHANGE_ERROR))
    return rows


def _sign_rows(regressions: pd.DataFrame, truth: Truth) -> list[dict[str, object]]:
    same_day = regressions[regressions["lag_days"] == 0].set_index("variable")
    rows = []
    for variable, sign in truth.planted["signs_of_snow_on"].items():
        if variable in same_day.index and np.isfinite(same_day.loc[variable, "slope"]):
            ends = np.sign(same_day.loc[variable, ["slope", "lower", "upper"]].to_numpy("float64"))
            quantity = f"sign of snow on {label_unit(variable)[0]}"
            rows.append(interval_row(quantity, "sign", float(sign), *ends.tolist()))
    return rows


def _curation_rows(curation: pd.DataFrame, truth: Truth) -> list[dict[str, object]]:
    rejected = curation[curation["decision"] == "rejected"].astype({"radar": str, "optical": str})
    rows = []
    for reason, planted in truth.defects.fillna("").astype(str).groupby("defect"):
        own = rejected[rejected["reason"] == reason]
        found = _touched(planted, own)
        rows.append(interval_row(FOUND.format(reason), "defects", len(planted), *[float(found.sum())] * 3))
    for reason in NEVER_BY_CHANCE:
        planted = truth.defects[truth.defects["defect"] == reason].fillna("").astype(str)
        pairs = rejected[rejected["reason"] == reason][["radar", "optical"]].drop_duplicates()
        names = {*planted["scene_a"], *planted["scene_b"]} - {""}
        wrong = float((~pairs["radar"].isin(names) & ~pairs["optical"].isin(names)).sum())
        rows.append(interval_row(FALSE.format(reason), "pairs", 0.0, *[wrong] * 3))
    return rows


def _touched(planted: pd.DataFrame, rejected: pd.DataFrame) -> np.ndarray:
    """Whether each planted defect has a rejection of its radar scene, or of its optical scene if it names one."""
    radar, optical = set(rejected["radar"]), set(rejected["optical"])
    return (planted["scene_a"].isin(radar) | (planted["scene_b"].isin(optical) & (planted["scene_b"] != ""))).to_numpy()
