"""Snow cover of radar maps, corrected for the errors that the maps make on held-out triplets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rasterio.windows import Window
from scipy.special import stdtrit

from climate_indicators.core.constants import CONFIDENCE
from climate_indicators.core.hydrological_year import hydro_years
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.snow.climate.wetness_classes import DRY
from climate_indicators.snow.scenes.pairing import scene_path
from climate_indicators.stats.estimator_range import reach_beyond_range

CELLS = ["tn", "fp", "fn", "tp"]
# all triplets not used for training: the map shows all places and years, not only those of the test.
# Temperature and threshold, two numbers, were chosen on those of validation
HELD_OUT_SPLITS = ("test", "validation", "unused")
TABLE = [
    "regime", "n_triplets", "n_places", "n_dates", "sensitivity", "sensitivity_lower", "sensitivity_upper",
    "specificity", "specificity_lower", "specificity_upper", "n_scenes", "mapped_fraction", "corrected_fraction",
    "corrected_lower", "corrected_upper", "note",
]  # fmt: skip
CORRECTED = ["corrected_fraction", "corrected_lower", "corrected_upper"]
_FEWEST = 2  # places and dates
_ROUNDS = 12
# sensitivity, specificity, and their sum
_SIDES = [[1, 0], [0, 1], [1, 1]]


@dataclass(frozen=True)
class Rates:
    """Error rates of the maps of one snow wetness class, counted on held-out triplets.

    Attributes
    ----------
    n_triplets, n_places, n_dates : what was counted.
    sensitivity, specificity : share of the snow, and of the ground, that the map shows as such; with bounds.
    without : both rates without one place, without one date, and without one triplet (place and date) at a time:
        float, shape (places, 2), (dates, 2) and (triplets, 2).
    spread : float, shape (2, 2): covariance between dates of the share of snow, and of ground, that the map shows as
        snow, without the scatter of the triplets of one date, which a whole scene does not have.
    scatter : float, shape (2, 2): the same with that scatter.
    within_year : float, shape (2, 2): the same between different dates of one hydrological year; NaN where there are
        none, or one year only.
    slopes, shares : float, shape (2,): change of sensitivity and specificity with the share of snow in a triplet, and
        the shares at which they have their mean values. Mixed pixels make a map miss more of the snow where there is
        little of it.
    usable : whether the map separates snow from ground: the lower bound of the difference between the shares of
        snow and of ground that it shows as snow is above 0.
    """

    n_triplets: int
    n_places: int
    n_dates: int
    sensitivity: tuple[float, float, float]
    specificity: tuple[float, float, float]
    without: tuple[np.ndarray, np.ndarray, np.ndarray]
    spread: np.ndarray
    scatter: np.ndarray
    within_year: np.ndarray
    slopes: np.ndarray
    shares: np.ndarray
    usable: bool


def rogan_gladen(mapped: np.ndarray, sensitivity: np.ndarray, specificity: np.ndarray) -> np.ndarray:
    """True share of a class, of the share that a map shows, not clipped.

    Estimator of Rogan & Gladen (1978, doi:10.1093/oxfordjournals.aje.a112510). Sensitivity and specificity are of the
    map, whatever the share of snow is; P(snow | map) would hold only where snow is as common as where it was counted.
    """
    return (mapped + specificity - 1) / (sensitivity + specificity - 1)


def count_cells(
    triplets: pd.DataFrame,
    maps: Sequence[str | Path],
    optical: Sequence[str | Path],
    settings: Mapping[str, float],
    progress: Callable[[], None] = lambda: None,
) -> pd.DataFrame:
    """Pixels of the maps in each held-out triplet, weighted to compensate the curation.

    Counted on the maps themselves, not on the network's scores of triplets: a map is made in large windows, whose
    pixels see more around them, and errs otherwise. Of nearly bare and nearly full triplets the curation keeps a share
    only; each that was kept counts for those that were not, so that the rates are those of the area, not of its snow
    lines.

    Parameters
    ----------
    triplets : all kept triplets: ``radar, optical, date, place, row, col, regime, snow_fraction, split``.
    maps, optical : folders of the maps and of the optical masks, one per year, named by it.
    settings : of the triplets: ``size_px, min_snow, max_snow, keep_uniform``.
    progress : called once a radar scene.

    Returns
    -------
    ``regime, place, date, tn, fp, fn, tp`` (float) of each triplet of test, validation, test places and test years.
    """
    held_out = triplets[triplets["split"].isin(HELD_OUT_SPLITS)].reset_index(drop=True)
    cells = np.zeros((len(held_out), len(CELLS)))
    for (radar, mask), own in held_out.groupby(["radar", "optical"]):
        paths = scene_path(maps, radar[:4], f"{radar}_extent"), scene_path(optical, mask[:4], f"{mask}_mask")
        with opened(paths[0]) as mapped, opened(paths[1]) as true:
            for row in own.itertuples():
                window = Window(row.col, row.row, settings["size_px"], settings["size_px"])
                cells[row.Index] = _confusion(mapped.read(1, window=window), true.read(1, window=window))
        progress()
    uniform = ~held_out["snow_fraction"].between(settings["min_snow"], settings["max_snow"])
    weight = np.where(uniform, 1 / settings["keep_uniform"] if settings["keep_uniform"] else 1.0, 1.0)
    return held_out[["regime", "place", "date"]].join(pd.DataFrame(cells * weight[:, None], columns=CELLS))


def _confusion(mapped: np.ndarray, true: np.ndarray) -> list[int]:
    """Counts in the order of ``CELLS`` where both are known."""
    known = (mapped != BYTE_NODATA) & (true != BYTE_NODATA)
    return np.bincount(2 * (true[known] == 1) + (mapped[known] == 1), minlength=len(CELLS)).tolist()


def map_rates(cells: pd.DataFrame, confidence: float = CONFIDENCE) -> dict[str, Rates]:
    """Rates of each regime that has snow and ground in two places and at two dates or more.

    Triplets of a place show the same ground, those of a date the same weather, see `_two_way_reach`.

    Parameters
    ----------
    cells : of `count_cells`.
    confidence : of the bounds.
    """
    rates = {}
    for regime, own in cells.groupby("regime", sort=True):
        clusters = [own.groupby(keys)[CELLS].sum().to_numpy() for keys in ("place", "date", ["place", "date"])]
        without = tuple(np.stack([_both(parts.sum(axis=0) - part) for part in parts]) for parts in clusters)
        if min(map(len, clusters)) < _FEWEST or not all(np.isfinite(both).all() for both in without):
            continue
        middle = _both(clusters[0].sum(axis=0))
        reach = [_two_way_reach([both @ sides for both in without], confidence) for sides in np.array(_SIDES)]
        bounds = [
            (float(value), max(float(value - half), 0.0), min(float(value + half), 1.0))
            for value, half in zip(middle, reach[:2], strict=True)
        ]
        rates[str(regime)] = Rates(
            len(own), len(clusters[0]), len(clusters[1]), *bounds, without, *_between_dates(own), *_with_share(own),
            bool(middle.sum() - 1 - reach[2] > 0),
        )  # fmt: skip
    return rates


def _two_way_reach(without: Sequence[np.ndarray], confidence: float) -> np.ndarray:
    """Half width of the interval of a statistic whose errors go together within places and within dates.

    The variance is that of the jackknife over places, plus that over dates, less that over triplets, which both of them
    contain, and at least the larger of the two. Student's t has one degree of freedom less than there are places, or
    dates if they are fewer (Cameron, Gelbach and Miller 2011, doi:10.1198/jbes.2010.07136).

    Parameters
    ----------
    without : statistic without one place, one date and one triplet at a time, each of shape (…, places),
        (…, dates) and (…, triplets).
    """
    sizes = [both.shape[-1] for both in without]
    by_place, by_date, by_triplet = (
        (n - 1) / n * ((both - both.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1)
        for both, n in zip(without, sizes, strict=True)
    )
    variance = np.maximum(by_place + by_date - by_triplet, np.maximum(by_place, by_date))
    return stdtrit(min(sizes[:2]) - 1, (1 + confidence) / 2) * np.sqrt(variance)


def _both(cells: np.ndarray) -> np.ndarray:
    return np.array([_sensitivity(cells), _specificity(cells)])


def _sensitivity(cells: np.ndarray) -> float:
    snow = cells[2] + cells[3]
    return float(cells[3] / snow) if snow else np.nan


def _specificity(cells: np.ndarray) -> float:
    ground = cells[0] + cells[1]
    return float(cells[0] / ground) if ground else np.nan


def _between_dates(own: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Covariances of the shares of snow and ground that the map shows as snow, by moments: `Rates.spread` and so on.

    Products of different triplets of a date contain what they share, its weather, and not their own scatter; sums of
    dates contain both; products of different dates of a year contain what years share.
    """
    table = pd.DataFrame({"snow": own["tp"] + own["fn"], "ground": own["tn"] + own["fp"]})
    sensitivity, specificity = _both(own[CELLS].sum().to_numpy())
    table["missed"] = own["tp"] - table["snow"] * sensitivity
    table["false"] = own["fp"] - table["ground"] * (1 - specificity)
    dates = table.groupby(own["date"]).sum()
    years = dates.groupby(hydro_years(pd.to_datetime(dates.index.to_series())).to_numpy()).sum()
    products = [
        np.stack(
            [part[names].to_numpy().T @ part[names].to_numpy() for names in (["missed", "false"], table.columns[:2])]
        )
        for part in (table, dates, years)
    ]
    enlarged = len(dates) / max(len(dates) - 1, 1)  # errors are counted from the mean of these dates
    scatter, spread, within_year = (
        _ratio(*pairs) * enlarged for pairs in (products[1], products[1] - products[0], products[2] - products[1])
    )
    if len(years) < 2:  # the errors of one year add up to 0, being counted from its mean
        within_year = np.full((2, 2), np.nan)
    return np.where(np.isfinite(spread).all(), spread, scatter), scatter, within_year


