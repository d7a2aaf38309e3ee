"""Keys and rules of everything that is downloaded."""

import datetime
from collections.abc import Iterator, Sequence
from typing import Literal

from climate_indicators.config.models.base import (
    Address,
    Addresses,
    Day,
    Fraction,
    Group,
    Sha256,
    Site,
    Text,
    Year,
    list_of,
    map_of,
    number,
    text,
    whole,
)
from climate_indicators.config.seasons import archive_years, check_day
from climate_indicators.core.errors import InputError
from climate_indicators.core.glacier_identifiers import GLIMS_ID, region_of
from climate_indicators.core.stac_catalogs import CLASSES, OPTICAL, OTHER, RADAR, Catalog, find_catalog

SceneClasses = list_of(whole(ge=0, le=11), distinct=True)
AssetNames = map_of(Text, example={"B04": "red", "SCL": "scl"})
MonthDay = text(pattern="^[0-9]{2}-[0-9]{2}$")


class Archives(Group):
    """Data sources, timeouts and retries. Timeouts and retries never make results out of date."""

    open_meteo: Address = "https://archive-api.open-meteo.com/v1/archive"
    """Open-Meteo archive API for daily weather. An API key is read from the environment variable `OPEN_METEO_KEY`."""
    rgi6: Addresses = [
        "https://cluster.klima.uni-bremen.de/~oggm/rgi/www.glims.org/RGI/rgi60_files",
        "https://www.glims.org/RGI/rgi60_files",
    ]
    """Folders with the regional files of the Randolph Glacier Inventory 6.0: one address, or a list tried in order.
    The first is the mirror of OGGM."""
    rgi7: Addresses = ["https://daacdata.apps.nsidc.org/pub/DATASETS/nsidc0770_rgi_v7/regional_files/RGI2000-v7.0-G"]
    """Folders with the regional files of the Randolph Glacier Inventory 7.0: one address, or a list tried in order.
    The login comes from `~/.netrc`, or a token from the environment variable `EARTHDATA_TOKEN`, which is sent to NASA
    and NSIDC only."""
    glims: Addresses = ["https://www.glims.org/geoserver/GLIMS/ows"]
    """Web feature services of the GLIMS glacier database: one address, or a list tried in order."""
    sha256: dict[str, Sha256] = {}
    """SHA-256 of regional files by file name, such as `15_rgi60_SouthAsiaEast.zip`. Other files are refused."""
    tries: whole(ge=1, le=1000) = 6
    """Maximum number of attempts per request. A download that resumes starts counting again."""
    backoff_s: number(gt=0, le=86400, unit="s") = 2
    """Wait after the first failure; doubled after each further one, plus up to 25 % at random."""
    longest_wait_s: number(gt=0, le=86400, unit="s") = 300
    """Maximum wait between two attempts. If a server asks for a longer one, the job ends."""
    connect_s: number(gt=0, le=86400, unit="s") = 20
    """Maximum time to connect."""
    read_s: number(gt=0, le=86400, unit="s") = 60
    """Maximum time without data. A download with less than 1000 bytes per second over this time also ends."""
    request_s: number(gt=0, le=86400, unit="s") = 900
    """Maximum time of a request with its whole answer; for a download, until data arrive."""
    search_s: number(gt=0, le=604800, unit="s") = 3600
    """Maximum time of a search with all pages of its answer (at most 1000)."""


