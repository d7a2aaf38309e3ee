"""Keys and rules of the glacier study."""

import datetime
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from climate_indicators.config.bands import bands_to_show, ratio_of
from climate_indicators.config.models.base import (
    Day,
    Fraction,
    Group,
    Probability,
    Seed,
    Site,
    Study,
    Text,
    Year,
    either,
    group,
    list_of,
    number,
    optional,
    sites_of,
    text,
    whole,
    without_effect,
)
from climate_indicators.config.models.download import GlacierArchive, Outlines, aoi_problems, archive_missing
from climate_indicators.config.models.segmentation import (
    BandFiles,
    Baselines,
    Network,
    OffsetDn,
    Prediction,
    ProcessingBaseline,
    Radiometry,
    Splits,
    UNetTraining,
    pool_problems,
)
from climate_indicators.core.block_limits import smallest_block_px
from climate_indicators.core.scene_paths import date_apart, repeated, scene_paths

SENTINEL2_SCALE = 1e-4
SIMULATED_BANDS = ("B02", "B03", "B04", "B08", "B11")
FROM_FILES = ("scenes", "outlines", "aoi", "aoi_layer", "dem", "band_names", "crs", "resolution_m")
NOT_FROM_ARCHIVE = ("scenes", "band_names", "simulate")

BandNames = list_of(Text, distinct=True, min_length=1)
TwoBands = list_of(str, distinct=True, min_length=2, max_length=2)
Tile = either(text=Text, group=BandFiles)


class GlacierScene(Group):
    """One image per year. Required with `files`."""

    year: Year
    """Year of the scene, at most one scene per year."""
    date: Day | None = None
    """Date of the scene, in its year or the one before or after. Required with `radiometry.sentinel2_baseline`."""
    tiles: list_of(Tile, distinct=True, min_length=1, example=["west.tif", "east.tif"])
    """Tiles that together cover the scene: rasters with all bands, folders (Sentinel-2 SAFE, Landsat, or files named by
    band), or groups of band and file. Where tiles overlap, the first clear one with all bands is used."""
    cloud_mask: either(text=Text, list=list_of(Text, min_length=1)) | None = None
    """Raster that is 0 where the scene is clear; or SCL, QA_PIXEL or Fmask (HLS), recognized by name; or a list with
    one raster per tile."""
    offset_dn: OffsetDn | None = None
    """Offset of this scene, instead of that of the site, added to every digital number before scaling."""
    processing_baseline: ProcessingBaseline | None = None
    """Processing baseline of a Sentinel-2 scene, used instead of its date; from 04.00 on, numbers include +1000."""
    boa_offset_applied: bool = False
    """True if the archive already removed the +1000 of Sentinel-2 L2A numbers from 2022-01-25 on."""

    def date_problems(self, path: str, radiometry: Radiometry) -> Iterator[str]:
        """A date that is missing, no day, or of another year."""
        if self.date is None:
            if self._needs_date(radiometry):
                yield (
                    f"{path}.date: missing for year {self.year}; radiometry.sentinel2_baseline needs it to know "
                    "whether the numbers include +1000. Add the date, or set sentinel2_baseline: false for other "
                    "images."
                )
            return
        try:
            day = datetime.date.fromisoformat(self.date)
        except ValueError as error:
            yield f"{path}.date: found {self.date}, which is no day of the calendar ({error})."
        else:
            yield from date_apart(f"{path}.date", day, self.year)

    def _needs_date(self, radiometry: Radiometry) -> bool:
        """Whether only the date can say that the numbers of the scene carry the offset of Sentinel-2."""
        said = self.boa_offset_applied or self.offset_dn is not None or self.processing_baseline is not None
        others = radiometry.scale not in (None, SENTINEL2_SCALE) or radiometry.offset_dn is not None
        baseline = radiometry.sentinel2_baseline
        return not said and (bool(baseline) or (baseline is None and not others))


