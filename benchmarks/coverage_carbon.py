"""Tests and intervals of the carbon study, in worlds that do not share their assumptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd
from coverage_series import WORLDS, rate
from scipy import stats

from climate_indicators.carbon.estimation.estimates import seen_scale
from climate_indicators.carbon.series.change_points import change_points
from climate_indicators.carbon.series.comparison import compare, comparison_skill
from climate_indicators.carbon.series.forecast import FORECAST, carbon_forecast
from climate_indicators.carbon.series.series import SERIES, CarbonSeries, four_series, read_series
from climate_indicators.carbon.series.structural_components import components
from climate_indicators.carbon.series.trends import (
    NAMES,
    NOT_TESTED,
    derived_interval,
    theil_sen_slope,
    without_season,
)
from climate_indicators.stats.trend_tests import MonotonicTrend, monotonic_trend

MEMORIES = ("independent", "AR(1) 0.4", "AR(1) 0.6", "AR(1) 0.8", "AR(2) 0.3, 0.3", "log-normal AR(1) 0.4")
START = np.datetime64("2010-01")
# of the method before, as an audit measured it
FALSE_CHANGES_BEFORE = {"independent": 4.0, "AR(1) 0.6": 29.0, "AR(1) 0.8": 36.0}
TREND_BEFORE = {"AR(1) 0.6": 20.0}
GROUPS_BEFORE = {3: 72.0, 5: 84.0, 7: 86.0}
# with blocks of residuals, 100 repeats: moving average, running total, running average
SUMS_BEFORE = {
    20: {"independent": (84.0, 84.0, 85.0), "AR(1) 0.4": (71.0, 75.0, 79.0), "AR(1) 0.6": (65.0, 66.0, 67.0)},
    24: {"independent": (64.0, 62.0, 62.0), "AR(1) 0.4": (58.0, 54.0, 55.0), "AR(1) 0.6": (51.0, 48.0, 57.0)},
    36: {"independent": (84.0, 81.0, 81.0), "AR(1) 0.4": (73.0, 79.0, 73.0), "AR(1) 0.6": (67.0, 62.0, 68.0)},
    60: {"independent": (88.0, 83.0, 88.0), "AR(1) 0.4": (77.0, 90.0, 76.0), "AR(1) 0.6": (77.0, 76.0, 84.0)},
    84: {"independent": (93.0, 89.0, 87.0), "AR(1) 0.4": (81.0, 87.0, 79.0), "AR(1) 0.6": (82.0, 85.0, 87.0)},
}
# with errors over changes of level, and as many independent ones as fit one after the other; 38 series each
FORECAST_BEFORE = {
    (60, False, "independent"): 98.9, (60, False, "AR(1) 0.6"): 98.6, (60, True, "independent"): 100.0,
    (60, True, "AR(1) 0.6"): 100.0, (84, False, "independent"): 99.5, (84, False, "AR(1) 0.6"): 99.3,
    (84, True, "independent"): 100.0, (84, True, "AR(1) 0.6"): 100.0,
}  # fmt: skip
# whether clouds grow, and whether what they leave to be seen is unlike the rest
SAMPLINGS = {
    "more cloud, 3 points a year": (True, False),
    "more cloud, the seen part unlike the rest": (True, True),
    "large places imaged more and more often": (False, False),
}
# a forecast takes seconds: a share of the repeats
FORECAST_SHARE = 20


def rows(repeats: int, seed: int) -> pd.DataFrame:
    """All quantities of the study. ``before`` is measured here, or the rate that an audit of the old method found."""
    rng = np.random.default_rng(seed)
    parts = [trend_rows, sampling_rows, sum_rows, false_change_rows, change_rows, group_rows, forecast_rows]
    return pd.DataFrame([row for part in parts for row in part(repeats, rng)])


def pulse(n: int) -> np.ndarray:
    """Season of another shape than any model's: a short summer, snow in two months, and crops that are cut at once."""
    calendar = np.arange(n) % 12
    return 4.0 * (calendar == 6) + 3.0 * np.isin(calendar, [4, 5, 7]) - 2.0 * np.isin(calendar, [0, 1])


