"""Monthly vegetation of the simulated landscapes, and the resulting carbon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from climate_indicators.synthetic.noise import stream

# shares of the pixels that are seen, means over the places; a mean of about 0.45 follows from them
FOREST_START, FOREST_PER_YEAR = 0.345, 0.0069
CROPS_WINTER, CROPS_SUMMER = 0.04, 0.20
SNOW_MIDWINTER = 0.03
LOST = 0.068
PEAK_MONTH = 7
# spread between the places, as a share of the mean
FOREST_SPREAD, CROPS_SPREAD, LOST_SPREAD, BIOMASS_SPREAD = 0.15, 0.2, 0.15, 0.06
WEATHER = 0.04  # standard deviation of a growing season's green area, as a share of it
CLOUD_CHANCE, CLOUD_COVER = 0.25, (0.02, 0.12)
TRUE_TO_NOMINAL_BIOMASS = 1.03
MEASURED_SHARE, MEASURED_ERROR = 0.4, 0.05  # images with a measurement, and its relative standard deviation
MIN_RECORD, MAX_RECORD, LAST_UNDISTURBED = 36, 192, 18  # months; later the forest would have no land left


@dataclass(frozen=True)
class Design:
    """Shares of the seen pixels, in 0…1, one row per place and one column per month; clouds are not among them.

    Attributes
    ----------
    months : datetime64[M], shape (months,).
    forest : forest as it would be without the disturbance.
    lost : part of it that the disturbance took.
    crops : green crops in a mean year.
    weather : what this year's growing season adds to ``crops``, mean 0.
    snow : vegetation that lies under snow.
    disturbance : number of the month of the disturbance.
    """

    months: np.ndarray
    forest: np.ndarray
    lost: np.ndarray
    crops: np.ndarray
    weather: np.ndarray
    snow: np.ndarray
    disturbance: int

    @property
    def calendar(self) -> np.ndarray:
        """Calendar month of every month, int, shape (months,), 1…12."""
        return self.months.astype("int64") % 12 + 1

    @property
    def vegetation(self) -> np.ndarray:
        """Vegetation to be seen where no cloud is, shape (places, months)."""
        return self.forest - self.lost + self.crops + self.weather - self.snow


def make_design(places: int, first_month: str, months: int, seed: int) -> Design:
    """Design of a synthetic site.

    Parameters
    ----------
    places : number of places, 1 or more; three of four are disturbed.
    first_month : ``YYYY-MM``.
    months : length of the record, 36 to 192.
    seed : seed of the synthetic site.

    Raises
    ------
    ValueError
        If the record is too short to hold a disturbance with months enough on both its sides, or too long.
    """
    if not MIN_RECORD <= months <= MAX_RECORD:
        raise ValueError(f"a record of landscapes takes {MIN_RECORD} to {MAX_RECORD} months; it has {months}")
    dates = np.datetime64(first_month, "M") + np.arange(months)
    disturbance = min(round(months * 2 / 3), months - LAST_UNDISTURBED - 1)
    start = _spread(places, FOREST_START, FOREST_SPREAD, stream(seed, "forest of places"))
    summer = _spread(places, CROPS_SUMMER, CROPS_SPREAD, stream(seed, "crops of places"))
    angle = 2 * np.pi * (dates.astype("int64") % 12 + 1 - PEAK_MONTH) / 12
    crops = CROPS_WINTER + (summer - CROPS_WINTER)[:, None] * (0.5 + 0.5 * np.cos(angle)) ** 1.2
    years = dates.astype("datetime64[Y]").astype("int64")
    yearly = WEATHER * stream(seed, "weather").standard_normal((places, np.ptp(years) + 1))
    return Design(
        months=dates,
        forest=start[:, None] + FOREST_PER_YEAR * np.arange(months) / 12,
        lost=_losses(places, seed)[:, None] * (np.arange(months) >= disturbance),
        crops=crops,
        weather=crops * (yearly - yearly.mean())[:, years - years[0]],
        snow=np.tile(SNOW_MIDWINTER * (0.5 - 0.5 * np.cos(angle)) ** 4, (places, 1)),
        disturbance=disturbance,
    )


def biomass_of_places(places: int, nominal: float, seed: int) -> np.ndarray:
    """True biomass of the vegetation of each place, kg/m², with a mean slightly above the nominal one."""
    return _spread(places, nominal * TRUE_TO_NOMINAL_BIOMASS, BIOMASS_SPREAD, stream(seed, "biomass of places"))


def planted_series(design: Design, full_cover_kg: np.ndarray) -> pd.DataFrame:
    """Designed carbon of a mean image, and its parts, which add up to it.

    Clouds hide a part of every image whose mean is known; all parts are what clouds of that mean leave to be seen.

    Parameters
    ----------
    design : shares of each place and month.
    full_cover_kg : float, shape (places,), carbon of an image of each place if all its seen pixels were vegetation.

    Returns
    -------
    Table ``month, planted_kg, trend_kg, season_kg, disturbance_kg``, one row per month. ``trend_kg`` holds the level;
    ``season_kg`` has mean 0 over a calendar year.
    """
    weight = full_cover_kg / len(full_cover_kg) * (1 - CLOUD_CHANCE * np.mean(CLOUD_COVER))
    season = weight @ (design.crops - design.snow)
    level = season[:12].mean()
    trend, lost = weight @ design.forest + level, 0.0 - weight @ design.lost
    columns = {
        "month": design.months.astype(str),
        "planted_kg": trend + (season - level) + lost,
        "trend_kg": trend,
        "season_kg": season - level,
        "disturbance_kg": lost,
    }
    return pd.DataFrame(columns)


def planted_numbers(series: pd.DataFrame) -> dict[str, float | int | str]:
    """Trend, season and disturbance of a table of `planted_series`, as single numbers.

    Returns
    -------
    ``trend_kg_per_year``, ``season_amplitude_kg`` (half of peak to trough), ``season_peak_month`` (1…12),
    ``disturbance_month`` (the first month after it, ``YYYY-MM``) and ``disturbance_kg`` (below 0).
    """
    year = series.iloc[:12]
    first = int(np.argmax(series.disturbance_kg.to_numpy() < 0))
    return {
        "trend_kg_per_year": 12 * float(series.trend_kg.diff().mean()),
        "season_amplitude_kg": float(np.ptp(year.season_kg)) / 2,
        "season_peak_month": int(year.month[year.season_kg.idxmax()][5:]),
        "disturbance_month": str(series.month[first]),
        "disturbance_kg": float(series.disturbance_kg[first]),
    }


def measurements(images: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Carbon as measured on the ground: a part of the images, each with an error in proportion to its carbon.

    Parameters
    ----------
    images : ``image, date, carbon_kg`` (true), one row per image.
    seed : seed of the synthetic site.

    Returns
    -------
    Table of the same three columns, kg.
    """
    rng = stream(seed, "measurements")
    chosen = rng.random(len(images)) < MEASURED_SHARE
    error = 1 + MEASURED_ERROR * rng.standard_normal(len(images))
    measured = images[["image", "date", "carbon_kg"]].assign(carbon_kg=images.carbon_kg * np.maximum(error, 0))
    return measured[chosen].reset_index(drop=True)


def _losses(places: int, seed: int) -> np.ndarray:
    """Share that each place loses: nothing in every fourth one, and the designed mean over all."""
    hit = np.arange(places) % 4 != 3
    losses = np.zeros(places)
    losses[hit] = _spread(int(hit.sum()), LOST * places / hit.sum(), LOST_SPREAD, stream(seed, "losses of places"))
    return losses


def _spread(count: int, mean: float, spread: float, rng: np.random.Generator) -> np.ndarray:
    """Values evenly spaced around exactly their mean, in random order."""
    even = np.linspace(-1, 1, count) if count > 1 else np.zeros(1)
    return mean * (1 + spread * rng.permutation(even))
