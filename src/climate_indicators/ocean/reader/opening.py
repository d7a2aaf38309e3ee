"""Opening files of ocean fields (NetCDF and Zarr); for other formats, the error explains the conversion."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.file_sizes import CLASSIC, HDF5, expected_bytes

_ZARR = ("zarr.json", ".zgroup", ".zmetadata", ".zattrs")
# first bytes of other formats, their name, and how to convert them
_OTHERS = (
    (b"GRIB", "a GRIB file", "Convert it: cdo -f nc4 -t ecmwf copy FILE.grib FILE.nc"),
    (b"\x1f\x8b", "compressed with gzip", "Unpack it: gunzip -k FILE"),
    (b"BZh", "compressed with bzip2", "Unpack it: bunzip2 -k FILE"),
    (b"\xfd7zXZ", "compressed with xz", "Unpack it: unxz -k FILE"),
    (b"PK\x03\x04", "a zip archive", "Unpack it, and name the files or the Zarr folder in it"),
    (b"version https://git-lfs", "a Git LFS pointer, not the data", "Fetch the data in its repository: git lfs pull"),
    (
        b"II*\x00",
        "a TIFF image, whose pages have no dates",
        "Convert it with dates: see cdo and gdal_translate -of netCDF",
    ),
    (
        b"MM\x00*",
        "a TIFF image, whose pages have no dates",
        "Convert it with dates: see cdo and gdal_translate -of netCDF",
    ),
    (
        b"II+\x00",
        "a TIFF image, whose pages have no dates",
        "Convert it with dates: see cdo and gdal_translate -of netCDF",
    ),
    (b"\x0e\x03\x13\x01", "an HDF4 file", "Convert it: h4tonccf FILE.hdf FILE.nc"),
    (b"<", "a web page or XML, as a server sends in place of a file that needs a login", "Download it again"),
    (b"{", "JSON text, as a server sends with an error", "Download it again"),
)
_NUMBERS = ("scale_factor", "add_offset", "_FillValue", "missing_value")
# attributes of a variable with the problems of its other attributes
UNREADABLE, READ_AS = "climate_indicators_unreadable", "climate_indicators_read_as"


@contextmanager
def understood(where: str) -> Iterator[None]:
    """Convert all exceptions of file readers to an `InputError` that begins with ``where``.

    The readers have many kinds of errors (``RuntimeError``, ``OSError``, ``ValueError``, ``KeyError`` …), and each
    means
    that the file is damaged or of a kind that they do not understand.

    Parameters
    ----------
    where : file, and as far as they are known variable and month.
    """
    try:
        yield
    except InputError as error:
        if where.split(", ")[0] in str(error):
            raise
        raise InputError(f"{where}: {error}") from error
    except MemoryError as error:
        raise InputError(f"{where} does not fit into memory: {error}. Give the job more, or split the file.") from error
    except Exception as error:
        raise InputError(
            f"{where} cannot be read as NetCDF: {_cause(error)}. The file may be damaged: download or write it again."
        ) from error


def _cause(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0].rstrip(".") if lines else "") or type(error).__name__


def open_fields(path: str | Path) -> xr.Dataset:
    """Open a NetCDF file or a Zarr folder lazily: gaps are NaN, packed values unpacked, times as they are in the file.

    Numbers that an attribute such as ``scale_factor`` has as text are read as numbers, and the variable's attribute
    ``READ_AS`` says so; where they are none, the variable's attribute ``UNREADABLE`` says what is wrong with it.

    Raises
    ------
    InputError
        If the path does not exist, is of another kind, is shorter than its header says, or cannot be read.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path} does not exist; it is listed in files of this site.")
    if path.is_dir():
        _check_folder(path)
        # requesting consolidated metadata that do not exist gives a warning
        options: dict[str, Any] = {"engine": "zarr", "chunks": None, "consolidated": (path / ".zmetadata").exists()}
    else:
        _check_kind(path)
        _check_length(path)
        options = {"engine": "netcdf4"}
    with understood(str(path)):
        raw = xr.open_dataset(path, decode_cf=False, cache=False, **options)
        try:
            return xr.decode_cf(_with_numbers(raw), decode_times=False, decode_timedelta=False)
        except BaseException:
            raw.close()
            raise


def _check_folder(path: Path) -> None:
    if not any((path / name).exists() for name in _ZARR):
        raise InputError(
            f"{path} cannot be read as NetCDF: it is a folder, and not a Zarr store (no {' or '.join(_ZARR[:2])} in "
            "it). Name the files in it; a pattern such as FOLDER/*.nc names all of them."
        )


def _check_kind(path: Path) -> None:
    with understood(str(path)), path.open("rb") as stream:
        start = stream.read(64)
    if not start:
        raise InputError(f"{path} cannot be read as NetCDF: it is empty. Download or write it again.")
    if start[:4] in CLASSIC or start.startswith(HDF5):
        return
    for first, kind, way_out in _OTHERS:
        if start.lstrip().startswith(first):
            raise InputError(f"{path} cannot be read as NetCDF: it is {kind}. {way_out}.")
    # HDF5 may begin with a block of its user; the superblock is then at a power of two from 512 on
    if _has_user_block(path):
        return
    raise InputError(
        f"{path} cannot be read as NetCDF: its first bytes are {start[:16]!r}. NetCDF (classic or NetCDF-4) and Zarr "
        "folders can be read; convert other files first, for instance with cdo -f nc4 copy."
    )


def _has_user_block(path: Path) -> bool:
    with path.open("rb") as stream:
        for place in (512, 1024, 2048, 4096):
            stream.seek(place)
            if stream.read(len(HDF5)) == HDF5:
                return True
    return False


def _check_length(path: Path) -> None:
    size = path.stat().st_size
    try:
        expected = expected_bytes(path)
    except (struct.error, IndexError):
        raise InputError(
            f"{path} is cut off: it ends within its header, after {size} bytes. Download it again."
        ) from None
    except (KeyError, ValueError, MemoryError, OverflowError):
        return  # a header that makes no sense is for the library to refuse
    if expected is not None and size < expected:
        raise InputError(
            f"{path} is cut off: it has {size} bytes, and by its header it must have {expected}. What is missing would "
            "be read as zeros or gaps. Download or write it again."
        )


def _with_numbers(raw: xr.Dataset) -> xr.Dataset:
    """Attributes that must be numbers as numbers, where the file has them as text."""
    for name, variable in raw.variables.items():
        if variable.dtype.kind not in "fiu":
            continue
        for key in _NUMBERS:
            value = variable.attrs.get(key)
            if not isinstance(value, str | bytes):
                continue
            text = value.decode(errors="replace") if isinstance(value, bytes) else value
            number = _number(text)
            attrs = raw[name].attrs
            if number is None:
                del attrs[key]
                attrs[UNREADABLE] = f"{key} is the text {text!r}, not a number"
            else:
                as_stored = key in ("_FillValue", "missing_value")
                attrs[key] = variable.dtype.type(number) if as_stored else number
                attrs[READ_AS] = f"{key} is the text {text!r}; read as the number {number:g}"
    return raw


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None
