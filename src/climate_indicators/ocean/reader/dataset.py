"""A user's ocean data set, read month by month in the units of the study on one grid."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.carbonate_system import fco2, fco2_from_pco2
from climate_indicators.ocean.reader.coordinates import Grid, first_of_each
from climate_indicators.ocean.reader.coverage_period import study_months
from climate_indicators.ocean.reader.grid import Positions, cell_areas, find_positions, mask_of, orient
from climate_indicators.ocean.reader.points import filter_points
from climate_indicators.ocean.reader.sources import ANNUAL, CALENDAR, Files, Source, find_source, read_field
from climate_indicators.ocean.reader.survey import Survey, look_through
from climate_indicators.ocean.reader.units import QUANTITIES

_LOG = logging.getLogger(__name__)
_REQUIRED = ("sst", "dic", "alk")
# share of points both with data outside a mask, and without data inside, from which it is warned of
_SHIFTED = 0.05


@dataclass
class OceanData:
    """An open data set. Use it in a ``with`` block, which closes its files.

    Attributes
    ----------
    lat, lon : float64, shape (y, x), degrees, longitudes in −180 to 180 (180 excluded).
    ocean : bool, shape (y, x): points of the ocean, each stored point once.
    area_m2 : float64, shape (y, x), m².
    rectilinear : whether latitude depends on the row alone and longitude on the column alone.
    months : "YYYY-MM", the months of the study.
    annual_only : quantities that the files hold without time: the same field every month.
    calendar_only : quantities that they hold as twelve months, the same every year of a series; none of a climatology.
    computed_fco2 : whether fCO2 is computed from the other fields.
    needed : quantities without which a point has no data: sst, dic, alk, and what gives fCO2.
    """

    lat: np.ndarray
    lon: np.ndarray
    ocean: np.ndarray
    area_m2: np.ndarray
    rectilinear: bool
    months: list[str]
    annual_only: list[str]
    calendar_only: list[str]
    computed_fco2: bool
    needed: tuple[str, ...]
    _sources: dict[str, Source]
    _files: Files
    _density: float
    _positions: Positions

    @classmethod
    def open(cls, settings: Mapping[str, Any], ocean: np.ndarray | None = None) -> OceanData:
        """Find the variables, their months and their grid, and check the first month; `survey` reads the others.

        Parameters
        ----------
        settings : of one site, as the config has them: ``files``, ``variables`` (by quantity: ``name``, ``files``,
            ``unit``; sst, dic, alk and either fco2, pco2 or salinity are needed, mld and ice welcome), and, each
            optional, ``mask`` (``name``, ``files``: not zero in the ocean), ``cell_edges`` (``x``, ``y`` in meters or
            ``area`` in m², ``files``), ``coordinates`` (names by ``lat``, ``lon``, ``time``; ``files``, ``time_stamp``,
            ``surface``), ``climatology``, ``first_month``, ``last_month``, ``density_kg_m3``.
        ocean : bool, shape (y, x): points of the ocean as found before, so that all jobs of a study use the same; None
            finds them, and warns of all that may be wrong in how the files are read.

        Raises
        ------
        InputError
            If something is missing, there twice, not understood or not plausible; the message says what and where.
        """
        files = Files()
        try:
            return _open(cls, settings, files, ocean)
        except BaseException:
            files.close()
            raise

    def __enter__(self) -> OceanData:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        self._files.close()

    def read(self, month: str, limits: Mapping[str, float | None] | None = None) -> dict[str, np.ndarray]:
        """Fields of one month: float64, shape (y, x), in the study's units, NaN outside the ocean.

        Parameters
        ----------
        month : one of ``months``.
        limits : limits of `points.filter_points`, which is then applied; None for no filter.

        Returns
        -------
        ``sst``, ``dic``, ``alk``, ``fco2``, and those of ``salinity``, ``mld``, ``ice`` that the files have.

        Raises
        ------
        InputError
            If a unit is not understood, or a field is none of an ocean.
        """
        return self.read_month(month, limits)[0]

    def read_month(
        self, month: str, limits: Mapping[str, float | None] | None = None, also_needed: Sequence[str] = ()
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Fields as `read` gives them, and where there are data at all, before any filter.

        Parameters
        ----------
        month, limits : see `read`.
        also_needed : further quantities without which a point has no data, such as a further driver.

        Returns
        -------
        The fields, and bool, shape (y, x): points that have all quantities that are needed.
        """
        fields = {}
        for quantity, source in self._sources.items():
            fields[quantity] = np.where(
                self.ocean, read_field(source, self._files, month, self._density, self.ocean), np.nan
            )
        present = np.isfinite(np.stack([fields[name] for name in (*self.needed, *also_needed)])).all(axis=0)
        if "pco2" in fields:
            fields["fco2"] = fco2_from_pco2(fields.pop("pco2"), fields["sst"])
        if limits is not None:
            fields = filter_points(fields, self.area_m2, **limits)
        if self.computed_fco2:
            fields["fco2"] = fco2(*(fields[name] for name in ("sst", "salinity", "dic", "alk")))
            if limits is not None:
                fields = filter_points(fields, self.area_m2, **limits)
        if not present.any():
            _LOG.info("%s: no point of the ocean has all values; the month is missing", month)
        elif not np.isfinite(fields["fco2"]).any():
            _LOG.warning(
                "%s: no point of the ocean has all values within the limits of ocean.points; all is unclassified", month
            )
        return {name: fields[name] for name in QUANTITIES if name in fields}, present

    def survey(self) -> Survey:
        """Read all months once: available and missing data, and their interpretation; see `survey.look_through`."""
        return look_through(self._sources, self._files, self.months, self.ocean, self._density, self._positions.found)

    def inspect(self) -> pd.DataFrame:
        """Table of `survey`."""
        return self.survey().table


