"""Tests and intervals of the carbon study, in worlds that do not share their assumptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from coverage_series import WORLDS, rate

from climate_indicators.carbon.estimation.estimates import seen_scale
from climate_indicators.carbon.series.change_points import change_points
from climate_indicators.carbon.series.comparison import compare, comparison_skill
from climate_indicators.carbon.series.forecast import FORECAST, carbon_forecast
from climate_indicators.carbon.series.series import CarbonSeries, read_series
from climate_indicators.carbon.series.structural_components import components
from climate_indicators.carbon.series.trends import without_season
from climate_indicators.stats.trend_tests import monotonic_trend

MEMORIES = ("independent", "AR(1) 0.4", "AR(1) 0.6", "AR(1) 0.8", "AR(2) 0.3, 0.3", "log-normal AR(1) 0.4")
START = np.datetime64("2010-01")
# of the method before, as an audit measured it
FALSE_CHANGES_BEFORE = {"independent": 4.0, "AR(1) 0.6": 29.0, "AR(1) 0.8": 36.0}
TREND_BEFORE = {"AR(1) 0.6": 20.0}
GROUPS_BEFORE = {3: 72.0, 5: 84.0, 7: 86.0}
# a forecast takes seconds: a share of the repeats
FORECAST_SHARE = 50


def rows(repeats: int, seed: int) -> pd.DataFrame:
    """All quantities of the study. ``before`` is measured here, or the rate that an audit of the old method found."""
    rng = np.random.default_rng(seed)
    parts = [trend_rows, sampling_rows, false_change_rows, change_rows, group_rows, forecast_rows]
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
            carbon = monthly(rng, WORLDS[world], n, gaps)
            removed = 0 if carbon.season is None else len(np.unique(carbon.season)) - 1
            trend = monotonic_trend(carbon.positions, without_season(carbon), removed=removed)
            rejected += trend.p_value < 0.05
            covered += trend.lower <= 0 <= trend.upper
        name = f"{world}, short season{', gaps' if gaps else ''}"
        before = TREND_BEFORE.get(world, np.nan) if n == 84 else np.nan
        yield _row("monthly trend", name, n, "size", rate(rejected, repeats), before)
        yield _row(
            "monthly trend", name, n, "coverage", rate(covered, repeats), 68.0 if np.isfinite(before) else np.nan
        )


def sampling_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Trend of eight places on which nothing changes, under more and more cloud, and with places that come and go."""
    few, n = max(repeats // 4, 1), 84
    for world in ("more cloud, 3 points a year", "large places imaged more and more often"):
        cloudy = world.startswith("more cloud")
        found = before = 0
        for _ in range(few):
            table = _images(rng, n, cloudy)
            scaled = table["carbon"] * seen_scale(table["place"], table["seen"])
            for column, place in ((scaled, "place"), (table["carbon"], None)):
                carbon = read_series(table.assign(carbon=column), "carbon", "date", place)
                removed = 0 if carbon.season is None else len(np.unique(carbon.season)) - 1
                rejected = monotonic_trend(carbon.positions, without_season(carbon), removed=removed).p_value < 0.05
                found, before = found + rejected * bool(place), before + rejected * (not place)
        yield _row("trend of images", world, n, "size", rate(found, few), 100 * before / few)


def _images(rng: np.random.Generator, n: int, cloudy: bool) -> pd.DataFrame:
    levels = rng.uniform(50, 150, 8)
    weather = 3 * WORLDS["AR(1) 0.4"](rng, n) + 5 * pulse(n)
    whole = levels[:, None] * (1 + weather / 100) + rng.normal(0, 3, (8, n))
    cloud = np.clip(0.1 + 0.03 * np.arange(n) / 12 + rng.normal(0, 0.05, (8, n)), 0, 0.7)
    seen = 0.8 * (1 - cloud if cloudy else np.ones((8, n)))
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
        step, inside, narrow, runs = -6 * deviation, np.zeros(3, int), 0, 0
        for seed in range(few):
            values = WORLDS[world](rng, n) + pulse(n) + slope * months / 12 + step * (months >= 56)
            changes = change_points(values, months / 12, months % 12 + 1, draws=199, seed=seed)
            if len(changes) != 1:
                continue
            runs += 1
            found = components(values, months / 12, months % 12 + 1, changes)
            inside[0] += found.trend.lower <= slope <= found.trend.upper
            inside[1] += found.sizes[0].lower <= step <= found.sizes[0].upper
            inside[2] += found.places[0, 0] <= 56 <= found.places[0, 1]
            narrow += _covers_before(values, months, changes[0].position, slope)
        for name, count, before in zip(
            ("slope beside a change", "size of a change", "month of a change"), inside,
            (100 * narrow / runs, np.nan, np.nan), strict=True,
        ):  # fmt: skip
            yield _row(name, f"{world}, step of 6 sd", n, "coverage", rate(count, runs), before)


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
    """Months to come that lie inside their interval; the binomial interval is too narrow, months being alike."""
    few = max(repeats // FORECAST_SHARE, 1)
    for n, change in ((n, change) for n in (60, 84) for change in (False, True)):
        inside = total = 0
        for number in range(few):
            make = WORLDS[("independent", "AR(1) 0.6")[number % 2]]
            values = 100 + 3 * pulse(n + 12) + make(rng, n + 12) + 0.02 * np.arange(n + 12)
            values = values - 6 * change * (np.arange(n + 12) >= 2 * n // 3)
            months = START + np.arange(n)
            carbon = CarbonSeries(values[:n], months.astype(str).astype(object), months, n, 0)
            table = carbon_forecast(carbon).values
            table = table[table["kind"] == FORECAST]
            inside += int(((table["lower_95"] <= values[n:]) & (values[n:] <= table["upper_95"])).sum())
            total += 12
        world = "season, trend, step in the past" if change else "season and trend"
        yield _row("forecast, 95 % interval", world, n, "coverage", rate(inside, total))


def _row(
    quantity: str, world: str, n: int, measure: str, found: dict[str, float], before: float = np.nan
) -> dict[str, object]:
    return {"quantity": quantity, "world": world, "n": n, "measure": measure} | found | {"before": before}
