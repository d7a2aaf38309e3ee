"""Tiny ocean data sets of every kind, made with xarray: what the tests of the ocean study read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cftime
import numpy as np
import xarray as xr

from climate_indicators.ocean.reader.carbonate_system import fco2, fco2_from_pco2

ROWS, COLUMNS = 12, 18
GAP = 1e20
World = Callable[[np.ndarray, np.ndarray, int], dict[str, np.ndarray]]


def fields(lat: np.ndarray, lon: np.ndarray, month: int) -> dict[str, np.ndarray]:
    """A plain ocean in the study's units: warm at the equator, rich in carbon at the poles, with a season."""
    warmth = np.cos(np.radians(lat))
    season = np.cos(2 * np.pi * (month - 8) / 12) * np.sign(lat)
    sst = -1.5 + 28 * warmth + 2 * season + 0.5 * np.sin(np.radians(3 * lon))
    dic = 2150 - 130 * warmth - 5 * season + 4 * np.cos(np.radians(2 * lon))
    alk = 2290 + 40 * warmth + 6 * np.sin(np.radians(lon))
    salinity = 34 + 2 * warmth + 0.1 * np.cos(np.radians(lon))
    ice = np.clip((np.abs(lat) - 60) / 20, 0, 1)
    return {"sst": sst, "dic": dic, "alk": alk, "salinity": salinity, "ice": ice, "mld": 60 - 30 * season}


def regimes(lat: np.ndarray, lon: np.ndarray, month: int) -> dict[str, np.ndarray]:
    """An ocean in which biomes can be found: warm, cool and icy water with fronts between, and eddies in all fields."""
    season = np.cos(2 * np.pi * (month - 8) / 12) * np.sign(lat)
    lat, lon = np.asarray(lat, "float64"), np.asarray(lon, "float64")
    cool, icy = (0.5 + 0.5 * np.tanh(np.abs(lat) - front + 2 * season) for front in (30, 54))

    def waves(east: int, north: int, phase: float) -> np.ndarray:
        return np.sin(np.radians(east * lon + north * lat) + phase)

    return {
        "sst": 24 - 14 * cool - 11 * icy + 1.5 * season * (1 - icy) + 0.4 * waves(37, 53, 0),
        "dic": 2000 + 85 * cool + 65 * icy - 3 * season + 6 * waves(41, -47, 1),
        "alk": 2350 - 55 * cool - 5 * icy + 6 * waves(29, 61, 2),
        "salinity": 35.5 - 1.5 * cool - icy + 0.1 * waves(43, 59, 3),
        "ice": icy * np.ones(np.shape(lon)),
        "mld": 60 - 30 * season + 5 * waves(31, 43, 4),
    }


def chemical_pco2(found: dict[str, np.ndarray]) -> np.ndarray:
    """Partial pressure of CO2, µatm, that belongs to the fields by carbonate chemistry."""
    fugacity = fco2(*(found[key] for key in ("sst", "salinity", "dic", "alk")))
    return fugacity / fco2_from_pco2(1.0, found["sst"])