def _open(cls: type[OceanData], settings: Mapping[str, Any], files: Files, known_ocean: np.ndarray | None) -> OceanData:
    sources = _find_sources(settings, files)
    months = study_months(settings, sources)
    positions = find_positions(settings, sources["sst"].layouts[0], files)
    grid = positions.grid
    orient(sources, positions, settings, files)
    density = float(settings.get("density_kg_m3") or 1025.0)
    ocean = _ocean(settings, sources, files, grid, months, density) if known_ocean is None else known_ocean
    data = cls(
        lat=grid.lat,
        lon=grid.lon,
        ocean=ocean,
        area_m2=cell_areas(settings, sources["sst"].layouts[0], grid, files),
        rectilinear=grid.rectilinear,
        months=months,
        annual_only=[name for name, source in sources.items() if source.cadence == ANNUAL],
        calendar_only=[]
        if settings.get("climatology")
        else [name for name, source in sources.items() if source.cadence == CALENDAR],
        computed_fco2=not {"fco2", "pco2"} & set(sources),
        needed=(*_REQUIRED, next(name for name in ("fco2", "pco2", "salinity") if name in sources)),
        _sources=sources,
        _files=files,
        _density=density,
        _positions=positions,
    )
    for source in sources.values():
        read_field(source, files, months[0], density, ocean)
    # only the survey job gives warnings; later jobs would repeat them
    level = logging.WARNING if known_ocean is None else logging.INFO
    for warning in _warnings(data, sources, bool(settings.get("climatology"))):
        _LOG.log(level, "%s", warning)
    return data


def _warnings(data: OceanData, sources: Mapping[str, Source], climatology: bool) -> list[str]:
    """Warnings about the interpretation of the files, each once for all variables and files."""
    said: dict[str, list[str]] = {}
    for quantity, source in sources.items():
        for layout in source.layouts:
            for warning in (*layout.warnings, *(() if climatology else layout.of_series)):
                said.setdefault(warning, []).append(f"variables.{quantity} ({layout.where})")
    warnings = [
        f"{places[0]}{f' and {len(places) - 1} more' * (len(places) > 1)}: {text}" for text, places in said.items()
    ]
    warnings += data._positions.warnings
    if unusable := data._positions.grid.unusable_bounds:
        warnings.append(
            f"{data._positions.found}: the bounds {', '.join(unusable)} are not the borders of the points and are not "
            "used for their areas; borders are taken half-way between points."
        )
    if data.annual_only:
        warnings.append(f"{', '.join(data.annual_only)}: without time in the files; the same field is used every month")
    return warnings


