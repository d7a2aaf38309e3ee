"""Keys and rules of a site of the ocean study."""

from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Literal

from climate_indicators.config.downloads import FILE_NAME, download_name
from climate_indicators.config.models.base import (
    Addresses,
    Count,
    Group,
    Month,
    Seed,
    Sha256,
    Site,
    Text,
    Texts,
    group,
    number,
    optional,
    text,
    without_effect,
)

FROM_FILES = ("files", "downloads", "variables", "mask", "climatology", "cell_edges")


class Variable(Group):
    """A variable of the files."""

    name: Text
    """Name of the variable in the files."""
    files: Texts = []
    """Files with this variable. Empty: the site's `files`."""
    unit: text(min_length=1, example="umol kg-1") | None = None
    """Unit of the values. null reads the attribute `units`."""


class Variables(Group):
    """Names of the variables. Required with `files`: sst, dic, alk, and one of fco2, pco2 or salinity."""

    sst: Variable = optional()
    """Sea surface temperature."""
    dic: Variable = optional()
    """Dissolved inorganic carbon; `dissic` of climate models."""
    alk: Variable = optional()
    """Total alkalinity; `talk` of climate models."""
    fco2: Variable = optional()
    """Fugacity of CO2. If absent, pco2 is used, or it is computed from temperature, salinity, carbon and alkalinity."""
    pco2: Variable = optional()
    """Partial pressure of CO2; `spco2` of climate models."""
    salinity: Variable = optional()
    """Practical salinity."""
    mld: Variable = optional()
    """Mixed-layer depth."""
    ice: Variable = optional()
    """Fraction of sea ice."""


class Mask(Group):
    """Variable that is nonzero in the ocean. null: points with data."""

    name: Text
    """Name of the variable, such as `tmask`."""
    files: Texts = []
    """Files with this variable. Empty: the site's `files`."""


class CellEdges(Group):
    """Sizes of the grid points. null: computed from the coordinates."""

    x: text(unit="m") | None = None
    """Variable of the width, such as `e1t`."""
    y: text(unit="m") | None = None
    """Variable of the height, such as `e2t`."""
    area: text(unit="m²") | None = None
    """Variable of the area, such as `areacello`, used instead of width and height."""
    files: Texts = []
    """Files with these variables. Empty: the site's `files`."""


class Coordinates(Group):
    """Names and interpretation of the coordinates. null: found from attributes and usual names."""

    lat: str | None = None
    """Variable of the latitude."""
    lon: str | None = None
    """Variable of the longitude, in any convention."""
    time: str | None = None
    """Variable of the time."""
    files: Texts = []
    """Files with the positions of the points, such as `ocean_static.nc` of MOM6, if the data files have only axes."""
    time_stamp: Literal["start", "middle", "end"] | None = None
    """What time stamps mark: `start`, `middle` or `end` of the month. null: the bounds of the time, or the month of the
    stamp."""
    surface: Literal["first", "last"] | None = None
    """Position of the surface along the levels. null: found from the values of the levels."""


class Download(Group):
    """Files to download, which `files` then names."""

    url: Addresses
    """Address of the file, or a list of addresses of the same file, tried in order."""
    sha256: Sha256 | None = None
    """SHA-256 of the file; other files are refused. null: only the length is checked."""
    name: text(pattern="^[^/.][^/]*$", example="fields.nc, without a slash or a first dot") | None = None
    """Name for `files`, without folders. null: last part of the address."""


class BiomeName(Group):
    """Names of biomes, used instead of the proposed ones."""

    label: Count
    """Number of the biome."""
    name: Text
    """Name of the biome."""


class OceanSimulation(Group):
    """The synthetic ocean; filled in with `simulate` only."""

    resolution_deg: number(gt=0, le=5, unit="°") = 1
    """Grid spacing; 180 must be a multiple of it."""
    drift_deg_per_decade: number(ge=-90, le=90, unit="° per decade") = 3
    """Poleward movement of the subtropical fronts; ice edges and upwelling move accordingly."""
    dic_umol_kg_per_decade: number(ge=-10000, le=10000, unit="µmol/kg per decade") = 3
    """Carbon uptake of all water; it makes fCO2 more sensitive everywhere."""
    seed: Seed = 3
    """Random seed of fronts and eddies."""