class GlacierSimulation(Group):
    """The synthetic valley; filled in with `simulate` only."""

    size_px: whole(ge=128, le=20000, unit="px") = 640
    """Width and height."""
    resolution_m: number(gt=0, le=100000, unit="m") = 20
    """Pixel size of the tiles and of the site's grid."""
    first_year: Year = 2016
    """First year with an image."""
    last_year: Year = 2024
    """Last year with an image."""
    cloudy_year: Year | None = 2020
    """Year whose image is half covered by clouds. null: none."""
    seed: Seed = 7
    """Random seed of terrain, glaciers and weather."""

    def problems(self, path: str, site: Site) -> Iterator[str]:
        """Years that do not go together, and bands that are not simulated."""
        years = range(self.first_year, self.last_year + 1)
        spoken = f"the simulated years are {self.first_year} to {self.last_year}"
        if not years:
            yield (
                f"{path}.simulate.first_year: found {self.first_year}, later than last_year ({self.last_year}); "
                "exchange them."
            )
        elif site.reference_year not in years:
            yield f"{path}.reference_year: found {site.reference_year}; {spoken}; choose one."
        if self.cloudy_year is not None and self.cloudy_year not in years:
            yield f"{path}.simulate.cloudy_year: found {self.cloudy_year}; {spoken}; null is none."
        if self.cloudy_year == site.reference_year:
            yield (
                f"{path}.simulate.cloudy_year: found {self.cloudy_year}, which is the reference year, the one the "
                "network learns from; choose another year for one of them."
            )
        unknown = [band for band in site.bands if band not in SIMULATED_BANDS]
        if unknown:
            yield f"{path}.bands: found {', '.join(unknown)}; the simulated bands are {', '.join(SIMULATED_BANDS)}."