def _find_sources(settings: Mapping[str, Any], files: Files) -> dict[str, Source]:
    wanted = {name: about for name, about in settings["variables"].items() if about and about.get("name")}
    for name in _REQUIRED:
        if name not in wanted:
            raise InputError(f"variables.{name} of this site is not set; the study regresses fCO2 on sst, dic and alk.")
    if not {"fco2", "pco2", "salinity"} & set(wanted):
        raise InputError(
            "this site has neither fCO2 nor what it can be computed from: set variables.fco2, variables.pco2, or "
            "variables.salinity (with sst, dic and alk)."
        )
    if "fco2" in wanted:
        wanted.pop("pco2", None)
    climatology = bool(settings.get("climatology"))
    coordinates = settings.get("coordinates") or {}
    paths = {name: about.get("files") or settings.get("files") or [] for name, about in wanted.items()}
    # file by file: a series may have hundreds, and each is then opened once, not once per quantity
    for path in dict.fromkeys(path for listed in paths.values() for path in listed):
        for quantity, about in wanted.items():
            if path in paths[quantity]:
                files.layout(path, about["name"], coordinates)
    return {
        quantity: find_source(
            files,
            quantity,
            wanted[quantity]["name"],
            paths[quantity],
            coordinates,
            climatology,
            wanted[quantity].get("unit"),
        )
        for quantity in QUANTITIES
        if quantity in wanted
    }


def _ocean(
    settings: Mapping[str, Any],
    sources: Mapping[str, Source],
    files: Files,
    grid: Grid,
    months: Sequence[str],
    density: float,
) -> np.ndarray:
    """Points of the ocean, each once: by the mask if one is configured, else where there are data."""
    ocean = mask_of(settings, sources["sst"].layouts[0], grid, files)
    if ocean is None:
        ocean = _where_there_are_data(sources, files, months, density)
    else:
        _warn_of_shifted(ocean, _where_there_are_data(sources, files, months, density, ocean), settings["mask"]["name"])
    ocean &= np.isfinite(grid.lat) & np.isfinite(grid.lon)
    _check_latitudes(grid.lat, ocean, sources["sst"].layouts[0].path)
    once = first_of_each(grid.lat, grid.lon, ocean)
    if not once.any():
        raise InputError(
            f"{sources['sst'].layouts[0].path}: no point of the ocean has sst, dic and alk in {months[0]}. Look at the "
            "mask (mask.name: it must not be zero in the ocean) and at the gaps of the three fields."
        )
    if doubled := int(ocean.sum() - once.sum()):
        _LOG.info("%d ocean points are stored twice (wrapped columns, folded rows) and count once", doubled)
    return once


def _warn_of_shifted(mask: np.ndarray, data: np.ndarray, name: str) -> None:
    """Tell of a mask that leaves out points with data and takes in points without: it may be inverted or turned."""
    excluded, empty = (data & ~mask).sum() / max(1, data.sum()), (mask & ~data).sum() / max(1, mask.sum())
    if min(excluded, empty) > _SHIFTED:
        _LOG.warning(
            "mask.name %s: %.0f %% of the points with data lie outside this mask, and %.0f %% of its points have no "
            "data. It may be inverted (it must be 0 on land), upside down, shifted, or of another grid.",
            name,
            100 * excluded,
            100 * empty,
        )


def _check_latitudes(lat: np.ndarray, ocean: np.ndarray, where: str) -> None:
    outside = ocean & (np.abs(lat) > 90.001)
    if outside.any():
        raise InputError(
            f"{where}: latitudes reach from {np.nanmin(lat[ocean]):g} to {np.nanmax(lat[ocean]):g}; they must lie "
            "within −90 and 90. Look at coordinates.lat and coordinates.lon of this site: they may be swapped."
        )


def _where_there_are_data(
    sources: Mapping[str, Source],
    files: Files,
    months: Sequence[str],
    density: float,
    checked: np.ndarray | None = None,
) -> np.ndarray:
    """Points that have sst, and dic and alk above 0, in one of four months with data: ice may hide some.

    The four are a quarter apart over the first year, or where these have no data the next ones that have. Only at
    ``checked`` points must the fields be plausible; None for everywhere.
    """
    ocean, seen = None, 0
    for month in dict.fromkeys([*months[:12:3], *months]):
        fields = {name: read_field(sources[name], files, month, density, checked) for name in _REQUIRED}
        here = np.isfinite(fields["sst"]) & (fields["dic"] > 0) & (fields["alk"] > 0)
        ocean = here if ocean is None else ocean | here
        seen += here.any()
        if seen == min(4, len(months[:12:3])):
            break
    return ocean
