"""Size and coverage of the ocean study's trends, scores and bounds, in worlds that do not share their assumptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from coverage_series import autoregression, rate
from scipy import stats
from scipy.ndimage import gaussian_filter

from climate_indicators.ocean.biomes.cells import degree_cells
from climate_indicators.ocean.biomes.membership import membership
from climate_indicators.ocean.biomes.regression import Status, regress
from climate_indicators.ocean.classifier.comparison import difference, f1_interval, resampled_f1
from climate_indicators.ocean.classifier.skill import macro_f1
from climate_indicators.ocean.indicators.coverage import coverage_table
from climate_indicators.ocean.indicators.coverage_trends import yearly_levels
from climate_indicators.ocean.reader.carbonate_system import fco2
from climate_indicators.stats.multiple_testing import adjusted_p
from climate_indicators.stats.trend_tests import monotonic_trend
from climate_indicators.synthetic.ocean.dataset import SyntheticOcean
from climate_indicators.synthetic.ocean.regimes import REGIMES

YEARS = (10, 20, 40)
BLOCKS = (3, 5, 7, 12, 25)
# a season that is no sine, and winters that vary more than summers
SEASON = np.array([0, 0, 1, 3, 6, 9, 10, 9, 6, 3, 1, 0.0])
WINTER = 1 + 0.8 * np.cos(2 * np.pi * np.arange(12) / 12)


def rows(repeats: int, seed: int) -> pd.DataFrame:
    """All measured rates; ``before`` is the method used earlier, on the same worlds.

    The simulated oceans take a second each, and there are ``repeats`` / 20 of them.
    """
    rng = np.random.default_rng(seed)
    parts = [*_trends(repeats, rng), *_verdicts(repeats, rng), *_scores(repeats, rng), *_filters(repeats, rng)]
    worlds = max(repeats // 20, 1)
    return pd.DataFrame([*parts, *_trends_of_oceans(worlds, seed), *_bounds(worlds, seed)])


def row(quantity: str, world: str, n: int, measure: str, count: int, of: int, before: int | None) -> dict[str, object]:
    """One measured rate."""
    earlier = {"before": np.nan if before is None else 100 * before / of}
    return {"quantity": quantity, "world": world, "n": n, "measure": measure} | rate(count, of) | earlier


# --- trend of all months


def monthly_memory(*coefficients: float) -> Callable[[np.random.Generator, int], np.ndarray]:
    """Months that follow one another as an autoregression, under the season."""
    return lambda rng, years: autoregression(*coefficients)(rng, 12 * years).reshape(years, 12) + SEASON


def yearly_memory(lag1: float, winter: bool = False, gaps: float = 0.0) -> Callable:
    """Months of one year share an autoregression from year to year, and have noise of their own."""

    def make(rng: np.random.Generator, years: int) -> np.ndarray:
        common = autoregression(lag1)(rng, years)[:, None] * (WINTER if winter else 1.0)
        seasons = common + rng.standard_normal((years, 12)) + SEASON
        return np.where(rng.random(seasons.shape) < gaps, np.nan, seasons)

    return make


MONTHS = {
    "independent months": monthly_memory(0.0),
    "months AR(1) 0.6": monthly_memory(0.6),
    "months AR(1) 0.9": monthly_memory(0.9),
    "months AR(2) 0.5, 0.3": monthly_memory(0.5, 0.3),
    "years AR(1) 0.4": yearly_memory(0.4),
    "years AR(1) 0.6": yearly_memory(0.6),
    "years AR(1) 0.6, in winter": yearly_memory(0.6, winter=True),
    "years AR(1) 0.6, 15 % of months missing": yearly_memory(0.6, gaps=0.15),
}


def _trends(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    for years in YEARS:
        for world, make in MONTHS.items():
            found = np.zeros((2, 2), int)
            for _ in range(repeats):
                seasons = make(rng, years)
                levels = yearly_levels(seasons)
                known = np.isfinite(levels)
                trend = monotonic_trend(np.flatnonzero(known), levels[known])
                old_p, old_lower, old_upper = hirsch_slack(seasons)
                found += [
                    [trend.p_value < 0.05, old_p < 0.05],
                    [trend.lower <= 0 <= trend.upper, old_lower <= 0 <= old_upper],
                ]
            for measure, (count, before) in zip(("size", "coverage"), found.tolist(), strict=True):
                yield row("trend of coverage, all months", world, years, measure, count, repeats, before)


def hirsch_slack(seasons: np.ndarray) -> tuple[float, float, float]:
    """The earlier test: larger p-value and variance of the seasonal Kendall test with and without covariance."""
    first, second = np.triu_indices(len(seasons), 1)
    slopes = (seasons[second] - seasons[first]) / (second - first)[:, None]
    slopes = np.sort(slopes[np.isfinite(slopes)])
    p_value = _kendall(seasons)[0]
    variance = _kendall(seasons - np.median(slopes) * np.arange(len(seasons))[:, None])[1]
    reach = stats.norm.ppf(0.975) * np.sqrt(variance)
    places = np.clip([(len(slopes) - reach) / 2 - 1, (len(slopes) + reach) / 2], 0, len(slopes) - 1)
    return p_value, *np.interp(places, np.arange(len(slopes)), slopes)


def _kendall(seasons: np.ndarray) -> tuple[float, float]:
    signs = np.nan_to_num(np.sign(seasons[:, None] - seasons[None]))
    counts = np.isfinite(seasons).sum(axis=0)
    ranks = np.where(np.isfinite(seasons), (counts + 1 + signs.sum(axis=1)) / 2, (counts + 1) / 2)
    products = 4 * ranks.T @ ranks - len(seasons) * np.outer(counts + 1, counts + 1)
    covariance = (np.einsum("ijg,ijh->gh", signs, signs) / 2 + products) / 3
    variance = float(max(np.trace(covariance), covariance.sum()))
    score = np.tril(signs.transpose(2, 0, 1), -1).sum()
    return float(2 * stats.norm.sf(max(abs(score) - 1, 0) / np.sqrt(variance))), variance


# --- verdicts of many zones and biomes


def _verdicts(repeats: int, rng: np.random.Generator, years: int = 20) -> Iterator[dict[str, object]]:
    """How often a table of 25 series without trend, shares of one whole in each zone, has a significant one."""
    tables = max(repeats // 10, 1)
    found = np.zeros(2, int)
    for _ in range(tables):
        common = np.stack([autoregression(0.4)(rng, years) for _ in range(5)])
        zones = [0.7 * common + np.stack([autoregression(0.4)(rng, years) for _ in range(5)]) for _ in range(4)]
        zones.append(np.mean(zones, axis=0))
        series = np.concatenate([zone - zone.mean(axis=0) for zone in zones])
        p_values = np.array([monotonic_trend(np.arange(years), values).p_value for values in series])
        found += [(adjusted_p(p_values) < 0.05).any(), (p_values < 0.05).any()]
    yield row(
        "any significant trend in a table", "25 shares, years AR(1) 0.4", years, "size", found[0], tables, found[1]
    )


# --- scores of classifiers


def blocks_of_cells(rng: np.random.Generator, n_blocks: int, world: str) -> list[np.ndarray]:
    """Block, true label and the labels of two models of the cells of some blocks; errors come in blocks."""
    parts = []
    weights = [1.5, 1, 0.8, 0.15] if world == "a rare class" else np.ones(4)
    for number in range(n_blocks):
        n, hard = rng.integers(6, 40), rng.standard_normal()
        true = rng.choice(4, n, p=rng.dirichlet(weights)) + 1
        called = []
        for skill in (2.2, 1.9):
            if world == "errors at fronts":
                right = 0.8 if rng.random() < 0.15 or hard > 1 else 0.999
            else:
                right = 1 / (1 + np.exp(-(skill + hard + 0.5 * rng.standard_normal())))
            called.append(np.where(rng.random(n) > right, np.where(true == 4, 3, true + 1), true))
        parts.append((np.full(n, number), true, *called))
    return [np.concatenate(values) for values in zip(*parts, strict=True)]


def _scores(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    for world in ("errors everywhere", "a rare class", "errors at fronts"):
        _, true, first, second = blocks_of_cells(rng, 20_000, world)
        truth = macro_f1(true, first), macro_f1(true, first) - macro_f1(true, second)
        for n_blocks in BLOCKS:
            found = np.zeros((2, 3), int)
            for number in range(max(repeats // 2, 1)):
                blocks, true, first, second = blocks_of_cells(rng, n_blocks, world)
                intervals = (
                    f1_interval(true, first, blocks, number),
                    difference(true, first, second, blocks, number)[1:],
                )
                draws = [resampled_f1(true, called, blocks, 4, number) for called in (first, second)]
                for place, (value, interval, drawn) in enumerate(
                    zip(truth, intervals, (draws[0], draws[0] - draws[1]), strict=True)
                ):
                    if np.isnan(interval[0]):
                        continue
                    low, high = np.quantile(drawn, [0.025, 0.975])
                    found[place] += [interval[0] <= value <= interval[1], 1, low <= value <= high]
            for name, (held, known, before) in zip(("score", "gain"), found.tolist(), strict=True):
                if known:
                    yield row(f"{name} of a classifier", world, n_blocks, "coverage", held, known, before)


# --- filter of the regressions


def _filters(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """How often a driver without effect passes p ≤ 0.05, in a cell of 8 by 8 points whose fields are smooth."""
    for world, smooth in (("independent points", 0.0), ("fields smooth over 2 points", 2.0)):
        fields = rng.standard_normal((4, repeats, 20, 20))
        if smooth:
            fields = gaussian_filter(fields, (0, 0, smooth, smooth))
        values = fields[:, :, 6:14, 6:14].reshape(4, -1)
        found = regress(values[:3], values[3], np.repeat(np.arange(repeats), 64), repeats)
        passed = int((found.p_values[0] <= 0.05).sum())
        yield row("p-value of a slope, used as a filter", world, 64, "size", passed, repeats, None)


# --- simulated oceans


def _trends_of_oceans(worlds: int, seed: int) -> Iterator[dict[str, object]]:
    """Trends of coverage by whole cells of 3° in ten years, against the trend that the drift of the fronts makes."""
    held = known = 0
    for number in range(worlds):
        moving, still = (SyntheticOcean(1.0, 2004, drift, seed + number) for drift in (3.0, 0.0))
        weight = np.cos(np.radians(moving.lat))[:, None] * ~moving.land
        cells = weight.reshape(60, 3, 120, 3).sum(axis=(1, 3))
        zones = {
            "north": moving.lat[1::3] > 10,
            "tropics": np.abs(moving.lat[1::3]) <= 10,
            "south": moving.lat[1::3] < -45,
        }
        series = np.zeros((3, 10, len(zones), len(REGIMES)))
        for year in range(10):
            for month in (1, 4, 7, 10):
                shares = [_regime_areas(world.regime(2004 + year, month), weight) for world in (moving, still)]
                whole = np.eye(len(REGIMES))[shares[0].argmax(axis=0)].transpose(2, 0, 1) * cells
                for place, areas in enumerate((*shares, whole)):
                    for zone, rows_ in enumerate(zones.values()):
                        series[place, year, zone] += 25 * areas[:, rows_].sum(axis=(1, 2)) / cells[rows_].sum()
        true, without, tracked = series
        for zone, regime in zip(*np.nonzero(true.max(axis=0) > 1), strict=True):
            trend = monotonic_trend(np.arange(10), tracked[:, zone, regime])
            imposed = np.polyfit(np.arange(10), true[:, zone, regime] - without[:, zone, regime], 1)[0]
            held, known = held + (trend.lower <= imposed <= trend.upper), known + 1
    yield row("trend of coverage, whole years", "simulated oceans", 10, "coverage", held, known, None)


def _regime_areas(regime: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Area of each regime in the cells of three by three points, shape (regimes, 60, 120)."""
    return np.stack([(weight * (regime == number)).reshape(60, 3, 120, 3).sum(axis=(1, 3)) for number in REGIMES])