class StacArchive(Group):
    """Optical scenes (Sentinel-2 L2A) from a STAC catalog."""

    catalog: Literal["planetary_computer", "earth_search", "cdse", "other"] = "planetary_computer"
    """Catalog of optical scenes. `other` needs `endpoint` and `collection`."""
    endpoint: Address | None = None
    """Address of the STAC API of optical scenes. null: that of the catalog."""
    collection: Text | None = None
    """Collection of optical scenes. null: that of the catalog."""
    assets: AssetNames = {}
    """Asset names of optical scenes by band, in addition to those of the catalog; `SCL` is the scene classification."""
    tokens: Address | None = None
    """Address that issues access tokens for optical files. A key, if needed, is read from `PC_SDK_SUBSCRIPTION_KEY`.
    null: that of the catalog."""
    first_year: Year | None = None
    """First year. Required."""
    last_year: Year | None = None
    """Last year. Required."""
    skip_years: list_of(Year, distinct=True) = []
    """Years that are left out."""
    max_cloud: Fraction = 0.8
    """Optical scenes whose tiles all have a higher cloud cover are not examined. The selection itself uses the clear
    fraction inside the area of interest."""
    min_valid: number(gt=0, le=1) = 0.7
    """Minimum clear fraction of the area of interest in an optical scene, from its scene classification."""
    masked: SceneClasses = [0, 1, 3, 8, 9, 10]
    """Scene classes that are masked. Default: no data, defective, cloud shadow, clouds, cirrus."""
    offset_applied: bool | None = None
    """Whether the archive already removed the offset of +1000 of baseline 04.00. null: decided from the pixels of each
    tile and, if they show nothing, from its metadata."""

    @property
    def years(self) -> list[int]:
        """Years of the site's images."""
        return archive_years(vars(self))

    def find(self, sensor: str) -> Catalog:
        """The catalog of a sensor, with what the configuration says otherwise; an InputError if there is none."""
        prefix = "radar_" if sensor == RADAR else ""
        options = {name: getattr(self, f"{prefix}{name}") for name in ("endpoint", "collection", "assets", "tokens")}
        return find_catalog(getattr(self, f"{prefix}catalog"), sensor, **options)

    def year_problems(self, path: str) -> Iterator[str]:
        """Years in the wrong order, or none."""
        if self.first_year > self.last_year:
            yield (
                f"{path}.first_year: found {self.first_year}, later than last_year ({self.last_year}); exchange them."
            )
        elif not self.years:
            yield (
                f"{path}.skip_years: all years from {self.first_year} to {self.last_year} are left out; keep at least "
                "one."
            )
        if 0 not in self.masked:
            yield f"{path}.masked: 0, the class without data, must be one of them."


class GlacierArchive(StacArchive):
    """Selection of one image per year. Required with `archive`."""

    season_first: MonthDay = "08-15"
    """First day of the season for scenes, month and day: late in the melt season, before new snow."""
    season_last: MonthDay = "10-31"
    """Last day of the season. A season that includes the new year belongs to the year in which it ends."""
    tolerance: Fraction = 0.05
    """Scenes whose clear fractions differ by less are considered equally clear; the one with least snow is taken, then
    the latest."""
    missing_years: Literal["stop", "best"] = "stop"
    """If no scene of a year reaches `min_valid`: `stop` ends the run and lists the scenes; `best` takes the clearest
    one, which is later flagged as cloudy."""
    composite: Literal["none", "median"] = "none"
    """`none` takes one overpass; `median` takes the median of each pixel over several, for places with frequent
    clouds."""
    composite_scenes: whole(ge=2, le=1000) = 6
    """Maximum number of overpasses in a median."""

    def problems(self, path: str, site: Site) -> Iterator[str]:
        """Problems of the selection for a glacier site."""
        here = f"{path}.archive"
        yield from self.year_problems(here)
        if self.years and site.reference_year not in self.years:
            yield (
                f"{path}.reference_year: found {site.reference_year}, but the archive's years are "
                f"{', '.join(map(str, self.years))}; choose one of them, the one of the outlines."
            )
        for name in ("season_first", "season_last"):
            try:
                check_day(getattr(self, name))
            except ValueError as error:
                yield f"{here}.{name}: found {getattr(self, name)}, which is no day of the calendar ({error})."
        yield from self._band_problems(path, site.bands)

    def _band_problems(self, path: str, bands: Sequence[str]) -> Iterator[str]:
        try:
            catalog = self.find(OPTICAL)
        except InputError as error:
            yield f"{path}.archive.catalog: {error}"
            return
        unknown = [band for band in (*bands, CLASSES) if band not in catalog.assets]
        if self.catalog != OTHER and unknown:
            known = [band for band in catalog.assets if band != CLASSES]
            yield (
                f"{path}.bands: found {', '.join(unknown)}; {self.catalog} has {', '.join(known)}. Take bands of "
                f"that list, or name their assets in {path}.archive.assets."
            )