def _ratio(errors: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Quotients; NaN where there are no such products; 0 of snow and ground that are never together."""
    if (np.diag(sizes) <= 0).any():
        return np.full_like(errors, np.nan)
    return np.divide(errors, sizes, out=np.zeros_like(errors), where=sizes > 0)


def _with_share(own: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of sensitivity and specificity on the share of snow in a triplet, by weighted least squares."""
    snow, ground = (own["tp"] + own["fn"]).to_numpy(), (own["tn"] + own["fp"]).to_numpy()
    share = snow / np.maximum(snow + ground, 1)
    slopes, shares = np.zeros(2), np.zeros(2)
    for place, (right, weight) in enumerate(((own["tp"].to_numpy(), snow), (own["tn"].to_numpy(), ground))):
        shares[place] = weight @ share / weight.sum()
        apart = share - shares[place]
        scatter = weight @ apart**2
        slopes[place] = (right - weight * (right.sum() / weight.sum())) @ apart / scatter if scatter > 0 else 0.0
    return slopes, shares


def corrected(mapped: np.ndarray, rates: Rates, confidence: float = CONFIDENCE) -> np.ndarray:
    """Snow cover of single scenes, with intervals.

    The interval has the error of the rates, which all scenes share, and the scene's own deviation from them, with the
    standard error of its variance added: few dates know it badly. It contains two estimates, with rates that are the
    same at any share of snow, and with rates that follow it (`_with_other_rates`, `reach_beyond_range`).

    Parameters
    ----------
    mapped : float, shape (scenes,): share of snow in what each map shows, NaN where it shows nothing.
    rates : of the scenes' regime.

    Returns
    -------
    float, shape (scenes, 3): estimate, lower and upper bound, clipped to 0 … 1; NaN where ``mapped`` is NaN, or the map
    does not tell snow from ground.
    """
    mapped = np.asarray(mapped, "float64")
    if not rates.usable:
        return np.full((len(mapped), 3), np.nan)
    estimate = _estimate(mapped, rates)
    variance, scatter = (_scene_variance(estimate, rates, part) for part in (rates.spread, rates.scatter))
    error = np.sqrt(np.minimum(variance + scatter * np.sqrt(2 / (rates.n_dates - 1)), scatter))
    reach = np.hypot(_rate_reach(mapped, rates, confidence), _quantile(rates, confidence) * error)
    return _clipped(estimate, _with_other_rates(mapped, rates), reach, confidence)


def corrected_mean(mapped: np.ndarray, years: np.ndarray, rates: Rates, confidence: float = CONFIDENCE) -> np.ndarray:
    """Mean snow cover of scenes, with its interval, float, shape (3,).

    As `corrected`, of the mean mapped share. Scenes of one hydrological year deviate together as held-out dates do; if
    no year has two of those, wholly. Years deviate independently.

    Parameters
    ----------
    mapped : shape (scenes,), without NaN.
    years : hydrological year of each.
    """
    if not rates.usable or not len(mapped):
        return np.full(3, np.nan)
    mean = np.array([np.mean(mapped)])
    estimates = _estimate(np.asarray(mapped, "float64"), rates)
    own = np.sqrt(_scene_variance(estimates, rates, rates.spread))
    by_year = pd.Series(own).groupby(np.asarray(years)).sum()
    together = _together(_estimate(mean, rates), rates)
    scenes = np.sqrt((1 - together) * (own**2).sum() + together * (by_year**2).sum()) / len(mapped)
    reach = np.hypot(_rate_reach(mean, rates, confidence), _quantile(rates, confidence) * scenes)
    other = _with_other_rates(np.asarray(mapped, "float64"), rates).mean()
    return _clipped(_estimate(mean, rates), np.array([other]), reach, confidence)[0]


def _clipped(estimate: np.ndarray, other: np.ndarray, reach: np.ndarray, confidence: float) -> np.ndarray:
    """First estimate, and bounds beyond the smaller and the larger one, shape (…, 3), within 0 … 1.

    The bounds lie around the clipped estimates, so that none is ever certain.
    """
    middle = np.clip(estimate, 0, 1)
    reach = reach_beyond_range(reach, np.abs(other - middle), confidence)
    ends = np.minimum(middle, other) - reach, np.maximum(middle, other) + reach
    return np.clip(np.stack([middle, *ends], axis=-1), 0, 1)


def _estimate(mapped: np.ndarray, rates: Rates) -> np.ndarray:
    return rogan_gladen(mapped, rates.sensitivity[0], rates.specificity[0])


def _with_other_rates(mapped: np.ndarray, rates: Rates) -> np.ndarray:
    """Estimates, clipped to 0 … 1, with the rates that triplets of the scene's own share of snow have."""
    estimate, middle = np.clip(_estimate(mapped, rates), 0, 1), np.array([rates.sensitivity[0], rates.specificity[0]])
    least = (middle.sum() - 1) / 2  # rates that hardly tell snow from ground would make any estimate possible
    for _ in range(_ROUNDS):
        sensitivity, specificity = np.clip(
            middle[:, None] + rates.slopes[:, None] * (estimate - rates.shares[:, None]), 0, 1
        )
        youden = np.maximum(sensitivity + specificity - 1, least)
        # half a step at a time, so that the rounds settle
        estimate = 0.5 * (estimate + np.clip((mapped + specificity - 1) / youden, 0, 1))
    return estimate


def _rate_reach(mapped: np.ndarray, rates: Rates, confidence: float) -> np.ndarray:
    """Half widths of the estimates' intervals from the rates alone."""
    return _two_way_reach([rogan_gladen(mapped[:, None], *both.T) for both in rates.without], confidence)


def _quantile(rates: Rates, confidence: float) -> float:
    """Student's t of the scenes' own deviation, which the dates were counted for."""
    return float(stdtrit(rates.n_dates - 1, (1 + confidence) / 2))


def _scene_variance(estimate: np.ndarray, rates: Rates, covariance: np.ndarray) -> np.ndarray:
    """Variance of the estimates from the scenes' own deviation from the rates, of the given covariance."""
    share = np.clip(estimate, 0, 1)
    both = np.stack([share, 1 - share], axis=-1)
    variance = np.einsum("...i,ij,...j->...", both, covariance, both)
    return np.maximum(variance, 0) / (rates.sensitivity[0] + rates.specificity[0] - 1) ** 2


def _together(estimate: np.ndarray, rates: Rates) -> float:
    """Correlation, 0 to 1, between the deviations of two scenes of a year with a share of snow near the estimate."""
    whole = _scene_variance(estimate, rates, rates.spread)[0]
    if np.isnan(rates.within_year).any() or whole == 0:
        return 1.0
    return float(min(_scene_variance(estimate, rates, rates.within_year)[0] / whole, 1.0))


def rates_table(cover: pd.DataFrame, rates: Mapping[str, Rates], confidence: float = CONFIDENCE) -> pd.DataFrame:
    """Rates of each regime of radar scenes, and the mean snow cover of its scenes with its interval.

    Parameters
    ----------
    cover : ``date, regime, snow_fraction, corrected_fraction`` of the radar scenes that count.
    rates : of `map_rates`.
    confidence : of the intervals.

    Returns
    -------
    Columns ``TABLE``, one row per regime; corrected values are NaN where the note says why.
    """
    rows = []
    for regime, own in cover.groupby("regime", sort=True):
        mapped = own["snow_fraction"].to_numpy("float64")
        row = {"regime": regime, "n_scenes": len(own), "mapped_fraction": mapped.mean() if len(own) else np.nan}
        row["note"] = why_not(str(regime), rates)
        if regime in rates:
            known = rates[str(regime)]
            row |= {"n_triplets": known.n_triplets, "n_places": known.n_places, "n_dates": known.n_dates}
            for name in ("sensitivity", "specificity"):
                row |= dict(zip((name, f"{name}_lower", f"{name}_upper"), getattr(known, name), strict=True))
            if not row["note"]:
                years = hydro_years(pd.to_datetime(own["date"])).to_numpy()
                row |= dict(zip(CORRECTED, corrected_mean(mapped, years, known, confidence), strict=True))
        rows.append(row)
    return pd.DataFrame(rows, columns=TABLE).astype({name: "Int64" for name in ("n_triplets", "n_places", "n_dates")})


def why_not(regime: str, rates: Mapping[str, Rates]) -> str:
    """Why snow cover of a regime is not corrected; empty where it is."""
    if regime == DRY:
        return "not corrected: dry snow, which radar hardly sees"
    if regime not in rates:
        return "not corrected: fewer than two held-out places or dates with snow and ground"
    return "" if rates[regime].usable else "not corrected: on held-out triplets the map does not tell snow from ground"