class GlacierSite(Site):
    """A glacier or a region."""

    SIMULATION = GlacierSimulation

    source: Literal["simulate", "files", "archive"]
    """Origin of the images: `simulate` is synthetic data, `files` are your own images, `archive` downloads scenes."""
    reference_year: Year
    """Year of the outlines. The network learns from the scene of this year."""
    bands: BandNames = ["B02", "B03", "B04", "B08", "B11"]
    """Names of the bands that the network uses, in this order."""
    terrain_bands: list_of(Literal["elevation", "slope"], distinct=True) = []
    """Additional channels from the elevation model."""
    crs: text(min_length=1, example="EPSG:32644") | None = None
    """Projected coordinate reference system of the site's grid, in meters. null: UTM zone of the area of interest."""
    resolution_m: number(gt=0, le=100000, unit="m") | None = None
    """Pixel size of the site's grid. Required with `files`; null means 10 with `archive`."""
    aoi: Text | None = None
    """Vector file of the area of interest. null: whole extent of the tiles."""
    aoi_layer: Text | None = None
    """Layer of the area of interest, for files with several. null: the only one."""
    outlines: Outlines | None = None
    dem: Text | None = None
    """Elevation model, any raster in meters. Required for `terrain_bands`."""
    band_names: BandNames | None = None
    """Band names of the tiles in file order, for tiles without band descriptions. null reads the descriptions."""
    radiometry: Radiometry = group(Radiometry)
    scenes: list[GlacierScene] = []
    """One entry per year. Required with `files`."""
    archive: GlacierArchive | None = None
    split_seed: Seed = 0
    """Random seed for assigning blocks to training, validation and test."""
    simulate: GlacierSimulation = optional()

    def problems(self, path: str, study: "Glacier") -> Iterator[str]:
        """Problems of this site, one line each."""
        if self.source == "simulate":
            yield from without_effect(path, self, FROM_FILES)
            yield from self.simulate.problems(path, self)
        elif self.source == "archive":
            yield from self._archive_problems(path)
        else:
            yield from self._files_problems(path)
        if self.source != "simulate" and self.terrain_bands and self.dem is None:
            yield (
                f"{path}.terrain_bands: {', '.join(self.terrain_bands)} needs an elevation model; name one in "
                f"{path}.dem, or empty the list."
            )
        if self.archive is not None and self.source != "archive":
            yield f"{path}.archive: has no effect with source: {self.source}; remove it, or set source: archive."
        if self.outlines is not None:
            yield from self.outlines.problems(path, self.aoi)
        yield from aoi_problems(path, self)
        yield from self._band_problems(path, study)

    def _archive_problems(self, path: str) -> Iterator[str]:
        yield from without_effect(path, self, NOT_FROM_ARCHIVE)
        if not self.outlines:
            yield f"{path}.outlines: missing; source: archive needs the outlines of the reference year."
        elif self.aoi is None and not self.outlines.archive:
            yield f"{path}.aoi: missing; without it only outlines of an inventory (outlines.archive) define the area."
        missing = archive_missing(path, self.archive)
        yield from [missing] if missing else self.archive.problems(path, self)

    def _files_problems(self, path: str) -> Iterator[str]:
        if self.simulate is not None:
            yield f"{path}.simulate: has no effect with source: files; remove it, or set source: simulate."
        for name, example in (
            ("scenes", "a list, one entry a year"),
            ("outlines", "with a path, or an archive"),
            ("resolution_m", "such as 10"),
        ):
            if not getattr(self, name):
                yield f"{path}.{name}: missing; source: files needs it ({example})."
        years = Counter(scene.year for scene in self.scenes)
        for year, count in years.items():
            if count > 1:
                yield (
                    f"{path}.scenes: year {year} is named {count} times; name each year once, and list all tiles of a "
                    "year in its one entry."
                )
        if years and self.reference_year not in years:
            yield (
                f"{path}.reference_year: found {self.reference_year}, but no scene has that year; the scenes have "
                f"{', '.join(map(str, sorted(years)))}."
            )
        for position, scene in enumerate(self.scenes):
            yield from scene.date_problems(f"{path}.scenes[{position}]", self.radiometry)
        dem = [(f"{path}.dem", self.dem)] if self.dem else []
        yield from repeated([*scene_paths(f"{path}.scenes", map(vars, self.scenes), "tiles", "cloud_mask"), *dem])

    def _band_problems(self, path: str, study: "Glacier") -> Iterator[str]:
        shown, ratio = bands_to_show(self.bands, study.figures.rgb), ratio_of(self.bands, study.baselines.ratio)
        for name, used in (("figures.rgb", shown), ("baselines.ratio", ratio or [])):
            missing = [band for band in used if band not in self.bands]
            if missing:
                yield (
                    f"glacier.{name}: found band {', '.join(missing)}, but {path}.bands lists {', '.join(self.bands)}. "
                    "Name bands of that list, or set it to null."
                )
        missing = [band for band in self.bands if self.band_names and band not in self.band_names]
        if missing:
            yield (
                f"{path}.bands: found {', '.join(missing)}, but {path}.band_names says that the tiles have "
                f"{', '.join(self.band_names)}."
            )


class Scenes(Group):
    """Mosaicking of tiles to one image per year."""

    resampling: Literal["nearest", "bilinear", "cubic"] = "bilinear"
    """Resampling of tiles to the site's grid."""