class SnowArchive(StacArchive):
    """Selection of radar and optical scenes. Required with `archive`."""

    radar_catalog: Literal["planetary_computer", "other"] = "planetary_computer"
    """Catalog of terrain-corrected Sentinel-1 scenes. `other` needs `radar_endpoint` and `radar_collection`."""
    radar_endpoint: Address | None = None
    """Address of the STAC API of radar scenes. null: that of the catalog."""
    radar_collection: Text | None = None
    """Collection of radar scenes. null: that of the catalog."""
    radar_assets: map_of(Text, example={"VV": "vv", "VH": "vh"}) = {}
    """Asset names of radar scenes by band, in addition to those of the catalog."""
    radar_tokens: Address | None = None
    """Address that issues access tokens for radar files. null: that of the catalog."""
    min_valid: number(gt=0, le=1) = 0.6
    """Minimum clear fraction of the area of interest in an optical scene, from its scene classification."""
    resolution_m: number(gt=0, le=100000, unit="m") = 20
    """Pixel size of the scenes and of the site's grid."""
    crs: text(min_length=1, example="EPSG:32644") | None = None
    """Projected coordinate reference system of the scenes, in meters. null: the UTM zone of the area of interest."""
    orbits: list_of(whole(ge=1, le=175), distinct=True) = []
    """Relative orbits of radar scenes; empty means all. Scenes of different orbits are never mosaicked."""
    optical_per_month: whole(ge=1, le=1000) = 3
    """Maximum number of optical scenes per month, the clearest first; of equally clear ones, those closest to radar
    scenes."""

    def problems(self, path: str) -> Iterator[str]:
        """Problems of the selection for a snow site."""
        yield from self.year_problems(f"{path}.archive")
        for sensor, name in ((OPTICAL, "catalog"), (RADAR, "radar_catalog")):
            try:
                self.find(sensor)
            except InputError as error:
                yield f"{path}.archive.{name}: {error}"


def archive_missing(path: str, archive: StacArchive | None) -> str | None:
    """The problem of a site with ``source: archive`` that does not say which years are downloaded."""
    if archive is None or None in (archive.first_year, archive.last_year):
        return f"{path}.archive: missing; source: archive needs it, at least first_year and last_year."
    return None