def _bounds(worlds: int, seed: int) -> Iterator[dict[str, object]]:
    """How often the bounds of monthly coverage hold the truth, with slopes by chemistry and labels by nearest mean."""
    lat, lon = np.meshgrid(np.arange(-89.0, 90, 2), np.arange(-179.0, 180, 2), indexing="ij")
    cells = degree_cells(6)
    held = before = known = 0
    for number in range(worlds):
        world = SyntheticOcean(2.0, 2004, 3.0, seed + number)
        members = membership(cells, lat, lon, ~world.land)
        weight = np.bincount(
            np.maximum(members.own_cell, 0), (np.cos(np.radians(lat)) * ~world.land).ravel(), cells.count
        ).reshape(cells.shape)
        centers, names = None, {number: name for number, name in REGIMES.items()}
        for month in (1, 4, 7, 10):
            slopes, kept = _slopes(world.fields(2004, month), members, cells.count)
            areas = _areas_in_cells(world.regime(2004, month), members, np.cos(np.radians(lat)), cells.count)
            if centers is None:
                scale = slopes[kept].mean(axis=0), slopes[kept].std(axis=0)
                pure = kept & (areas.max(axis=0) > 0.95 * areas.sum(axis=0))
                standard = (slopes - scale[0]) / scale[1]
                centers = np.stack(
                    [standard[pure & (areas.argmax(axis=0) == place)].mean(axis=0) for place in range(4)]
                )
            distance = (((slopes - scale[0]) / scale[1])[:, None] - centers) ** 2
            labels = np.where(kept, np.nan_to_num(distance.sum(axis=2), nan=9e9).argmin(axis=1) + 1, 0)
            labels = np.where(weight.ravel() > 0, labels, -1).reshape(1, *cells.shape).astype("int8")
            zones = {"all": weight > 0, "north": (weight > 0) & (cells.lat[:, None] > 50)}
            table = coverage_table(labels, None, np.array(["2004-01"]), weight, zones, names, "frozen")
            for zone, mask in zones.items():
                total = areas[:, mask.ravel()].sum()
                for label in names:
                    one = table[(table.zone == zone) & (table.label == label)].iloc[0]
                    truth = 100 * areas[label - 1, mask.ravel()].sum() / total
                    if max(truth, one.percent) < 1e-9:
                        continue
                    lower, upper = _half_cell_bounds(labels[0], label, weight * mask)
                    held += one.lower_percent <= truth + 1e-9 and truth - 1e-9 <= one.upper_percent
                    before += lower <= truth + 1e-9 and truth - 1e-9 <= upper
                    known += 1
    # months of one ocean are alike, so that there is no binomial interval
    rates = {"percent": 100 * held / known, "lower": np.nan, "upper": np.nan, "before": 100 * before / known}
    yield {"quantity": "bounds of coverage", "world": "simulated oceans", "n": worlds, "measure": "coverage"} | rates


