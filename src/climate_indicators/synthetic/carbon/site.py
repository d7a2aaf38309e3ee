"""A simulated region of landscapes: its pictures and masks, month by month, and the tables of its truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from climate_indicators.synthetic.carbon.landscapes import Place, cover_of, make_place
from climate_indicators.synthetic.carbon.render import picture
from climate_indicators.synthetic.carbon.series import (
    MEASURED_ERROR,
    biomass_of_places,
    make_design,
    planted_numbers,
    planted_series,
)


@dataclass(frozen=True)
class SyntheticImage:
    """One place in one month.

    Attributes
    ----------
    name : ``PLACE_YYYY-MM``.
    picture : uint8, shape (size, size, 3), red, green, blue.
    mask : bool, shape (size, size), vegetation that is seen.
    labeled : whether the month is one of those with a mask for users.
    record : ``date, place, vegetation_fraction`` (of the seen pixels), ``valid_fraction, carbon_kg`` (true).
    """

    name: str
    picture: np.ndarray
    mask: np.ndarray
    labeled: bool
    record: dict[str, str | float]


class SyntheticCarbonSite:
    """Places of one region, each seen once per month.

    Parameters
    ----------
    places : number of places, 1 or more.
    size_px : side of a picture, in pixels.
    pixel_area_m2 : area of a pixel.
    first_month : ``YYYY-MM``.
    months : length of the record, 36 to 192.
    labeled_every : months from one mask of a place to its next one; staggered by place and by year.
    seed : seed of the synthetic site.
    biomass_kg_m2 : nominal biomass of vegetation; the true one is 3 % above it, and differs between places.
    carbon_fraction : of biomass, the true one too.
    """

    def __init__(
        self,
        places: int,
        size_px: int,
        pixel_area_m2: float,
        first_month: str,
        months: int,
        labeled_every: int,
        seed: int,
        biomass_kg_m2: float = 0.5,
        carbon_fraction: float = 0.47,
    ) -> None:
        self.design = make_design(places, first_month, months, seed)
        self.biomass_kg_m2 = biomass_of_places(places, biomass_kg_m2, seed)
        self._size, self._pixel_area, self._fraction = size_px, pixel_area_m2, carbon_fraction
        self._every, self._seed = labeled_every, seed

    @property
    def n_images(self) -> int:
        """Places times months."""
        return len(self.places) * len(self.design.months)

    @cached_property
    def places(self) -> list[Place]:
        """All places, in order of their number."""
        return [make_place(number, self._size, self._seed) for number in range(len(self.biomass_kg_m2))]

    def rendered(self, number: int, month: int) -> SyntheticImage:
        """Place ``number`` in month ``month``, both from 0."""
        place, date = self.places[number], self.design.months[month]
        cover = cover_of(place, self.design, month, self._seed)
        name, seen = f"place{number + 1:0{len(str(len(self.places)))}}", place.seen.sum()
        record = {
            "date": str(date),
            "place": name,
            "vegetation_fraction": cover.vegetation.sum() / seen,
            "valid_fraction": seen / place.seen.size,
            "carbon_kg": cover.vegetation.sum() * self._kg_per_pixel[number],
        }
        return SyntheticImage(
            name=f"{name}_{date}",
            picture=picture(place, cover, date, month, self._seed),
            mask=cover.vegetation,
            labeled=(month + number + month // 12) % self._every == 0,
            record=record,
        )

    def series(self, images: pd.DataFrame) -> pd.DataFrame:
        """Carbon of a mean image of each month, true and designed.

        Parameters
        ----------
        images : ``date, carbon_kg`` of all images.

        Returns
        -------
        Table ``month, carbon_kg`` and the columns of `planted_series`.
        """
        full_cover = np.array([place.seen.sum() for place in self.places]) * self._kg_per_pixel
        planted = planted_series(self.design, full_cover)
        planted.insert(1, "carbon_kg", planted.month.map(images.groupby("date").carbon_kg.mean()))
        return planted

    def planted(self, images: pd.DataFrame) -> dict[str, float | int | str]:
        """Planted trend, season, disturbance, factors, error of measurements, and the total of ``images``."""
        return planted_numbers(self.series(images)) | {
            "biomass_kg_m2": round(float(self.biomass_kg_m2.mean()), 9),
            "carbon_fraction": self._fraction,
            "pixel_area_m2": self._pixel_area,
            "measurement_relative_error": MEASURED_ERROR,
            "total_carbon_kg": float(images.carbon_kg.sum()),
        }

    @property
    def _kg_per_pixel(self) -> np.ndarray:
        return self.biomass_kg_m2 * self._fraction * self._pixel_area