class Outlines(Group):
    """Glacier outlines of the reference year: a file (`path`) or an inventory (`archive`). Required with `files`."""

    path: Text | None = None
    """Vector file of polygons, or a zip file with one, in any format of GDAL and any reference system."""
    layer: text(min_length=1, example="outlines") | None = None
    """Layer of the outlines, for files with several. null: the only one."""
    archive: Literal["rgi6", "rgi7", "glims"] | None = None
    """Inventory from which outlines are downloaded: Randolph Glacier Inventory 6.0 or 7.0, or GLIMS."""
    ids: list_of(Text, distinct=True, example=["RGI60-15.02578"]) = []
    """Identifiers of glaciers in the inventory. Empty: all glaciers that intersect the area of interest."""
    region: whole(ge=1, le=19) | None = None
    """Region of the Randolph Glacier Inventory. null: that of `ids`."""
    file: Text | None = None
    """Local copy of the inventory file, zipped or not, used instead of a download."""
    margin_m: number(ge=0, le=1000000, unit="m") = 2000
    """Without an area of interest, the site is the bounding box of the outlines plus this margin."""
    id_field: text(example="RGIId") | None = None
    """Column with the glacier's name; polygons with the same name are one glacier. null numbers the polygons."""
    where: text(example="RGIId = 'RGI60-15.03733'") | None = None
    """SQL condition that selects outlines. null: all that intersect the area of interest."""

    def problems(self, path: str, aoi: str | None) -> Iterator[str]:
        """Problems of the outlines of a site with this area of interest."""
        here = f"{path}.outlines"
        if bool(self.path) == bool(self.archive):
            found = "both are given" if self.archive else "neither is given"
            yield f"{here}: path and archive: {found}; name a file (path) or an inventory (archive)."
            return
        used, unused = ("archive", ("id_field", "where")) if self.archive else ("path", ("ids", "region", "file"))
        for name in unused:
            if getattr(self, name):
                yield f"{here}.{name}: has no effect with {used}; remove it."
        if self.archive:
            yield from self._inventory_problems(here, path, aoi)

    def _inventory_problems(self, here: str, path: str, aoi: str | None) -> Iterator[str]:
        if self.layer and not self.file:
            yield f"{here}.layer: has no effect without path or file; remove it."
        if not self.ids and aoi is None:
            yield f"{here}.ids: empty, and {path}.aoi is null; name glaciers, or an area of interest."
        downloaded = self.archive != "glims" and not self.file
        if downloaded and not self.ids and self.region is None:
            yield f"{here}.region: missing; without ids it is needed to choose the file of {self.archive}."
        if self.region is not None and (self.archive == "glims" or self.ids):
            yield f"{here}.region: has no effect with {'ids' if self.ids else 'archive: glims'}; remove it."
        if self.archive == "glims":
            for one in self.ids:
                if GLIMS_ID.fullmatch(one) is None:
                    yield f"{here}.ids: '{one}' is no identifier of GLIMS; expected one such as G079064E30878N."
        elif self.ids:
            try:
                region_of(self.archive, self.ids)
            except InputError as error:
                yield f"{here}.ids: {error}"


class DownloadedWeather(Group):
    """Daily weather that is downloaded for a place and period."""

    archive: Literal["open_meteo"]
    """Archive of daily weather."""
    first: Day
    """First day. Means of preceding days need data before the first image."""
    last: Day
    """Last day; the archive is about five days behind."""
    latitude: number(ge=-90, le=90, unit="°") | None = None
    """Latitude of the place. null: center of the area of interest."""
    longitude: number(ge=-180, le=180, unit="°") | None = None
    """Longitude of the place, east positive. null: center of the area of interest."""
    timezone: Text = "auto"
    """Time zone of the days: `auto` is that of the place, `GMT` is UTC, or a name such as Asia/Kathmandu."""
    model: Text | None = None
    """Reanalysis, such as `era5_land`. null: the best one at the place."""

    def problems(self, path: str, site: Site) -> Iterator[str]:
        """Problems of the weather of a snow site."""
        here, days = f"{path}.weather", {}
        for name in ("first", "last"):
            try:
                days[name] = datetime.date.fromisoformat(getattr(self, name))
            except ValueError as error:
                yield f"{here}.{name}: found {getattr(self, name)}, which is no day of the calendar ({error})."
        if len(days) == 2 and days["first"] > days["last"]:
            yield f"{here}.first: found {self.first}, later than last ({self.last}); exchange them."
        if None in (self.latitude, self.longitude) and site.aoi is None:
            yield f"{here}.latitude, longitude: missing, and {path}.aoi is null, so there is no center; add them."
        if site.columns:
            yield f"{path}.columns: has no effect with weather that is downloaded; remove it."


def aoi_problems(path: str, site: Site) -> Iterator[str]:
    """A layer of an area of interest that is not given."""
    if site.aoi_layer and site.aoi is None:
        yield f"{path}.aoi_layer: has no effect without {path}.aoi; remove it, or name the file of the area."
