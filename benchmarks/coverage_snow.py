"""Tests and intervals of the snow study and of the embeddings, in worlds that do not share their assumptions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import statsmodels.api as sm
from coverage_series import rate
from scipy import stats

from climate_indicators.snow.climate.cloud_gaps import Sample, fill_gaps
from climate_indicators.snow.climate.cover_rates import corrected, corrected_mean, map_rates
from climate_indicators.snow.climate.regressions import multiple_regression, single_regressions
from climate_indicators.snow.climate.seasons import season_trends
from climate_indicators.snow.embeddings.bootstrap import mean_interval
from climate_indicators.stats.block_jackknife import jackknife
from climate_indicators.stats.metrics import CELLS, skill
from climate_indicators.stats.multiple_testing import adjusted_p

SNOW, TMAX, HUMIDITY = "snow_fraction", "temperature_2m_max", "relative_humidity_2m_mean"
START = pd.Timestamp(2012, 1, 1)
DAYS_PER_YEAR = 365.25
# name: days between passes, share of them that is clear on average
SAMPLINGS = {"dense": (5, 0.6), "sparse": (12, 0.55), "few": (16, 0.25)}
# season of snow and of temperature, whether their scatter depends on the season, noise in units of the usual one
SEASONS = {
    "sines": ("sine", "sine", False, 1.0),
    "saw-tooth melt": ("sawtooth", "skewed", False, 1.0),
    "plateaus": ("plateau", "warm plateau", True, 1.0),
    "melt at once, little noise": ("sawtooth", "warm plateau", False, 0.3),
}
# world, sampling, years, lag-1 correlation, scatter of whole years in units of that of the dates
CASES = [
    *product(SEASONS, SAMPLINGS, (5, 10), (0.6,), (0.0,)),
    *product(SEASONS, ("sparse",), (10,), (0.0,), (0.0,)),
    *product(SEASONS, ("dense",), (10,), (0.6,), (0.5,)),
]
# places and dates that give the true rates of a radar map
RATE_CLUSTERS = (200, 200)
PLACE_NUMBERS = (3, 5, 7, 12)
# parameters of the beta distribution of the recall of places
PLACES_WORLDS = {
    "recall, places alike": (20, 20), "recall, places unlike": (2, 2), "recall, few good places": (1, 3),
}  # fmt: skip


def rows(repeats: int, seed: int) -> pd.DataFrame:
    """All quantities of the study; ``before`` as each part says."""
    parts = [regression_rows, slope_rows, trend_rows, family_rows, group_rows, dice_rows, cover_rate_rows, gap_rows]
    # each part has its own random numbers, and can be measured alone
    rngs = [np.random.default_rng([seed, place]) for place in range(len(parts))]
    return pd.DataFrame([row for part, rng in zip(parts, rngs, strict=True) for row in part(repeats, rng)])


def clear_days(rng: np.random.Generator, years: int, sampling: str) -> np.ndarray:
    """Days since the start on which a satellite passes and sees the ground; winters are cloudier."""
    step, share = SAMPLINGS[sampling]
    days = np.arange(0, int(DAYS_PER_YEAR * years), step)
    clear = share * (1 - 0.45 * np.cos(2 * np.pi * (days - 15) / DAYS_PER_YEAR))
    return days[rng.random(len(days)) < clear]


def with_memory(rng: np.random.Generator, days: np.ndarray, lag1: float) -> np.ndarray:
    """Gaussian noise of variance 1 in continuous time, whose correlation over the usual distance of days is lag1."""
    steps = rng.standard_normal(len(days))
    decay = lag1 ** (np.diff(days) / np.median(np.diff(days)))
    values = steps.copy()
    for place in range(1, len(days)):
        kept = decay[place - 1]
        values[place] = kept * values[place - 1] + np.sqrt(1 - kept**2) * steps[place]
    return values


def season_of(shape: str, days: np.ndarray) -> np.ndarray:
    """A season between about −1 and 1; snow is large in winter, temperature in summer."""
    phase = 2 * np.pi * (days / DAYS_PER_YEAR - 0.05)
    since = (days - 290) % DAYS_PER_YEAR
    match shape:
        case "sine":
            return -np.cos(phase)
        case "skewed":
            return -np.cos(phase + 0.5 * np.sin(phase))
        case "warm plateau":
            return np.tanh(-2.5 * np.cos(phase))
        case "sawtooth":  # grows from October to April, melts within 20 days
            return 2 * np.clip(np.where(since < 195, since / 195, 1 - (since - 195) / 20), 0, 1) - 1
        case "plateau":  # full from December to March, none from June to September
            return 2 * np.clip(np.where(since < 150, since / 40, 1 - (since - 175) / 60), 0, 1) - 1
    raise ValueError(shape)


def snow_and_weather(
    rng: np.random.Generator, world: str, sampling: str, years: int, lag1: float, year_effect: float = 0.0
) -> pd.DataFrame:
    """Snow and two variables that share a season, and nothing else, on clear days."""
    snow, temperature, changing, noise = SEASONS[world]
    days = clear_days(rng, years, sampling)
    cycle = season_of(snow, days)
    scatter = 0.15 * np.clip(1 - np.abs(cycle), 0, 1) + 0.01 if changing else 0.1
    warm = 1 + 0.6 * np.cos(2 * np.pi * days / DAYS_PER_YEAR) if changing else 1.0
    own = [year_effect * rng.standard_normal(years + 1)[(days / DAYS_PER_YEAR).astype(int)] for _ in range(3)]
    return pd.DataFrame(
        {
            "date": START + pd.to_timedelta(days, unit="D"),
            SNOW: 0.5 * (1 - cycle) + noise * scatter * (with_memory(rng, days, lag1) + own[0]),
            TMAX: 10 * season_of(temperature, days) + noise * 3 * warm * (with_memory(rng, days, lag1) + own[1]),
            HUMIDITY: 60 + 15 * season_of(snow, days) + noise * 8 * (with_memory(rng, days, lag1) + own[2]),
        }
    )


def newey_west_p(table: pd.DataFrame) -> float:
    """P-value of the relation without the season as it was tested before: three harmonics, Newey and West."""
    phase = 2 * np.pi * (table["date"].dt.day_of_year.to_numpy() - 1) / 365
    waves = [part(phase * wave) for wave in (1, 2, 3) for part in (np.sin, np.cos)]
    fit = sm.OLS(table[SNOW].to_numpy(), np.column_stack([np.ones(len(table)), *waves, table[TMAX]])).fit()
    lags = max(1, min(int(np.ceil(1.3 * np.sqrt(len(table)))), len(table) // 3))
    error = fit.get_robustcov_results("HAC", maxlags=lags, use_correction=True).bse[-1]
    return float(2 * stats.t.sf(abs(fit.params[-1] / error), min(len(table) - 8, 1.5 * len(table) / lags)))


def regression_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Size of the relations without the season; ``before``: three harmonics with the errors of Newey and West."""
    for world, sampling, years, lag1, year_effect in CASES:
        single = multiple = before = n = 0
        for _ in range(repeats):
            table = snow_and_weather(rng, world, sampling, years, lag1, year_effect)
            n += len(table)
            single += single_regressions(table, SNOW, [TMAX])["p_deseasonalized"][0] < 0.05
            multiple += multiple_regression(table, SNOW, [TMAX, HUMIDITY])[0]["p_deseasonalized"][0] < 0.05
            before += newey_west_p(table) < 0.05
        name = f"{world}, {years} years, lag-1 correlation {lag1:g}" + (", years differ" if year_effect else "")
        about = {"world": name, "n": round(n / repeats), "measure": "size"}
        yield (
            {"quantity": "snow on temperature without season"}
            | about
            | rate(single, repeats)
            | {"before": 100 * before / repeats}
        )
        yield {"quantity": "the same, other variables held"} | about | rate(multiple, repeats) | {"before": np.nan}


