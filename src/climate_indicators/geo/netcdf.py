"""Fields over latitude, longitude and time as NetCDF files that follow the CF conventions."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import xarray as xr

from climate_indicators.core.atomic_files import atomic_path
from climate_indicators.core.errors import InputError

CF = "CF-1.11"
# maximum number of bytes written after a failure to get the cause from the operating system
_PROBE_BYTES = 1 << 26


def write_fields(dataset: xr.Dataset, path: str | Path) -> None:
    """Write a dataset atomically: compressed, one chunk per month, the same bytes for the same fields.

    Raises
    ------
    InputError
        If the file cannot be written, as on a full disk; names path, cause and errno.
    """
    encoding = {}
    for name, variable in dataset.data_vars.items():
        chunks = tuple(1 if dim == "time" else size for dim, size in zip(variable.dims, variable.shape, strict=True))
        encoding[name] = {"zlib": True, "complevel": 1, "shuffle": True, "chunksizes": chunks} if variable.ndim else {}
        if np.issubdtype(variable.dtype, np.floating):
            encoding[name]["_FillValue"] = np.nan
    if "time" in dataset.coords:
        encoding["time"] = {"units": "days since 1850-01-01", "calendar": "standard", "dtype": "int32"}
    with atomic_path(path) as temporary, _writing(path, temporary, dataset.nbytes):
        dataset.assign_attrs(Conventions=CF).to_netcdf(temporary, engine="netcdf4", encoding=encoding)


@contextmanager
def _writing(path: str | Path, temporary: Path, expected_bytes: int) -> Iterator[None]:
    """Convert an error of the NetCDF library or the operating system to an `InputError` with path, cause and errno.

    The library reports a full disk as "NetCDF: HDF error". The error of another write in the same folder, before the
    partial file is removed, gives the true cause.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        number = _system_error(error, temporary, expected_bytes)
        if number is None:
            raise InputError(f"{path} cannot be written: {error}.") from error
        name = errno.errorcode.get(number, "unknown")
        raise InputError(
            f"{path} cannot be written: {os.strerror(number)} [errno {number}: {name}] (the NetCDF library says: "
            f"{error}). Free disk space, or check the quota and permissions of this folder."
        ) from error


def _system_error(error: Exception, temporary: Path, expected_bytes: int) -> int | None:
    """Errno of another write in the same folder, else of the exception."""
    probe = temporary.with_name(f"{temporary.name}.probe")
    left = min(expected_bytes, _PROBE_BYTES) + 1
    block = bytes(1 << 16)
    try:
        with open(probe, "wb") as stream:
            while left > 0:
                left -= stream.write(block)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as cause:
        return cause.errno
    finally:
        probe.unlink(missing_ok=True)
    # negative numbers are errors of the library itself
    number = getattr(error, "errno", None)
    return number if number and number > 0 else None


def read_fields(path: str | Path, names: Iterable[str] | None = None) -> xr.Dataset:
    """Read a file of `write_fields`, or some of its variables, into memory, and close it.

    Raises
    ------
    InputError
        If the file is damaged or cannot be read; the message contains the path.
    """
    try:
        with xr.open_dataset(path, engine="netcdf4", mask_and_scale=False, decode_timedelta=False) as dataset:
            return (dataset if names is None else dataset[list(names)]).load()
    except (OSError, RuntimeError) as error:
        raise InputError(
            f"{path} cannot be read: {error}. It may be damaged: delete it and run the workflow again."
        ) from error


def month_starts(months: Sequence[str]) -> np.ndarray:
    """First days of months "YYYY-MM": datetime64[ns], shape (months,)."""
    return np.array([f"{month}-01" for month in months], "datetime64[ns]")