class Patches(Splits):
    """Samples for training, validation and test."""

    size_px: whole(ge=16, le=8192, unit="px") = 128
    """Width and height of a patch; a multiple of 2**network.depth."""
    stride_px: whole(ge=1, le=8192, unit="px") = 64
    """Distance between adjacent patches. If it is smaller than the patch, patches overlap."""
    block_px: whole(ge=16, le=100000, unit="px") = 256
    """Width and height of a block. Each block is assigned as a whole to training, validation or test."""
    gap_px: whole(ge=0, le=100000, unit="px") = 16
    """Unused pixels between blocks, so that training, validation and test do not touch."""

    def problems(self, path: str, network: Network) -> Iterator[str]:
        """Sizes that do not go together."""
        yield from network.multiple_problems(f"{path}.size_px", self.size_px)
        if self.stride_px > self.size_px:
            yield (
                f"{path}.stride_px: found {self.stride_px}, more than the patch size {self.size_px}: pixels between "
                "patches would never be used. Make it at most the patch size."
            )
        smallest = smallest_block_px(self.size_px, self.gap_px)
        if self.block_px < smallest:
            yield (
                f"{path}.block_px: found {self.block_px}; in addition to its gap ({self.gap_px}), a block must hold "
                f"half a patch ({self.size_px}). Make it at least {smallest}."
            )
        yield from self.share_problems(path)


class GlacierBaselines(Baselines):
    """Simple methods that the network is compared with on the same blocks."""

    ratio: either(text=text(pattern="^auto$", example="auto"), list=TwoBands) | None = "auto"
    """Two bands whose ratio, first over second, is thresholded. null thresholds the brightness, the mean of all bands.
    auto: B04 over B11 for sites that have both, else the brightness."""


class Area(Group):
    """Glacier areas and their intervals."""

    confidence: Probability = 0.95
    """Confidence level of the intervals of areas and trend."""
    band_m: number(ge=1, le=5000, unit="m") = 50
    """Height of the elevation bands of `area_by_elevation.csv`."""
    buffer_px: number(gt=0, le=1000, unit="px") = 0.5
    """Half width of the buffer around an outline that gives the boundary-buffer uncertainty."""
    min_valid_fraction: Fraction = 0.8
    """Years with a smaller valid fraction of the area of interest are flagged and left out of the trend."""
    min_glacier_km2: number(ge=0, le=1000000, unit="km²") = 0.02
    """Smaller predicted polygons are left out of the outlines."""


class Trend(Group):
    """Significance of trends."""

    significance: Probability = 0.05
    """A trend is significant if its p-value is below this."""


class GlacierFigures(Group):
    """Figures and animations."""

    rgb: list_of(str, min_length=3, max_length=3) | None = None
    """Bands shown as red, green and blue. null: B04, B03, B02, or red, green, blue, or the first three bands, or the
    first one in gray."""
    seconds_per_frame: number(gt=0, le=600, unit="s") = 0.8
    """Time per year in the animation."""
    each_site: bool = True
    """False leaves out the figures of single sites, for runs with thousands of sites."""


class Glacier(Study):
    """The glacier study. Without this section it is not run."""

    sites: sites_of(GlacierSite)
    """Glaciers or regions by name. Names have lower-case letters, digits and underscores."""
    scene_table: text(min_length=1, example="scenes.csv") | None = None
    """CSV table with scenes of sites, one tile per row. Columns: `site`, `year`, `tile`, optional keys of scenes."""
    scenes_per_job: whole(ge=1, le=1000, unit="years") = 1
    """Years of a site that one job processes, in blocks of the calendar (10: decades). More years mean fewer jobs."""
    scenes: Scenes = group(Scenes)
    patches: Patches = group(Patches)
    network: Network = group(Network)
    training: UNetTraining = group(UNetTraining)
    baselines: GlacierBaselines = group(GlacierBaselines)
    prediction: Prediction = group(Prediction)
    area: Area = group(Area)
    trend: Trend = group(Trend)
    figures: GlacierFigures = group(GlacierFigures)

    def problems(self, path: str) -> Iterator[str]:
        """Problems of the study and its sites, one line each."""
        yield from self.patches.problems(f"{path}.patches", self.network)
        yield from self.prediction.window_problems(path, self.network)
        yield from self.training.warmup_problems(path)
        yield from pool_problems(path, self, ("bands", "terrain_bands"))
        for name, site in self.sites.items():
            yield from site.problems(f"{path}.sites.{name}", self)