def slope_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Coverage of the slope of snow on temperature of the same day, season included; no ``before``."""
    slope = -0.02
    for sampling, years in (("dense", 10), ("sparse", 10), ("sparse", 5), ("few", 5)):
        inside = n = 0
        for _ in range(repeats):
            table = snow_and_weather(rng, "saw-tooth melt", sampling, years, 0.6)
            days = (table["date"] - START).dt.days.to_numpy()
            table[SNOW] = slope * table[TMAX] + 0.1 * with_memory(rng, days, 0.6)
            row = single_regressions(table, SNOW, [TMAX]).iloc[0]
            inside += row["lower"] <= slope <= row["upper"]
            n += len(table)
        row = {"quantity": "slope of snow on temperature", "world": f"{years} years, lag-1 correlation 0.6"}
        yield row | {"n": round(n / repeats), "measure": "coverage"} | rate(inside, repeats) | {"before": np.nan}


def trend_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Coverage of the trend without the cycle and of the yearly trend; no ``before``."""
    slope = 0.05  # share of snow per decade
    for world, sampling, years, lag1, year_effect in [
        *product(("saw-tooth melt", "plateaus"), ("sparse",), (8, 15), (0.6,), (0.0,)),
        *product(("saw-tooth melt", "plateaus"), ("sparse",), (8, 15), (0.6,), (1.0,)),
    ]:
        inside, yearly, tested, n = 0, 0, 0, 0
        for _ in range(repeats):
            table = snow_and_weather(rng, world, sampling, years, lag1, year_effect)
            n += len(table)
            table[SNOW] += slope * (table["date"] - START).dt.days / 3652.425
            row = season_trends([(table, [SNOW])]).iloc[0]
            inside += row["deseasonalized_lower"] <= slope <= row["deseasonalized_upper"]
            if np.isfinite(row["theil_sen_lower"]):
                tested += 1
                yearly += row["theil_sen_lower"] <= slope <= row["theil_sen_upper"]
        name = f"{world}, {years} years, lag-1 correlation {lag1:g}" + (", years differ" if year_effect else "")
        about = {"world": name, "measure": "coverage", "before": np.nan}
        yield {"quantity": "trend without the season", "n": round(n / repeats)} | about | rate(inside, repeats)
        if tested >= repeats / 2:
            yield {"quantity": "trend of yearly values", "n": years} | about | rate(yearly, tested)


