"""Keys and rules of a site of the carbon study."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from climate_indicators.config.models.base import (
    Group,
    Month,
    Seed,
    Site,
    Study,
    Text,
    list_of,
    number,
    optional,
    text,
    whole,
    without_effect,
)

FROM_FILES = (
    "images", "masks", "dates", "place_pattern", "ground_truth", "pixel_area_m2", "full_scale", "nodata",
    "vegetation_values", "unknown_values",
)  # fmt: skip
RGB = ["red", "green", "blue"]
NEEDED_BANDS = {"hsv": RGB, "excess_green": RGB, "ndvi": ["red", "near_infrared"]}

MaskValues = list_of(number(ge=-2147483648, le=4294967295), distinct=True, min_length=1)
PixelArea = number(gt=0, le=1000000000000, unit="m²")


class Dates(Group):
    """Dates of the images. null: unordered in time; no rate per year is computed."""

    pattern: text(min_length=1, example="_(?P<year>[0-9]{4})-(?P<month>[0-9]{2})") | None = None
    """Regular expression for file names, or else paths, with groups named year, month and, optionally, day."""
    table: Text | None = None
    """CSV table with a date for each image, used instead of a pattern."""
    image: Text = "image"
    """Column of the table with the image names."""
    date: Text = "date"
    """Column of the table with ISO dates."""


class GroundTruth(Group):
    """Measured carbon for comparison."""

    path: Text
    """CSV table, one image per row."""
    image: Text = "image"
    """Column of the image names."""
    carbon: Text = "carbon_kg"
    """Column of the carbon."""
    unit: Literal["kg", "t"] = "kg"
    """Unit of the carbon."""


class CarbonSimulation(Group):
    """Synthetic landscapes; filled in with `simulate` only."""

    places: whole(ge=3, le=10000) = 8
    """Number of places, each observed once a month."""
    size_px: whole(ge=32, le=20000, unit="px") = 96
    """Width and height of an image."""
    pixel_area_m2: PixelArea = 900
    """Ground area of a pixel."""
    first_month: Month = "2012-01"
    """First month."""
    months: whole(ge=36, le=192, unit="months") = 96
    """Number of months."""
    labeled_every: whole(ge=1, le=12000, unit="months") = 4
    """Interval at which a place has a mask."""
    seed: Seed = 5
    """Random seed of landscapes and weather."""


class CarbonSite(Site):
    """A set of images, or a table of carbon values."""

    SIMULATION = CarbonSimulation

    source: Literal["simulate", "files", "table"]
    """Origin of the data: `simulate` is synthetic data, `files` are your own images, `table` is a table of carbon
    values."""
    images: Text | None = None
    """Folder of the images (JPG, PNG, GeoTIFF), with subfolders. Subfolders named train and test define the split."""
    masks: Text | None = None
    """Folder of masks with the names of the images. Required with `labels.source: masks`."""
    vegetation_values: MaskValues | None = None
    """Mask values of vegetation, for masks of class numbers. null: masks of 0 and 1, or 0 and 255, where the larger
    value is vegetation."""
    unknown_values: MaskValues | None = None
    """Mask values of unknown ground, such as 255; not used for training or evaluation."""
    bands: list_of(whole(ge=1, le=10000), distinct=True, min_length=1) = [1, 2, 3]
    """Numbers of the bands that the network uses, from 1."""
    band_names: list_of(Text, distinct=True, min_length=1) = RGB
    """Names of these bands. Labels and figures use red, green, blue, and near_infrared for NDVI."""
    full_scale: number(gt=0, le=10000000000) | None = None
    """Number of full brightness. null: 255 for 8-bit images, 65535 for 16-bit images, 1 for floating point."""
    nodata: number() | None = None
    """Value of missing pixels in images that declare none."""
    pixel_area_m2: PixelArea | None = None
    """Ground area of a pixel, for images without georeference."""
    dates: Dates | None = None
    place_pattern: text(min_length=1, example="^(?P<place>[a-z0-9]+)_") | None = None
    """Regular expression for file names, or else paths, with a group named place. All images of a place are assigned to
    the same split."""
    ground_truth: GroundTruth | None = None
    table: Text | None = None
    """CSV table with one carbon value per row. Required with `table`."""
    value: Text = "carbon_sequestration"
    """Column of the values in the table."""
    date: Text | None = None
    """Column of the dates in the table. null: rows are unordered in time; no rate per year is computed."""
    place: Text | None = None
    """Column of the places in the table. With it, months are compared place by place; else monthly means are used."""
    quantity: Text = "carbon"
    """Name of the quantity in the table, for figures and text."""
    unit: Text = "kg"
    """Unit of the values in the table."""
    simulate: CarbonSimulation = optional()

    def problems(self, path: str, study: Study) -> Iterator[str]:
        """Problems of this site, one line each."""
        if self.source != "simulate" and self.simulate is not None:
            yield f"{path}.simulate: has no effect with source: {self.source}; remove it, or set source: simulate."
        if self.source != "files":
            yield from without_effect(path, self, FROM_FILES)
        if self.source == "table":
            if not self.table:
                yield f"{path}.table: missing; source: table needs it."
            return
        if self.table:
            yield f"{path}.table: has no effect with source: {self.source}; remove it, or set source: table."
        if self.source == "files":
            yield from self._files_problems(path, study.labels.source)
        yield from self._band_problems(path, study)

    def _files_problems(self, path: str, labels: str) -> Iterator[str]:
        if not self.images:
            yield f"{path}.images: missing; source: files needs the folder of the images."
        if labels == "masks" and not self.masks:
            yield (
                f"{path}.masks: missing; carbon.labels.source is masks. Name their folder, or take labels from hsv, "
                "excess_green or ndvi."
            )
        for name in ("masks", "vegetation_values", "unknown_values"):
            if labels != "masks" and getattr(self, name):
                yield f"{path}.{name}: has no effect with carbon.labels.source: {labels}; remove one of the two."
        both = [value for value in self.vegetation_values or () if value in (self.unknown_values or ())]
        if both:
            found = ", ".join(f"{value:g}" for value in both)
            yield f"{path}.unknown_values: {found} is also in vegetation_values; a number has one meaning."
        if self.dates and bool(self.dates.pattern) == bool(self.dates.table):
            yield f"{path}.dates: needs either a pattern or a table."
        if self.dates and self.dates.pattern:
            yield from _pattern_problems(f"{path}.dates.pattern", self.dates.pattern, ("year", "month"))
        if self.place_pattern:
            yield from _pattern_problems(f"{path}.place_pattern", self.place_pattern, ("place",))

    def _band_problems(self, path: str, study: Study) -> Iterator[str]:
        bands, names, weights = self.bands, self.band_names, study.network.encoder_weights
        if len(bands) != len(names):
            yield f"{path}.band_names: found {len(names)} names for {len(bands)} bands; name each band."
        if self.source == "simulate" and (bands != [1, 2, 3] or names != RGB):
            yield (
                f"{path}.bands: simulated images have the bands 1, 2, 3: red, green, blue; remove bands and band_names."
            )
        if weights != "none" and len(bands) != 3:
            yield (
                f"{path}.bands: found {len(bands)}; the weights '{weights}' are for three bands. Name three, or set "
                "carbon.network.encoder_weights to none."
            )
        if weights != "none" and len(bands) == 3 and names != RGB:
            yield (
                f"{path}.band_names: found {', '.join(names)}; the weights '{weights}' are for red, green, blue in "
                "this order. List bands and names so, such as bands: [3, 2, 1]."
            )
        needed = dict.fromkeys((*RGB, *NEEDED_BANDS.get(study.labels.source, ())))
        missing = [name for name in needed if name not in names]
        if missing:
            yield (
                f"{path}.band_names: {', '.join(missing)} missing; figures, and labels from {study.labels.source}, "
                "need the bands of these names."
            )


def _pattern_problems(path: str, pattern: str, groups: Sequence[str]) -> Iterator[str]:
    try:
        found = re.compile(pattern).groupindex
    except re.error as error:
        yield f"{path}: {pattern!r} is no regular expression ({error})."
        return
    for name in groups:
        if name not in found:
            yield f"{path}: {pattern!r} has no group named {name}; write it as (?P<{name}>…)."
