"""Vegetation area, biomass, carbon and CO2 of images, with intervals from the factors' and the masks' errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from climate_indicators.carbon.estimation.mask_error import COLUMNS, MaskError, holdout_images, mask_error
from climate_indicators.core.errors import InputError

ALL, TEST = "all images", "test images"
# dates of the totals that are not one month: the mean over dates, and images without dates
MEAN, UNDATED = "mean", "undated"
# an image with less than this share of the visible area of its place is not representative of the rest
MIN_SEEN = 0.5
# values of one chunk of images × draws; the computation needs about ten times as much memory, 8 bytes each
CHUNK = 500_000
TOTALS = ("vegetation_area_m2", "biomass_kg", "carbon_kg", "co2_kg")
# streams of random numbers, each started by the seed and one of these
FACTORS, MASKS, GROUPS, IMAGES = range(4)


@dataclass(frozen=True)
class Estimates:
    """``images``: one row per image; ``totals``: rows by date for all images and, if there are any, for test images."""

    images: pd.DataFrame
    totals: pd.DataFrame


@dataclass(frozen=True)
class FactorDraws:
    """From area to carbon: nominal value first, then draws; float64 of shape (1 + draws,) each.

    ``biomass`` in kg m⁻²; ``carbon`` is biomass × carbon fraction, kg of carbon m⁻²; ``co2_per_carbon`` is exact.
    """

    biomass: np.ndarray
    carbon: np.ndarray
    co2_per_carbon: float


def estimate(
    vegetation: pd.DataFrame,
    images: pd.DataFrame,
    held_out: pd.DataFrame,
    factors: Mapping[str, object],
    pixel_area_m2: float | None = None,
    reading: str = "extent",
    draws: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    site: str = "NAME",
) -> Estimates:
    """Vegetation area and carbon of every image and of all together, with intervals by Monte Carlo.

    Vegetation area = ratio × mapped share × seen pixels × pixel area, the ratio of true to mapped pixels from the
    held-out images and their product cut at 1. Biomass = area × biomass per area; carbon = biomass × carbon fraction;
    CO2 = carbon × 3.667. These are computed once with the nominal factors: the estimate is not the mean of the draws,
    which cutting at 0 and 1 shifts. Each draw has one set of factors and one ratio for all images, and an error of each
    image's own (`mask_error.MaskError.draw`), so that a total keeps what its images have in common (JCGM 101:2008,
    propagation of distributions). Images whose mask is known are estimated as well.

    The numbers of an image are those of what it shows. Totals and ``carbon_whole_kg`` are those of the land: an image
    is scaled to the largest share that any image of its place shows (`seen_scale`), and left out where it shows less
    than ``MIN_SEEN`` of that. A total is that of one date: the sum over places of the mean of their images. The row
    ``mean`` is the sum over places of the mean over their dates; adding dates of the same land does not enlarge it.

    Parameters
    ----------
    vegetation : ``image, n_pixels, valid_fraction, mapped_fraction, density_fraction``, one row per image.
    images : ``image, date, place, split, group, pixel_area_m2``, at least of these images.
    held_out : metrics of the held-out images, as for `mask_error.holdout_images`.
    factors : ``biomass_kg_m2`` (kg m⁻²) and ``carbon_fraction``, each with ``value`` and ``standard_error``, and the
        number ``co2_per_carbon``. Draws are normal, cut at 0, and at 1 for the fraction.
    pixel_area_m2 : for images without georeference; None if there is none.
    reading : ``extent`` or ``density``: whether the mapped share is of pixels or of probability.
    draws : of the Monte Carlo.
    confidence : of the intervals, in (0, 1). An interval always holds its estimate.
    seed : of the draws.
    site : name for the message.

    Returns
    -------
    Estimates. ``images``: ``image_path, carbon_sequestration`` (kg of CO2)``, vegetation_area`` (m²)``, date, split,
    place, vegetation_fraction`` (of the seen part)``, valid_fraction, pixel_area_m2, vegetation_area_lower, …_upper,
    biomass_kg, biomass_lower_kg, biomass_upper_kg, carbon_kg, carbon_lower_kg, carbon_upper_kg,
    carbon_sequestration_lower, …_upper, carbon_whole_kg``; NaN where an image shows nothing.
    ``totals``: ``part, date`` (``mean``, then each month; ``undated`` where images have no dates)``, n_images,
    n_places`` that are counted, ``n_places_missing`` of the part's places, and ``vegetation_area_m2, biomass_kg,
    carbon_kg, co2_kg``, each followed by its ``_lower`` and ``_upper``.

    Raises
    ------
    InputError
        If an image has no pixel area, or the held-out images are too few.
    """
    table = _joined(vegetation, images, reading)
    table["pixel_area_m2"] = _pixel_areas(table, pixel_area_m2, site)
    error = mask_error(holdout_images(held_out, reading), draws, confidence, np.random.default_rng((seed, MASKS)))
    drawn = factor_draws(factors, draws, np.random.default_rng((seed, FACTORS)))
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    step = max(1, CHUNK // draws)
    scale = seen_scale(table["place"], table["valid_fraction"].where(table["mapped"].notna()))
    parcels = _parcels(table, scale)
    totals = np.zeros((len(parcels), 1 + draws))
    parts = []
    for start in range(0, len(table), step):
        rows = slice(start, start + step)
        areas = _area_draws(table.iloc[rows], error, seed, np.random.default_rng((seed, IMAGES, start)))
        known = np.where(np.isfinite(areas), areas, 0.0)
        for number, parcel in enumerate(parcels):
            chosen = slice(*np.searchsorted(parcel.rows, [start, start + step]))
            totals[number] += parcel.weights[chosen] @ known[parcel.rows[chosen] - start]
        parts.append(_bounds(areas, drawn, tails))
    numbers = {name: np.concatenate([part[name] for part in parts]) for name in TOTALS}
    known = np.isfinite(numbers["carbon_kg"][:, 0])
    bounds = _bounds(totals, drawn, tails)
    rows = [_total_row(parcel, {name: one[number] for name, one in bounds.items()})
            for number, parcel in enumerate(parcels)]  # fmt: skip
    fraction = np.where(known, error.corrected(table["mapped"].fillna(0.0)), np.nan)
    whole = numbers["carbon_kg"][:, 0] * scale
    return Estimates(_image_table(table, fraction, numbers, whole), pd.DataFrame(rows))


def seen_scale(places: pd.Series, seen: pd.Series, least: float = MIN_SEEN) -> np.ndarray:
    """Factor from the visible area of an image to the largest visible area of its place, float64 (n,).

    The part that an image does not show is taken to be like the part that it shows. NaN where it shows less than
    ``least`` of the largest share of its place. Images without a place are compared with one another.

    Parameters
    ----------
    places : text, shape (n,), empty or NaN where unknown.
    seen : float, shape (n,), in 0 to 1: share of the pixels that are seen; NaN where the image is of no use.
    least : smallest share of the largest one.
    """
    shares = seen.where(seen > 0).to_numpy("float64")
    most = pd.Series(shares).groupby(places.fillna("").to_numpy()).transform("max").to_numpy("float64")
    with np.errstate(invalid="ignore"):
        return np.where(shares >= least * most, most / shares, np.nan)


@dataclass(frozen=True)
class _Parcel:
    """Images that one total adds: its part and date, their rows and weights, and numbers of places."""

    part: str
    date: str
    rows: np.ndarray
    weights: np.ndarray
    n_places: int
    n_missing: int


def _parcels(table: pd.DataFrame, scale: np.ndarray) -> list[_Parcel]:
    """Totals to be made: for each part the mean over dates, then every date."""
    # each image without a place counts as separate land, except duplicates
    land = table["place"].fillna("").astype(str)
    land = land.where(land != "", "group " + table["group"].astype(str)).to_numpy()
    dates = table["date"].astype("string").str[:7]
    undated = dates.isna() | (dates == "")
    dates = dates.where(~undated, UNDATED).to_numpy(object)
    usable = np.isfinite(scale) & table["mapped"].notna().to_numpy()
    test = (table["split"] == "test").to_numpy()
    found = []
    for part, chosen in ((ALL, np.ones(len(table), bool)), (TEST, test)):
        rows = np.flatnonzero(chosen & usable)
        if part == TEST and not len(rows):
            continue
        counted = pd.DataFrame({"land": land[rows], "date": dates[rows]})
        # one place on one date counts once, even if several images show it
        each = counted.groupby(["land", "date"])["land"].transform("size").to_numpy("float64")
        n_dates = counted.groupby("land")["date"].transform("nunique").to_numpy("float64")
        n_land = len(np.unique(land[chosen]))

        def parcel(date: str, rows: np.ndarray, weights: np.ndarray, part: str = part, n_land: int = n_land) -> _Parcel:
            places = len(np.unique(land[rows]))
            return _Parcel(part, date, rows, weights * scale[rows], places, n_land - places)

        months = sorted(set(counted["date"]))
        if months != [UNDATED]:
            found.append(parcel(MEAN, rows, 1 / (each * n_dates)))
        for month in months or [UNDATED]:
            at = (counted["date"] == month).to_numpy()
            found.append(parcel(month, rows[at], 1 / each[at]))
    return found


def factor_draws(factors: Mapping[str, object], draws: int, rng: np.random.Generator) -> FactorDraws:
    """Nominal factors and draws of them.

    Parameters
    ----------
    factors : as for `estimate`.
    draws : number of draws; the arrays have one more, the nominal value in front.
    rng : random numbers.
    """
    biomass = _truncated(factors["biomass_kg_m2"], np.inf, draws, rng)
    fraction = _truncated(factors["carbon_fraction"], 1.0, draws, rng)
    return FactorDraws(biomass, biomass * fraction, float(factors["co2_per_carbon"]))


def _truncated(factor: Mapping[str, float], most: float, draws: int, rng: np.random.Generator) -> np.ndarray:
    value, error = float(factor["value"]), float(factor["standard_error"])
    if error == 0:
        return np.full(1 + draws, value)
    drawn = stats.truncnorm.rvs(-value / error, (most - value) / error, value, error, draws, random_state=rng)
    return np.concatenate([[value], drawn])


def _joined(vegetation: pd.DataFrame, images: pd.DataFrame, reading: str) -> pd.DataFrame:
    """Vegetation joined with the properties of each image; ``mapped`` is NaN if no pixel is visible."""
    unknown = sorted(set(vegetation["image"]) - set(images["image"]))
    if unknown:
        raise ValueError(f"{len(unknown)} images with a mask are not in the table of images, such as '{unknown[0]}'")
    known = images[["image", "date", "place", "split", "group", "pixel_area_m2"]]
    table = vegetation.merge(known, on="image", validate="one_to_one")
    table["mapped"] = table[COLUMNS[reading]].where(table["valid_fraction"] > 0)
    return table


def _pixel_areas(table: pd.DataFrame, default: float | None, site: str) -> np.ndarray:
    areas = table["pixel_area_m2"].astype("float64")
    if default is not None:
        areas = areas.fillna(float(default))
    missing = table["image"][areas.isna()]
    if len(missing):
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise InputError(
            f"carbon site '{site}': image {missing.iloc[0]}{others} has no ground area of a pixel (no "
            f"georeference in meters). Set carbon.sites.{site}.pixel_area_m2, in m² (100 for pixels of 10 m)."
        )
    return areas.to_numpy()


def _area_draws(table: pd.DataFrame, error: MaskError, seed: int, rng: np.random.Generator) -> np.ndarray:
    """Vegetation areas in m², shape (n, 1 + draws), the estimate in front; NaN where nothing was seen."""
    groups, number = np.unique(table["group"], return_inverse=True)
    # each group has its own random numbers, independent of the chunks
    draws = len(error.ratios)
    places = np.stack([np.random.default_rng((seed, GROUPS, int(one))).random(draws) for one in groups])[number]
    mapped = table["mapped"].fillna(0.0).to_numpy()
    shares = np.column_stack([error.corrected(mapped), error.draw(mapped, places, rng)])
    seen = (table["valid_fraction"] * table["n_pixels"] * table["pixel_area_m2"]).to_numpy("float64")
    shares *= np.where(table["mapped"].notna(), seen, np.nan)[:, None]
    return shares


def _bounds(areas: np.ndarray, drawn: FactorDraws, tails: list[float]) -> dict[str, np.ndarray]:
    """Estimate, lower and upper bound of each quantity of ``TOTALS``: float64, shape (n, 3)."""
    bounds = {}
    for name, factor in zip(TOTALS, (1.0, drawn.biomass, drawn.carbon), strict=False):
        numbers = areas * factor
        middle, (low, high) = numbers[:, 0], np.quantile(numbers[:, 1:], tails, axis=1)
        bounds[name] = np.stack([middle, np.minimum(low, middle), np.maximum(high, middle)], axis=1)
    bounds["co2_kg"] = bounds["carbon_kg"] * drawn.co2_per_carbon
    return bounds


def _total_row(parcel: _Parcel, bounds: dict[str, np.ndarray]) -> dict[str, object]:
    """Row of a total; its values are missing if no image is usable."""
    row: dict[str, object] = {"part": parcel.part, "date": parcel.date, "n_images": len(parcel.rows)}
    row |= {"n_places": parcel.n_places, "n_places_missing": parcel.n_missing}
    for name in TOTALS:
        numbers = bounds[name] if len(parcel.rows) else np.full(3, np.nan)
        row |= dict(zip([name, f"{name}_lower", f"{name}_upper"], numbers.tolist(), strict=True))
    return row


def _image_table(
    table: pd.DataFrame, fraction: np.ndarray, numbers: dict[str, np.ndarray], whole: np.ndarray
) -> pd.DataFrame:
    area, biomass, carbon, co2 = (numbers[name] for name in TOTALS)
    return pd.DataFrame(
        {
            "image_path": table["image"],
            "carbon_sequestration": co2[:, 0],
            "vegetation_area": area[:, 0],
            "date": table["date"],
            "split": table["split"],
            "place": table["place"],
            "vegetation_fraction": fraction,
            "valid_fraction": table["valid_fraction"],
            "pixel_area_m2": table["pixel_area_m2"],
            "vegetation_area_lower": area[:, 1],
            "vegetation_area_upper": area[:, 2],
            **dict(zip(["biomass_kg", "biomass_lower_kg", "biomass_upper_kg"], biomass.T, strict=True)),
            **dict(zip(["carbon_kg", "carbon_lower_kg", "carbon_upper_kg"], carbon.T, strict=True)),
            "carbon_sequestration_lower": co2[:, 1],
            "carbon_sequestration_upper": co2[:, 2],
            "carbon_whole_kg": whole,
        }
    )