def family_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """How often a table of tests has a finding where there is none; ``before``: verdicts of single p-values."""
    for dependence in (0.0, 0.5, 0.9):
        found = alone = 0
        for _ in range(repeats):
            # six quantities of either sign share a cause; their five seasons share the quantity
            cause = rng.standard_normal() * rng.choice([-1, 1], 6)[:, None]
            quantity = rng.standard_normal((6, 1))
            own = rng.standard_normal((6, 5))
            z = np.sqrt(dependence) * (cause + quantity) / np.sqrt(2) + np.sqrt(1 - dependence) * own
            p_values = 2 * stats.norm.sf(np.abs(z))
            found += (adjusted_p(p_values) < 0.05).any()
            alone += (p_values < 0.05).any()
        world = f"30 tests without a finding, {dependence:g} of their variance shared"
        row = {"quantity": "any finding in a table of tests", "world": world, "n": 30, "measure": "size"}
        yield row | rate(found, repeats) | {"before": 100 * alone / repeats}


def percentile_interval(values: np.ndarray, places: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """The interval of a mean over places as it was before: percentiles of a bootstrap of places."""
    count = places.max() + 1
    sums = np.stack([np.bincount(places, values), np.bincount(places)], axis=1)
    top, bottom = (rng.multinomial(count, np.full(count, 1 / count), 2000) @ sums).T
    lower, upper = np.quantile(top / bottom, [0.025, 0.975])
    return float(lower), float(upper)


def group_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Coverage of the embeddings' intervals over few places; ``before``: percentiles of the same bootstrap."""
    for (world, (first, second)), count in product(PLACES_WORLDS.items(), PLACE_NUMBERS):
        expected = first / (first + second)
        inside = before = known = 0
        for _ in range(repeats):
            sizes = rng.integers(8, 40, count)
            places = np.repeat(np.arange(count), sizes)
            hits = (rng.random(len(places)) < rng.beta(first, second, count)[places]).astype("float64")
            lower, upper = mean_interval(hits, places)
            low, high = percentile_interval(hits, places, rng)
            known += np.isfinite(lower)
            inside += lower <= expected <= upper
            before += low <= expected <= high
        row = {"quantity": "recall of embeddings", "world": world, "n": count, "measure": "coverage"}
        yield row | rate(inside, known) | {"before": 100 * before / repeats}


def dice_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Coverage of the difference of two models' Dice by the jackknife over places; no ``before``."""

    def cells(count: int) -> np.ndarray:
        """Cells of two models at some places: prevalence, difficulty and size differ, errors of both go together."""
        share, size = rng.beta(1.2, 1.8, count), rng.integers(20, 60, count) * 100.0
        hard = rng.standard_normal(count)
        parts = []
        for skill_level in (1.6, 1.2):
            own = 0.5 * rng.standard_normal(count)
            hit = 1 / (1 + np.exp(-(skill_level + 0.6 * hard + own)))
            false = 1 / (1 + np.exp(skill_level + 1.0 + 0.6 * hard + own))
            tp, fp = size * share * hit, size * (1 - share) * false
            parts.append(np.stack([size * (1 - share) - fp, fp, size * share - tp, tp], axis=1))
        return np.hstack(parts)

    def difference(sums: np.ndarray) -> float:
        return skill(*sums[: len(CELLS)])["dice"] - skill(*sums[len(CELLS) :])["dice"]

    truth = difference(cells(400_000).sum(axis=0))
    for count in PLACE_NUMBERS:
        inside = 0
        for _ in range(repeats):
            _, lower, upper = jackknife(cells(count), difference)
            inside += lower <= truth <= upper
        row = {"quantity": "difference of Dice", "world": "places of other snow and difficulty", "n": count}
        yield row | {"measure": "coverage"} | rate(inside, repeats) | {"before": np.nan}


def cover_rate_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Coverage of the corrected snow cover of radar maps; ``before``: with the same rates at any share of snow.

    Errors of a map go together within a date and within a place. ``other prevalence``: the chips lie at snow lines,
    where half is snow, and the scenes have little snow. ``errors change with prevalence``: the map misses more of the
    snow where there is little of it, as mixed pixels do.
    """
    for world in ("same prevalence", "other prevalence", "errors change with prevalence"):
        tn, fp, fn, tp = radar_maps(rng, world, *RATE_CLUSTERS)[0][list(CELLS)].sum()
        true_rates = tp / (tp + fn), tn / (tn + fp)
        for places, dates in product((6, 12), (8, 16)):
            inside, before, used = np.zeros(3), np.zeros(3), 0
            for _ in range(repeats):
                cells, mapped, truth, years = radar_maps(rng, world, places, dates)
                rates = map_rates(cells).get("wet")
                if rates is None or not rates.usable:
                    continue
                used += 1
                for counts, found in ((inside, rates), (before, replace(rates, slopes=np.zeros(2)))):
                    bounds = corrected(mapped, found)
                    _, lower, upper = corrected_mean(mapped, years, found)
                    counts[0] += ((bounds[:, 1] <= truth) & (truth <= bounds[:, 2])).mean()
                    counts[1] += lower <= truth.mean() <= upper
                bounds = zip((rates.sensitivity, rates.specificity), true_rates, strict=True)
                inside[2] += np.mean([lower <= true <= upper for (_, lower, upper), true in bounds])
            before[2] = np.nan
            about = {"world": f"{world}, {places} places, {dates} dates", "measure": "coverage", "n": dates}
            # scenes of one run share their rates: the interval of the rate is that of the runs
            names = "corrected snow cover of a scene", "mean corrected snow cover", "rates of radar maps"
            for place, name in enumerate(names):
                yield (
                    {"quantity": name}
                    | about
                    | rate(round(inside[place]), used)
                    | {"before": 100 * before[place] / used}
                )


def radar_maps(
    rng: np.random.Generator, world: str, places: int, dates: int, scenes: int = 40
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Cells of held-out chips; mapped and true share of snow of scenes, and their years."""

    def rates_at(share: np.ndarray, effect: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        change = 1.5 * (share - 0.5) if world.startswith("errors") else 0.0
        return 1 / (1 + np.exp(-(1.6 + change + effect))), 1 / (1 + np.exp(-(2.2 - change + 0.7 * effect)))

    by_place, by_date = 0.4 * rng.standard_normal(places), 0.4 * rng.standard_normal(dates)
    chips = []
    for place, date in product(range(places), range(dates)):
        if rng.random() < 0.5:
            continue
        share = rng.beta(2, 2) if world != "same prevalence" else rng.beta(1, 3)
        sensitivity, specificity = rates_at(share, by_place[place] + by_date[date] + 0.3 * rng.standard_normal())
        # patches of the size of 40 pixels err together
        snow, ground = max(1, round(2304 * share / 40)), max(1, round(2304 * (1 - share) / 40))
        tp, tn = 40 * rng.binomial(snow, sensitivity), 40 * rng.binomial(ground, specificity)
        day = pd.Timestamp(2016 + date % 4, 1, 1) + pd.Timedelta(days=date // 4)
        chips.append(("wet", place, day, tn, 40 * ground - tn, 40 * snow - tp, tp))
    cells = pd.DataFrame(chips, columns=["regime", "place", "date", *CELLS])
    truth = rng.beta(1, 3, scenes)
    by_scene = 0.4 * rng.standard_normal(scenes)
    ground = np.stack([rates_at(truth, effect + by_scene) for effect in rng.permutation(np.r_[by_place, -by_place])])
    sensitivity, specificity = ground.mean(axis=0)
    return cells, truth * sensitivity + (1 - truth) * (1 - specificity), truth, np.repeat(np.arange(8), scenes // 8)


def gap_rows(repeats: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Coverage of the bounds of snow under clouds on the heights; ``before``: the share in what is seen, ± 3 points."""
    for world in ("a base of clouds", "clouds of single pixels"):
        inside = before = total = 0
        for _ in range(max(1, repeats // 20)):
            sample, truth = cloudy_mountain(rng, world)
            filled, seen = fill_gaps(sample), (sample.classes != 255).mean(axis=1)
            snow = (sample.classes == 1).mean(axis=1)
            cloudy = (seen > 0.5) & (seen < 0.99) & np.isfinite(filled.share)
            cover = snow + (1 - seen) * filled.share
            inside += (np.abs(cover - truth)[cloudy] <= filled.reach * (1 - seen)[cloudy] + 1e-9).sum()
            before += (np.abs(snow / seen - truth)[cloudy] <= 0.03).sum()
            total += cloudy.sum()
        row = {"quantity": "snow cover under clouds", "world": world, "n": 230, "measure": "coverage"}
        yield row | rate(int(inside), int(total)) | {"before": 100 * before / total}


def cloudy_mountain(rng: np.random.Generator, world: str, size: int = 40) -> tuple[Sample, np.ndarray]:
    """Maps every eight days in five years, clouds on the heights on half of them, and the true share of snow."""
    y, x = np.mgrid[:size, :size] / size
    height = sum(
        rng.uniform(0.3, 1) * np.exp(-((x - rng.uniform()) ** 2 + (y - rng.uniform()) ** 2) / rng.uniform(0.01, 0.08))
        for _ in range(8)
    ).ravel()
    height = 1000 + 2200 * height / height.max()
    days = np.arange(0, 1825, 8)
    line = 2100 + 1300 * season_of("sine", days) + 200 * with_memory(rng, days, 0.8)
    snow = height + rng.normal(0, 80, (len(days), size**2)) > line[:, None]
    classes = snow.astype("uint8")
    for day in np.flatnonzero(rng.random(len(days)) < 0.55):
        hidden = height + rng.normal(0, 100, size**2) > rng.uniform(1500, 2600)
        if world == "clouds of single pixels":
            odds = (height - np.median(height)) / 300 + rng.normal(0.5, 1)
            hidden = rng.random(size**2) < 1 / (1 + np.exp(-odds))
        classes[day, hidden] = 255
    dates = np.datetime64("2015-01-01") + days.astype("timedelta64[D]")
    return Sample(classes, np.full(size**2, 1 / size**2), dates), snow.mean(axis=1)
