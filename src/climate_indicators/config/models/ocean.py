"""Keys and rules of the ocean study."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import Field

from climate_indicators.config.models.base import (
    Count,
    Fraction,
    Group,
    Name,
    Probability,
    Study,
    Text,
    group,
    list_of,
    number,
    sites_of,
    whole,
)
from climate_indicators.config.models.ocean_site import OceanSite

Latitudes = list_of(number(), min_length=2, max_length=2, unit="°N")
NonNegative = number(ge=0, le=1000000)


class Points(Group):
    """Limits of values; points outside them are left out of the whole analysis. null: no limit."""

    dic_min: number(ge=0, le=1000000, unit="µmol/kg") | None = 1500
    """Minimum dissolved inorganic carbon."""
    alk_min: number(ge=0, le=1000000, unit="µmol/kg") | None = 1700
    """Minimum alkalinity."""
    sst_max: number(ge=-100, le=1000, unit="°C") | None = 40
    """Maximum temperature."""
    fco2_max: number(ge=0, le=1000000, unit="µatm", example=500) | None = None
    """Maximum fCO2 in all months. The published limit, for pre-industrial fields, is 500."""
    fco2_max_ratio: number(ge=1, le=1000, unit="1") | None = 1.8
    """Maximum fCO2 as a multiple of the month's median by area, which rises with that of the atmosphere."""


class Cells(Group):
    """Cells in latitude and longitude, each with its own regression."""

    size: number(gt=0, le=1000) = 2
    """Width and height of a cell, in `unit`."""
    unit: Literal["degrees", "points"] = "degrees"
    """Unit of sizes. `points` is for grids with rows and columns of latitude and longitude."""
    margin: number(ge=0, le=1000) = 0
    """Distance around the cell within which its regression uses points, in `unit`. The published method has none."""
    min_points: whole(ge=1, le=100000000) | None = None
    """Cells with at least this many points of their own do not use the margin. null: all cells use it."""


class Regression(Group):
    """Regression of fCO2 on its drivers in each cell and month."""

    max_p: number(gt=0, le=1) = 0.04
    """Cells are used if the slopes of temperature, carbon and alkalinity all have at most this p-value."""
    min_points: whole(ge=5, le=100000000) = 5
    """Cells with fewer points are not fitted."""
    salinity: bool = False
    """Whether salinity is an additional driver. Its slope is saved but not used for biomes."""


class PublishedCut(Group):
    """Parameter grid of the published method (`mode: published`)."""

    delta_dist: list_of(NonNegative, min_length=1) = [20, 25, 28, 30]
    """Minimum differences of Ward heights."""
    delta_var: list_of(NonNegative, min_length=1) = [0.1, 0.5, 0.8, 1.0]
    """Minimum differences of variances."""
    scale: bool = True
    """Whether heights are scaled to the number of cells; the published values are for 10725."""


class DensityCut(Group):
    """Parameter grid of the method by density (`mode: density`)."""

    max_density_ratio: list_of(number(gt=0, le=1), min_length=1) = [0.5, 0.6, 0.7, 0.8]
    """Maximum density between two groups, relative to the lower of their peaks."""
    compactness: list_of(NonNegative, min_length=1) = [0.0, 0.3, 0.5]
    """A group whose features all have at most this spread, relative to that of all cells, is not divided."""
    min_share: number(ge=0, le=0.5) = 0.01
    """Minimum fraction of the cells in a biome."""
    consolidate: bool = True
    """Whether cells at group borders move to the nearest mean (k-means that starts from the cut)."""


class Biomes(Group):
    """Clustering of the slopes of the reference month to biomes."""

    mode: Literal["density", "published"] = "density"
    """Method that cuts the tree: `density` by density minima between groups, `published` by the published rules."""
    criterion: Literal["silhouette", "gap", "stability"] = "silhouette"
    """Criterion that selects one of the cuts of the parameter grid."""
    published: PublishedCut = group(PublishedCut)
    density: DensityCut = group(DensityCut)
    bootstraps: whole(ge=0, le=100000) = 10
    """Number of resampled trees for the stability of each cut."""


class ClassifierGrid(Group):
    """Hyperparameters that are compared by cross-validation on the training cells."""

    batch_size: list_of(whole(ge=1, le=65536), min_length=1) = [16, 32, 64]
    """Cells per step."""
    optimizer: list_of(Literal["adam", "sgd"], min_length=1) = ["adam", "sgd"]
    """Optimizers."""
    learning_rate: list_of(number(gt=0, le=100), min_length=1) = [0.01, 0.001]
    """Learning rates."""


class Shares(Group):
    """Fractions of the cells, or blocks, for training, validation and test."""

    train: Probability = 0.64
    """Fraction used for training."""
    validation: Probability = 0.16
    """Fraction used to stop the training and to calibrate."""
    test: Probability = 0.2
    """Fraction held out for the skill scores."""


class Classifier(Group):
    """The network that assigns cells of other months to the biomes."""

    layers: list_of(whole(ge=1, le=65536), min_length=1) = [64, 128, 256, 128, 64]
    """Neurons of the hidden layers."""
    l2: NonNegative = 0.01
    """Weight of the squared weights in the loss."""
    dropout: number(ge=0, lt=1) = 0.5
    """Fraction of neurons that are dropped in training."""
    epochs: Count = 50
    """Maximum number of passes over the training cells."""
    patience: Count = 5
    """Training stops after this many epochs without a better validation loss."""
    grid: ClassifierGrid = group(ClassifierGrid)
    folds: whole(ge=2, le=1000) = 5
    """Number of folds of the cross-validation."""
    n_neighbors: list_of(Count, min_length=1) = [5, 15, 45]
    """Numbers of neighbors that the nearest-neighbor baseline compares."""
    split: Literal["random", "blocks"] = "blocks"
    """Units assigned to training, validation and test: single cells as published (`random`), or whole blocks."""
    block_deg: number(gt=0, le=180, unit="°") = 10
    """Width and height of a block."""
    shares: Shares = group(Shares)
    abstain_below: Fraction = 0.5
    """Cells whose most likely biome has a lower probability stay unclassified."""