def _slopes(fields: dict[str, np.ndarray], members: object, n_cells: int) -> tuple[np.ndarray, np.ndarray]:
    values = np.stack([fields[name].ravel()[members.point] for name in ("sst", "dic", "alk")])
    target = fco2(*(fields[name].ravel() for name in ("sst", "salinity", "dic", "alk")))[members.point]
    found = regress(values, target, members.cell, n_cells)
    return found.slopes.T, found.status == Status.KEPT


def _areas_in_cells(regime: np.ndarray, members: object, weight: np.ndarray, n_cells: int) -> np.ndarray:
    inside = [(regime.ravel() == number) & (members.own_cell >= 0) for number in REGIMES]
    return np.stack([np.bincount(members.own_cell[one], weight.ravel()[one], n_cells) for one in inside])


def _half_cell_bounds(labels: np.ndarray, label: int, weight: np.ndarray) -> tuple[float, float]:
    """The earlier bounds: half of every cell along a border."""
    own, others = labels == label, (labels > 0) & (labels != label)

    def beside(cells: np.ndarray) -> np.ndarray:
        found = np.roll(cells, 1, axis=1) | np.roll(cells, -1, axis=1)
        found[1:] |= cells[:-1]
        found[:-1] |= cells[1:]
        return found

    covered, unclassified = weight[own].sum(), weight[labels == 0].sum()
    lower = covered - 0.5 * weight[own & beside(others)].sum()
    upper = covered + unclassified + 0.5 * weight[beside(own) & others].sum()
    return 100 * lower / weight.sum(), 100 * upper / weight.sum()