def monthly(rng: np.random.Generator, make: Callable, n: int, gaps: bool) -> CarbonSeries:
    """Series without a trend: memory, season, and, with gaps, one month of six missing at random."""
    values = make(rng, n) + pulse(n)
    kept = np.sort(rng.permutation(n)[: n - n // 6]) if gaps else np.arange(n)
    months = START + kept
    return CarbonSeries(values[kept], months.astype(str).astype(object), months, len(kept), 0)


def trend_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Theil–Sen trend of a monthly series without one."""
    for n, gaps, world in ((n, gaps, world) for n in (36, 60, 84) for gaps in (False, True) for world in MEMORIES):
        rejected = covered = 0
        for _ in range(repeats):
            trend = _trend(monthly(rng, WORLDS[world], n, gaps))
            rejected += trend.p_value < 0.05
            covered += trend.lower <= 0 <= trend.upper
        name = f"{world}, short season{', gaps' if gaps else ''}"
        audited = n == 84 and world in TREND_BEFORE
        before = (TREND_BEFORE[world], 68.0) if audited else (np.nan, np.nan)
        yield _row("monthly trend", name, n, "size", rate(rejected, repeats), before[0])
        yield _row("monthly trend", name, n, "coverage", rate(covered, repeats), before[1])


def sampling_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Trend of eight places on which nothing changes, under more and more cloud, and with places that come and go."""
    n = 84
    for world, (cloudy, unlike) in SAMPLINGS.items():
        found, before = np.zeros(2, int), 0
        for _ in range(repeats):
            table = images(rng, n, cloudy, unlike)
            scaled = table["carbon"] * seen_scale(table["place"], table["seen"])
            by_place, plain = (
                _trend(read_series(table.assign(carbon=column), "carbon", "date", place))
                for column, place in ((scaled, "place"), (table["carbon"], None))
            )
            found += [by_place.p_value < 0.05, by_place.lower <= 0 <= by_place.upper]
            before += plain.p_value < 0.05
        yield _row("trend of images", world, n, "size", rate(found[0], repeats), 100 * before / repeats)
        yield _row("trend of images", world, n, "coverage", rate(found[1], repeats))


def _trend(carbon: CarbonSeries) -> MonotonicTrend:
    removed = 0 if carbon.season is None else len(np.unique(carbon.season)) - 1
    return monotonic_trend(carbon.positions, without_season(carbon), removed=removed)


def images(rng: np.random.Generator, n: int, cloudy: bool, unlike: bool) -> pd.DataFrame:
    """Images of eight places; ``unlike``: the seen part has more or less carbon than the rest, by chance."""
    levels = rng.uniform(50, 150, 8)
    weather = 3 * WORLDS["AR(1) 0.4"](rng, n) + 5 * pulse(n)
    whole = levels[:, None] * (1 + weather / 100) + rng.normal(0, 3, (8, n))
    cloud = np.clip(0.1 + 0.03 * np.arange(n) / 12 + rng.normal(0, 0.05, (8, n)), 0, 0.7)
    seen = 0.8 * (1 - cloud if cloudy else np.ones((8, n)))
    if unlike:
        whole = whole * (1 + 0.2 * cloud * rng.standard_normal((8, n)))
    order = np.argsort(np.argsort(levels)) / 7 * 2 - 1
    share = 0.5 + 0.45 * order[:, None] * np.linspace(-1, 1, n)
    imaged = np.ones((8, n), bool) if cloudy else rng.random((8, n)) < share
    place, month = np.nonzero(imaged)
    return pd.DataFrame(
        {
            "date": (START + month).astype(str),
            "place": [f"p{one}" for one in place],
            "carbon": (whole * seen / 0.8)[imaged],
            "seen": seen[imaged],
        }
    )


def sum_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Slopes of moving average, running total and running average, against those of the same series without noise."""
    few, window = max(repeats // 2, 1), 12
    for n, dated, world in ((n, n > 20, world) for n in (20, 24, 36, 60, 84) for world in MEMORIES[:3]):
        months = START + np.arange(n)
        expected = four_series(100 + 0.02 * np.arange(n) + pulse(n) * dated, window)
        inside = {name: 0 for name in NOT_TESTED}
        for seed in range(few):
            values = expected[SERIES] + WORLDS[world](rng, n)
            carbon = CarbonSeries(values, months.astype(str).astype(object), months if dated else None, n, 0)
            for name in NOT_TESTED:
                positions, own = carbon.positions[n - len(expected[name]) :], four_series(values, window)[name]
                true, slope = (theil_sen_slope(positions, one) for one in (expected[name], own))
                lower, upper = derived_interval(carbon, name, slope, window, 0.95, np.random.default_rng(seed))
                inside[name] += lower <= true <= upper
        for name, count in inside.items():
            about = f"{world}, {'short season' if dated else 'rows'}"
            before = SUMS_BEFORE[n][world][list(NOT_TESTED).index(name)]
            yield _row(f"slope of the {NAMES[name]}", about, n, "coverage", rate(count, few), before)


def false_change_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """How often a series without a change of level has one, and how often a step of four sd is found."""
    few = max(repeats // 4, 1)
    for n, world in ((n, world) for n in (36, 60, 84) for world in MEMORIES):
        months, false, hits = np.arange(n), 0, 0
        # not twelve months from an end: the levels of a short season would hide it
        place = 2 * n // 3 - 3
        deviation = np.std(np.concatenate([WORLDS[world](rng, n) for _ in range(50)]))
        for seed in range(few):
            values = WORLDS[world](rng, n) + pulse(n)
            false += bool(change_points(values, months, months % 12, draws=199, seed=seed))
            stepped = change_points(
                values - 4 * deviation * (months >= place), months, months % 12, draws=199, seed=seed
            )
            hits += any(abs(one.position - place) <= 2 for one in stepped)
        before = FALSE_CHANGES_BEFORE.get(world, np.nan) if n == 36 else np.nan
        yield _row("change of level", world, n, "size", rate(false, few), before)
        yield _row("change of level", f"{world}, step of 4 sd", n, "power", rate(hits, few))


def change_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Slope and step, estimated together, of series in which the change was found."""
    few, n, slope = max(repeats // 4, 1), 84, 0.5
    months = np.arange(n)
    for world in MEMORIES[:4]:
        deviation = np.std(np.concatenate([WORLDS[world](rng, n) for _ in range(50)]))
        step, inside, narrow, ratios = -6 * deviation, np.zeros(3, int), 0, []
        for seed in range(few):
            values = WORLDS[world](rng, n) + pulse(n) + slope * months / 12 + step * (months >= 56)
            changes = change_points(values, months / 12, months % 12 + 1, draws=199, seed=seed)
            if len(changes) != 1:
                continue
            found = components(values, months / 12, months % 12 + 1, changes)
            inside[0] += found.trend.lower <= slope <= found.trend.upper
            inside[1] += found.sizes[0].lower <= step <= found.sizes[0].upper
            inside[2] += found.places[0, 0] <= 56 <= found.places[0, 1]
            narrow += _covers_before(values, months, changes[0].position, slope)
            ratios.append([found.trend.value / slope, found.sizes[0].value / step])
        runs = len(ratios)
        if runs < 2:
            continue
        for name, count, before in zip(
            ("slope apart from a change", "size of a change", "month of a change"), inside,
            (100 * narrow / runs, np.nan, np.nan), strict=True,
        ):  # fmt: skip
            yield _row(name, f"{world}, step of 6 sd", n, "coverage", rate(count, runs), before)
        for name, shares in zip(("slope apart from a change", "size of a change"), np.transpose(ratios), strict=True):
            yield _row(name, f"{world}, step of 6 sd", n, "slope ratio", _mean_rate(shares))


def _covers_before(values: np.ndarray, months: np.ndarray, place: int, slope: float) -> bool:
    """Interval before: least squares at the best month, error times √((1 + r) / (1 − r)), r of the residuals."""
    levels = months[:, None] % 12 == np.arange(12)
    design = np.column_stack([months / 12, levels, months >= place]).astype("float64")
    weights = np.linalg.lstsq(design, values, rcond=None)[0]
    left = values - design @ weights
    raw = float(left[1:] @ left[:-1] / (left @ left))
    r = float(np.clip(raw + (1 + raw * 16) / len(values), 0, 0.95))
    variance = left @ left / (len(values) - 14) * np.linalg.inv(design.T @ design)[0, 0]
    return abs(weights[0] - slope) <= 1.994 * np.sqrt(variance * (1 + r) / (1 - r))


def group_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Mean error of images of few places, the places' own errors skewed."""
    for groups in (3, 5, 7, 12):
        covered = 0
        for seed in range(repeats):
            group = np.repeat(np.arange(groups), 5)
            truth = rng.uniform(50, 100, len(group))
            error = 2 + 3 * (rng.gamma(4.0, 0.5, groups)[group] - 2) + rng.standard_normal(len(group))
            names = [f"{number}.jpg" for number in range(len(group))]
            estimates = pd.DataFrame({"image_path": names, "split": "test", "date": "", "carbon_kg": truth + error})
            estimates = estimates.assign(carbon_lower_kg=0.0, carbon_upper_kg=0.0)
            measured = pd.DataFrame({"row": range(len(group)), "image": names, "truth_kg": truth})
            images = pd.DataFrame({"image": names, "group": group})
            row = comparison_skill(compare(estimates, measured), images, len(group), seed=seed, draws=400).iloc[0]
            covered += row.bias_kg_lower <= 2 <= row.bias_kg_upper
        yield _row("bias of the comparison", f"{groups} groups", groups, "coverage", rate(covered, repeats),
                   GROUPS_BEFORE.get(groups, np.nan))  # fmt: skip


def forecast_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Months to come that lie inside their interval; series, not months, are the units of the rate's interval."""
    few, memories = max(repeats // FORECAST_SHARE, 2), ("independent", "AR(1) 0.6")
    for n, change, memory in ((n, step, one) for n in (60, 84) for step in (False, True) for one in memories):
        inside = {80: [], 95: []}
        for _ in range(few):
            values = 100 + 3 * pulse(n + 12) + WORLDS[memory](rng, n + 12) + 0.02 * np.arange(n + 12)
            values = values - 6 * change * (np.arange(n + 12) >= 2 * n // 3)
            months = START + np.arange(n)
            carbon = CarbonSeries(values[:n], months.astype(str).astype(object), months, n, 0)
            table = carbon_forecast(carbon).values
            table = table[table["kind"] == FORECAST]
            for one, shares in inside.items():
                shares.append(np.mean((table[f"lower_{one}"] <= values[n:]) & (values[n:] <= table[f"upper_{one}"])))
        world = f"{memory}, season and trend{', step in the past' if change else ''}"
        for one, shares in inside.items():
            before = FORECAST_BEFORE[n, change, memory] if one == 95 else np.nan
            yield _row(f"forecast, {one} % interval", world, n, "coverage", _mean_rate(shares), before)


def _mean_rate(shares: Sequence[float]) -> dict[str, float]:
    """Mean of the shares or ratios of independent series in percent, and its 95 % interval by Student's t."""
    middle, error = 100 * np.mean(shares), 100 * np.std(shares, ddof=1) / np.sqrt(len(shares))
    reach = stats.t.ppf(0.975, len(shares) - 1) * error
    return {"percent": middle, "lower": middle - reach, "upper": middle + reach}


def _row(
    quantity: str, world: str, n: int, measure: str, found: dict[str, float], before: float = np.nan
) -> dict[str, object]:
    return {"quantity": quantity, "world": world, "n": n, "measure": measure} | found | {"before": before}
