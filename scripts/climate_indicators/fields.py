"""Fields over latitude, longitude and time as NetCDF files after the CF conventions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from climate_indicators.files import atomic_path

CF = "CF-1.11"


def write_fields(dataset: xr.Dataset, path: str | Path) -> None:
    """Write a dataset whole or not at all: compressed, one chunk a month, the same bytes for the same fields."""
    encoding = {}
    for name, variable in dataset.data_vars.items():
        chunks = tuple(1 if dim == "time" else size for dim, size in zip(variable.dims, variable.shape, strict=True))
        encoding[name] = {"zlib": True, "complevel": 1, "shuffle": True, "chunksizes": chunks} if variable.ndim else {}
        if np.issubdtype(variable.dtype, np.floating):
            encoding[name]["_FillValue"] = np.nan
    if "time" in dataset.coords:
        encoding["time"] = {"units": "days since 1850-01-01", "calendar": "standard", "dtype": "int32"}
    with atomic_path(path) as temporary:
        dataset.assign_attrs(Conventions=CF).to_netcdf(temporary, engine="netcdf4", encoding=encoding)


def read_fields(path: str | Path, names: Iterable[str] | None = None) -> xr.Dataset:
    """Read a whole file of `write_fields`, or some of its variables, into memory, and close it."""
    with xr.open_dataset(path, engine="netcdf4", mask_and_scale=False, decode_timedelta=False) as dataset:
        return (dataset if names is None else dataset[list(names)]).load()


def month_starts(months: Sequence[str]) -> np.ndarray:
    """First days of months "YYYY-MM": datetime64[ns], shape (months,)."""
    return np.array([f"{month}-01" for month in months], "datetime64[ns]")
