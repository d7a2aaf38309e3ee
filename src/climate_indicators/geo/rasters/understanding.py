"""What a raster file says about itself: bands, scale, missing values and place, read from its header."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from affine import Affine
from rasterio.enums import ColorInterp, MaskFlags

from climate_indicators.core.errors import InputError
from climate_indicators.geo.rasters.guard import Reader

_ALPHA_NAMES = ("alpha", "a", "mask", "alpha band")


@dataclass(frozen=True)
class Band:
    """One band of a file.

    Attributes
    ----------
    index : from 1, in file order.
    name : its description, or as the settings name it; None if neither does.
    dtype : NumPy name of its type.
    unit : as the file says it; "" if it does not.
    scale, offset : physical value is ``number × scale + offset``; None if the file declares neither.
    nodata : number of missing pixels that the file declares; None if it declares none that the type can hold.
    """

    index: int
    name: str | None
    dtype: str
    unit: str
    scale: float | None
    offset: float | None
    nodata: float | None


@dataclass(frozen=True)
class RasterInfo:
    """What a raster file says about itself.

    Attributes
    ----------
    path, driver : file and GDAL's name of its format.
    bands : bands with data, in file order, without the alpha band.
    alpha : number of the band that is 0 where pixels are missing, from 1; None if there is none.
    masked : whether the file has an internal mask.
    crs : reference system as text; "" where it has none.
    transform, width, height : of the pixels.
    n_gcps : number of ground control points.
    tags : text tags of the file.
    """

    path: str
    driver: str
    bands: tuple[Band, ...]
    alpha: int | None
    masked: bool
    crs: str
    transform: Affine
    width: int
    height: int
    n_gcps: int
    tags: dict[str, str]

    @property
    def names(self) -> tuple[str | None, ...]:
        """Names of the bands in file order."""
        return tuple(band.name for band in self.bands)

    @property
    def declares_missing(self) -> bool:
        """Whether the file says by any means which pixels are missing."""
        return declares_missing(self, self.bands)

    @property
    def missing_by(self) -> str:
        """How the file says which pixels are missing, for tables: ``nodata 0``, ``alpha band``, ``internal mask``."""
        return missing_by(self, self.bands)

    def chosen(self, names: Sequence[str], key: str, wanted_by: str) -> list[Band]:
        """Bands by name, in the order of ``names``.

        Parameters
        ----------
        names : bands that are wanted.
        key : setting that names the bands of files without names, such as ``band_names``, for messages.
        wanted_by : who wants them, for messages, such as ``the site's `bands```.

        Raises
        ------
        InputError
            If the file's bands have no names, or one is missing.
        """
        if any(name is None for name in self.names):
            raise InputError(
                f"{self.path} has {len(self.bands)} bands without names; name them in file order in the site's {key}."
            )
        missing = [name for name in names if name not in self.names]
        if missing:
            raise InputError(
                f"{self.path} has bands {', '.join(map(str, self.names))}; band {', '.join(missing)} is listed in "
                f"{wanted_by}. Add the band to the file, remove it from the list, or correct {key}."
            )
        return [self.bands[self.names.index(name)] for name in names]


def understand(raster: Reader, names: Sequence[str] | None = None, key: str = "`band_names`") -> RasterInfo:
    """Read the header of an open raster.

    A band that the format marks as alpha is a mask, unless it has a name as data: GDAL marks the fourth band of every
    8-bit file so.

    Parameters
    ----------
    raster : open raster.
    names : names of its bands in file order, with or without the alpha band; None uses the descriptions.
    key : setting that ``names`` comes from, for messages.

    Raises
    ------
    InputError
        If ``names`` has another length than the file has bands.
    """
    marked = [index for index, kind in enumerate(raster.colorinterp, start=1) if kind == ColorInterp.alpha]
    given = _names(raster, names, marked, key)
    alpha = next((i for i in marked if (given[i - 1] or "alpha").lower() in _ALPHA_NAMES), None)
    bands = tuple(
        Band(
            index=index,
            name=given[index - 1],
            dtype=raster.dtypes[index - 1],
            unit=raster.units[index - 1] or "",
            scale=_declared(raster, index)[0],
            offset=_declared(raster, index)[1],
            nodata=usable_nodata(raster.nodatavals[index - 1], raster.dtypes[index - 1]),
        )
        for index in raster.indexes
        if index != alpha
    )
    flags = raster.mask_flag_enums[0]
    masked = MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags
    return RasterInfo(
        path=raster.path,
        driver=raster.driver,
        bands=bands,
        alpha=alpha,
        masked=masked,
        crs=raster.crs.to_string() if raster.crs else "",
        transform=raster.transform,
        width=raster.width,
        height=raster.height,
        n_gcps=len(raster.gcps[0]),
        tags=raster.tags(),
    )


def _names(raster: Reader, names: Sequence[str] | None, marked: list[int], key: str) -> list[str | None]:
    """A name or None for each band of the file, the alpha band included."""
    if names is None:
        return list(raster.descriptions)
    if len(names) == raster.count:
        return list(names)
    if len(names) == raster.count - 1 and marked:
        given: list[str | None] = list(names)
        given.insert(marked[0] - 1, None)
        return given
    raise InputError(f"{raster.path} has {raster.count} bands, but {key} lists {len(names)}: {', '.join(names)}.")


def _declared(raster: Reader, index: int) -> tuple[float | None, float | None]:
    """Scale and offset of a band; None for both where the file declares none, which GDAL gives as 1 and 0."""
    scale, offset = float(raster.scales[index - 1]), float(raster.offsets[index - 1])
    if (scale, offset) == (1.0, 0.0) or not (math.isfinite(scale) and math.isfinite(offset)) or scale == 0:
        return None, None
    return scale, offset


def declares_missing(info: RasterInfo, bands: Sequence[Band]) -> bool:
    """Whether a file says by any means which pixels of these bands are missing."""
    return info.masked or info.alpha is not None or any(band.nodata is not None for band in bands)


def missing_by(info: RasterInfo, bands: Sequence[Band]) -> str:
    """How a file says which pixels are missing, for tables: ``nodata 0``, ``alpha band``, ``internal mask``, or ""."""
    # by their texts: NaN is not equal to itself
    ways = list(dict.fromkeys(f"nodata {band.nodata:g}" for band in bands if band.nodata is not None))
    ways += ["alpha band"] if info.alpha is not None else []
    ways += ["internal mask"] if info.masked else []
    return ", ".join(ways)


def usable_nodata(nodata: float | None, dtype: str) -> float | None:
    """A nodata value as a pixel of this type can have it; None if no pixel can be equal to it."""
    if nodata is None:
        return None
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return float(kind.type(nodata))
    if kind.kind not in "iu" or not math.isfinite(nodata) or nodata != int(nodata):
        return None
    limits = np.iinfo(kind)
    return float(nodata) if limits.min <= nodata <= limits.max else None


def check_place(info: RasterInfo) -> None:
    """Check that a raster lies somewhere on earth.

    Raises
    ------
    InputError
        If it has no reference system, or is located by ground control points alone.
    """
    if info.crs and info.transform != Affine.identity():
        return
    if info.n_gcps:
        raise InputError(
            f"{info.path} is located by {info.n_gcps} ground control points alone, not by a grid: in mountains they "
            "miss the place by hundreds of meters. Use the terrain-corrected product, or warp it to a grid first "
            "(gdalwarp -t_srs EPSG:… does)."
        )
    what = "no coordinate reference system" if not info.crs else "no position (geotransform)"
    raise InputError(f"{info.path} has {what}; write it into the file (gdal_edit -a_srs, -a_ullr does).")