class Zone(Group):
    """Regions for which coverage is reported, in addition to the whole ocean. Default: the four published regions."""

    name: Name
    """Name in tables."""
    title: Text
    """Name in figures."""
    lat: Latitudes | None = None
    """Southern and northern border. null: all latitudes."""
    lon: list_of(list_of(number(), min_length=2, max_length=2), unit="°E") | None = None
    """Intervals of longitude, from west to east. null: all longitudes."""
    file: Text | None = None
    """Vector file of polygons, used instead of borders."""
    layer: str | None = None
    """Layer of that file. null: the only one."""
    where: str | None = None
    """SQL condition that selects polygons."""

    def problems(self, here: str) -> Iterator[str]:
        """Borders that are wrong, doubled or missing."""
        if self.file and (self.lat or self.lon):
            yield f"{here}: has borders and a file of polygons; remove one of them."
        if not (self.file or self.lat or self.lon):
            yield f"{here}: has neither lat, lon nor file; it would be the whole ocean, which is always reported."
        if self.lat:
            yield from _latitude_problems(f"{here}.lat", self.lat)
        for west, east in self.lon or ():
            if not (-180 <= west <= 360 and -180 <= east <= 360) or west == east or east - west > 360:
                yield (
                    f"{here}.lon: found [{west:g}, {east:g}]; expected a western and an eastern border within −180 and "
                    "360, not more than 360 degrees apart."
                )


class MidlatitudeBand(Group):
    """Latitude bands in which subtropical and subpolar biomes are compared."""

    name: Name
    """Name in tables."""
    title: Text
    """Name in figures."""
    lat: Latitudes
    """Southern and northern border."""

    def problems(self, here: str) -> Iterator[str]:
        """Borders that are wrong."""
        yield from _latitude_problems(f"{here}.lat", self.lat)


def _latitude_problems(path: str, lat: Sequence[float]) -> Iterator[str]:
    if not -90 <= lat[0] < lat[1] <= 90:
        yield f"{path}: found {lat}; expected a southern and a northern border within −90 and 90."


class OceanTrend(Group):
    """Intervals and significance of trends."""

    confidence: Probability = 0.95
    """Confidence level of the intervals of trends."""
    significance: Probability = 0.05
    """A trend is significant if its p-value, adjusted for the number of zones and biomes, is below this."""


class OceanFigures(Group):
    """The animation."""

    seconds_per_frame: number(gt=0, le=600, unit="s") = 0.3
    """Time per month in the animation."""


def _zone(name: str, title: str, lat: list[float], lon: list[list[float]] | None = None) -> dict[str, Any]:
    return {"name": name, "title": title, "lat": lat, "lon": lon}


ZONES = [
    _zone("arctic", "Arctic Ocean", [70, 90]),
    _zone("north_atlantic", "North Atlantic", [10, 70], [[-75, 0]]),
    _zone("equatorial_pacific", "Equatorial Pacific", [-10, 10], [[105, 180], [-180, -80]]),
    _zone("southern_ocean", "Southern Ocean", [-90, -45]),
]
MIDLATITUDE_BANDS = [
    {"name": "north", "title": "30–50° N", "lat": [30, 50]},
    {"name": "south", "title": "50–30° S", "lat": [-50, -30]},
]


class Ocean(Study):
    """The ocean study. Without this section it is not run."""

    sites: sites_of(OceanSite)
    """Data sets by name. Names have lower-case letters, digits and underscores."""
    months_per_job: whole(ge=1, le=12000) = 12
    """Months that one job reads. Jobs run in parallel, and memory does not grow with their number."""
    points: Points = group(Points)
    cells: Cells = group(Cells)
    regression: Regression = group(Regression)
    biomes: Biomes = group(Biomes)
    classifier: Classifier = group(Classifier)
    zones: list[Zone] = Field(ZONES, validate_default=True)
    midlatitude_balance: list[MidlatitudeBand] = Field(MIDLATITUDE_BANDS, validate_default=True)
    trend: OceanTrend = group(OceanTrend)
    figures: OceanFigures = group(OceanFigures)

    def problems(self, path: str) -> Iterator[str]:
        """Problems of the study and its sites, one line each."""
        shares = self.classifier.shares.model_dump()
        if abs(sum(shares.values()) - 1) > 1e-6:
            found = " + ".join(f"{name} {value:g}" for name, value in shares.items())
            yield f"{path}.classifier.shares: {found} make {sum(shares.values()):g}; they must make 1."
        for group_name, entries in (("zones", self.zones), ("midlatitude_balance", self.midlatitude_balance)):
            for name, count in Counter(entry.name for entry in entries).items():
                if count > 1:
                    yield f"{path}.{group_name}: the name {name} is used {count} times; names must be unique."
            for position, entry in enumerate(entries):
                yield from entry.problems(f"{path}.{group_name}[{position}] ({entry.name})")
        if any(zone.name == "global" for zone in self.zones):
            yield f"{path}.zones: the name global is that of the whole ocean, which is always reported; choose another."
        for name, site in self.sites.items():
            yield from site.problems(f"{path}.sites.{name}", self.regression.salinity)