class OceanSite(Site):
    """A data set of monthly fields."""

    SIMULATION = OceanSimulation

    source: Literal["simulate", "files"]
    """Origin of the fields: `simulate` is synthetic data, `files` are your own fields."""
    first_month: Month
    """First month of the study, year and month in quotes."""
    last_month: Month
    """Last month of the study. All months between the two are needed."""
    reference_month: Month
    """Month in which the biomes are defined. The network learns from it."""
    files: Texts = []
    """NetCDF files or Zarr folders of all variables without `files` of their own. Patterns such as `year_*.nc` are
    allowed."""
    downloads: list[Download] = []
    variables: Variables = group(Variables)
    mask: Mask | None = None
    cell_edges: CellEdges | None = None
    coordinates: Coordinates = group(Coordinates)
    climatology: bool = False
    """True if the files hold twelve calendar months without a year; use one year in all months of the site."""
    density_kg_m3: number(gt=0, le=100000, unit="kg/m³") = 1025
    """Density used to convert carbon per volume to carbon per mass."""
    names: list[BiomeName] = []
    simulate: OceanSimulation = optional()

    def problems(self, path: str, with_salinity: bool) -> Iterator[str]:
        """Problems of this site, one line each; ``with_salinity``: salinity is a driver of the regression."""
        first, last, reference = self.first_month, self.last_month, self.reference_month
        if first > last:
            yield f"{path}.first_month: found {first}, later than last_month ({last}); exchange them."
        elif not first <= reference <= last:
            yield f"{path}.reference_month: found {reference}; the months are {first} to {last}; choose one of them."
        for label, count in Counter(entry.label for entry in self.names).items():
            if count > 1:
                yield f"{path}.names: biome {label} is named {count} times; keep one."
        if self.source == "simulate":
            yield from without_effect(path, self, FROM_FILES)
            step = self.simulate.resolution_deg
            if abs(180 / step - round(180 / step)) > 1e-9:
                yield f"{path}.simulate.resolution_deg: found {step:g}; 180 must be a multiple, such as 1 or 0.25."
            return
        if self.simulate is not None:
            yield f"{path}.simulate: has no effect with source: files; remove it, or set source: simulate."
        yield from self._variable_problems(path, with_salinity)
        yield from self._download_problems(path)
        if self.cell_edges and not (self.cell_edges.area or (self.cell_edges.x and self.cell_edges.y)):
            yield f"{path}.cell_edges: needs x and y, or area."

    def _groups(self) -> dict[str, Group]:
        """Groups that may name files, by their key."""
        variables = {f"variables.{name}": value for name, value in self.variables}
        groups = {**variables, "mask": self.mask, "cell_edges": self.cell_edges}
        return {name: value for name, value in groups.items() if value is not None}

    def _variable_problems(self, path: str, with_salinity: bool) -> Iterator[str]:
        given = {name for name, value in self.variables if value is not None}
        for name in ("sst", "dic", "alk"):
            if name not in given:
                yield f"{path}.variables.{name}: missing; fCO2 is regressed on sst, dic and alk."
        if not {"fco2", "pco2", "salinity"} & given:
            yield f"{path}.variables: neither fco2 nor pco2 is named, nor salinity, for computing fCO2; add one."
        if with_salinity and "salinity" not in given:
            yield f"{path}.variables.salinity: missing; name it, or set ocean.regression.salinity to false."
        for name, value in self._groups().items():
            if not (value.files or self.files):
                yield f"{path}.{name}.files: empty, and so is {path}.files; name the NetCDF files that hold it."

    def _download_problems(self, path: str) -> Iterator[str]:
        """Downloads with the same name, or that nothing reads."""
        read = {name for one in [self, *self._groups().values(), self.coordinates] for name in one.files}
        for name, count in Counter(download_name(vars(one)) for one in self.downloads).items():
            if not FILE_NAME.fullmatch(name):
                yield (
                    f"{path}.downloads: a file would be called {name!r}; expected a name without folders and control "
                    "characters that does not begin with a dot. Give it one (name)."
                )
            if count > 1:
                yield f"{path}.downloads: {count} files are called {name}; names must be unique (name)."
            if not any(name == one or fnmatch(name, one) for one in read):
                yield f"{path}.downloads: nothing reads {name}; name it in {path}.files, or in the files of a variable."