def land(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """A square continent."""
    return (np.abs(lat) < 25) & (np.abs((np.asarray(lon) + 180) % 360 - 180) < 25)


def curvilinear(shape: tuple[int, int] = (ROWS, COLUMNS)) -> tuple[np.ndarray, np.ndarray]:
    """A grid whose rows bend, float32 as NEMO writes it: (y, x) latitudes and longitudes."""
    rows, columns = shape
    y, x = np.meshgrid(np.linspace(-75, 75, rows), (np.arange(columns) + 0.5) * 360 / columns - 180, indexing="ij")
    return (y + 4 * np.sin(np.radians(x))).astype("float32"), ((x + 0.05 * y + 180) % 360 - 180).astype("float32")


def nemo(
    folder: Path,
    years: tuple[int, ...] = (2008, 2009),
    world: World = fields,
    shape: tuple[int, int] = (ROWS, COLUMNS),
) -> dict[str, Any]:
    """NEMO-like: one file a year, a depth axis, two wrapped columns, a folded row, land 0, a mesh mask beside it.

    Returns the settings of the site.
    """
    lat, lon = (halo(field) for field in curvilinear(shape))
    ocean = ~land(lat, lon)
    paths = []
    for year in years:
        months = [world(lat, lon, month) for month in range(1, 13)]
        surface = {key: np.stack([month[key] for month in months]) * ocean for key in months[0]}
        deep = {key: np.stack([values, values * 1.01, values * 1.02], axis=1) for key, values in surface.items()}
        grid4 = ("time_counter", "deptht", "y", "x")
        days = [(cftime.datetime(year, month, 16) - cftime.datetime(1900, 1, 1)).days for month in range(1, 13)]
        time = {"units": "days since 1900-01-01 00:00:00", "calendar": "gregorian", "standard_name": "time"}
        coordinates = {"coordinates": "time_counter deptht nav_lat nav_lon"}
        dataset = xr.Dataset(
            {
                "votemper": (grid4, deep["sst"].astype("float32"), {"units": "degC"} | coordinates),
                "DIC": (grid4, (deep["dic"] * 1.025).astype("float32"), {"units": "mmol/m3"} | coordinates),
                "Alkalini": (grid4, (deep["alk"] * 1.025e-3).astype("float32"), {"units": "mol/m3"} | coordinates),
                "vosaline": (grid4, deep["salinity"].astype("float32"), {"units": "1e-3"} | coordinates),
                "somxl010": (("time_counter", "y", "x"), surface["mld"].astype("float32"), {"units": "m"}),
                "nav_lat": (("y", "x"), lat, {"units": "degrees_north"}),
                "nav_lon": (("y", "x"), lon, {"units": "degrees_east"}),
                "time_counter": ("time_counter", np.array(days, "float64"), time),
                "deptht": ("deptht", np.array([0.5, 1.5, 2.7], "float32"), {"units": "m", "positive": "down"}),
            }
        )
        paths.append(str(folder / f"ORCA_{year}.nc"))
        dataset.to_netcdf(paths[-1])
    mesh = str(folder / "mesh_mask.nc")
    tmask = np.stack([ocean, ocean, ocean & False])[None].astype("int8")
    xr.Dataset(
        {
            "tmask": (("t", "z", "y", "x"), tmask),
            "e1t": (("t", "y", "x"), 2e6 * COLUMNS / shape[1] * np.cos(np.radians(lat))[None]),
            "e2t": (("t", "y", "x"), np.full((1, *lat.shape), 1.5e6 * ROWS / shape[0])),
            "nav_lat": (("y", "x"), lat),
            "nav_lon": (("y", "x"), lon),
            "corner_lat": (("y", "x", "corner"), np.stack([lat] * 4, axis=-1), {"units": "degrees_north"}),
            "corner_lon": (("y", "x", "corner"), np.stack([lon] * 4, axis=-1), {"units": "degrees_east"}),
        }
    ).to_netcdf(mesh)
    names = {"sst": "votemper", "dic": "DIC", "alk": "Alkalini", "salinity": "vosaline", "mld": "somxl010"}
    return {
        "files": paths,
        "variables": {key: {"name": name} for key, name in names.items()},
        "mask": {"name": "tmask", "files": [mesh]},
        "cell_edges": {"x": "e1t", "y": "e2t", "files": [mesh]},
        "first_month": f"{years[0]}-01",
        "last_month": f"{years[-1]}-12",
    }


def halo(field: np.ndarray) -> np.ndarray:
    """With what ORCA grids store twice: the two wrapped columns, and the last row mirrored."""
    wide = np.concatenate([field[:, -1:], field, field[:, :1]], axis=1)
    return np.concatenate([wide, wide[-2:-1, ::-1]], axis=0)


def cmip6(
    folder: Path,
    calendar: str = "noleap",
    first: int = 2000,
    years: int = 2,
    world: World = fields,
    shape: tuple[int, int] = (ROWS, COLUMNS),
    pco2: Callable[[dict[str, np.ndarray]], np.ndarray] = lambda found: 300 + found["sst"],
) -> dict[str, Any]:
    """CMIP6-like: a file a variable and year, i and j, units of SI, 1e20 on land, longitudes to 360, ice in percent."""
    lat, lon = (field.astype("float64") for field in curvilinear(shape))
    gaps = land(lat, lon)
    lon = np.where(lon < 0, lon + 360, lon)
    tables = {
        "tos": ("sst", "degC", 1.0),
        "dissic": ("dic", "mol m-3", 1.025e-3),
        "talk": ("alk", "mol m-3", 1.025e-3),
        "spco2": ("fco2", "Pa", 0.101325),
        "siconc": ("ice", "%", 100.0),
        "sos": ("salinity", "0.001", 1.0),
    }
    variables: dict[str, Any] = {}
    for name, (key, unit, factor) in tables.items():
        paths = [
            _cmip6_file(folder, name, key, unit, factor, (lat, lon, gaps), calendar, year, world, pco2)
            for year in range(first, first + years)
        ]
        quantity = "pco2" if name == "spco2" else key
        variables[quantity] = {"name": name, "files": paths, "unit": None}
    return {
        "files": [],
        "variables": variables,
        "coordinates": {"lat": None, "lon": None, "time": None},
        "first_month": f"{first}-01",
        "last_month": f"{first + years - 1}-12",
    }


def _cmip6_file(
    folder: Path,
    name: str,
    key: str,
    unit: str,
    factor: float,
    grid: tuple,
    calendar: str,
    year: int,
    world: World,
    pco2: Callable[[dict[str, np.ndarray]], np.ndarray],
) -> str:
    lat, lon, gaps = grid
    values = []
    for month in range(1, 13):
        found = world(lat, lon, month)
        field = pco2(found) if key == "fco2" else found[key]
        values.append(np.where(gaps, GAP, field * factor))
    data = np.stack(values).astype("float32")
    dims: tuple[str, ...] = ("time", "j", "i")
    if name in ("dissic", "talk"):
        data, dims = np.stack([data, np.where(data < 1e19, data * 2, data)], axis=1), ("time", "lev", "j", "i")
    # the mean of a month dated at its end: only the bounds tell the month
    ends = [
        [cftime.datetime(year + (m // 12), m % 12 + 1, 1, calendar=calendar) for m in (k, k + 1)] for k in range(12)
    ]
    units = "days since 1850-01-01"
    bounds = cftime.date2num(np.array(ends), units, calendar)
    dataset = xr.Dataset(
        {
            name: (dims, data, {"units": unit, "coordinates": "latitude longitude"}),
            "time_bnds": (("time", "bnds"), bounds.astype("float64")),
            "latitude": (("j", "i"), lat, {"standard_name": "latitude", "units": "degrees_north"}),
            "longitude": (("j", "i"), lon, {"standard_name": "longitude", "units": "degrees_east"}),
            "time": (
                "time",
                bounds[:, 1].astype("float64"),
                {"units": units, "calendar": calendar, "bounds": "time_bnds"},
            ),
            "lev": ("lev", [5.0, 15.0], {"units": "m", "axis": "Z", "positive": "down"}),
        }
    )
    if "lev" not in dims:
        dataset = dataset.drop_vars("lev")
    path = str(folder / f"{name}_Omon_{year}01-{year}12.nc")
    dataset.to_netcdf(path, encoding={name: {"_FillValue": np.float32(GAP)}})
    return path


def product(
    folder: Path,
    name: str = "product.nc",
    months: int = 12,
    first: str = "2005-01",
    world: World = fields,
    step: int = 10,
    **changes: Any,
) -> dict[str, Any]:
    """A regular product: latitudes descending, longitudes 0 to 360, time in the middle of the month.

    ``changes`` replace the values of quantities, each a function of the array (month, lat, lon).
    """
    lat, lon = np.arange(90 - step / 2, -90, -step), np.arange(step / 2, 360, step)
    grid = np.meshgrid(lat, lon, indexing="ij")
    start = np.datetime64(first, "M")
    dates = start + np.arange(months)
    stacked = [world(*grid, int(date.astype(int) % 12) + 1) for date in dates]
    gaps = land(*grid)
    units = {"sst": "degC", "dic": "umol kg-1", "alk": "umol kg-1", "salinity": "1", "ice": "1", "mld": "m"}
    data = {}
    for key, unit in units.items():
        values = np.where(gaps, np.nan, np.stack([field[key] for field in stacked]))
        data[key] = (("time", "lat", "lon"), changes.get(key, lambda same: same)(values), {"units": unit})
    days = (dates.astype("datetime64[D]") + 14 - np.datetime64("1982-01-01")).astype("float64")
    dataset = xr.Dataset(
        data | {"time": ("time", days, {"units": "days since 1982-01-01"})},
        coords={
            "lat": ("lat", lat, {"units": "degrees_north"}),
            "lon": ("lon", lon, {"units": "degrees_east"}),
        },
    )
    path = str(folder / name)
    dataset.to_netcdf(path)
    return {
        "files": [path],
        "variables": {key: {"name": key} for key in units},
        "first_month": first,
        "last_month": str(dates[-1]),
    }


def climatology(folder: Path) -> dict[str, Any]:
    """Twelve months without a year and without units; dic and alk without time: like the MITgcm fields."""
    settings = product(folder, "series.nc")
    with xr.open_dataset(settings["files"][0], decode_times=False) as series:
        dataset = series.load().rename(time="month").assign_coords(month=np.arange(1, 13))
    for key in ("dic", "alk"):
        dataset[key] = dataset[key].mean("month")
    for name in dataset.variables:
        dataset[name].attrs.clear()
    dataset.to_netcdf(folder / "climatology.nc")
    units = {"sst": "degC", "dic": "umol kg-1", "alk": "umol kg-1", "salinity": "psu"}
    return {
        "files": [str(folder / "climatology.nc")],
        "variables": {key: {"name": key, "files": None, "unit": unit} for key, unit in units.items()},
        "climatology": True,
        "first_month": None,
        "last_month": None,
    }
