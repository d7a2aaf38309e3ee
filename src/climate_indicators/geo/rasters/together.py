"""Files of one band each on one grid, opened as one raster, such as VV and VH of a folder of HyP3."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from xml.sax.saxutils import escape, quoteattr

import rasterio

from climate_indicators.core.errors import InputError
from climate_indicators.geo.rasters.guard import Reader, opened, raster_errors
from climate_indicators.geo.rasters.understanding import check_place, understand

_TYPES = {
    "uint8": "Byte", "int16": "Int16", "uint16": "UInt16", "int32": "Int32", "uint32": "UInt32", "float32": "Float32",
    "float64": "Float64",
}  # fmt: skip


@contextmanager
def opened_together(paths: Sequence[str], names: Sequence[str], label: str) -> Iterator[Reader]:
    """Open files of one band each as one raster with bands of these names.

    Parameters
    ----------
    paths : file of each band.
    names : name of each band.
    label : the files' name for messages, such as their folder.

    Raises
    ------
    InputError
        If a file cannot be read, has several bands, or another grid than the first.
    """
    with ExitStack() as stack:
        rasters = [stack.enter_context(opened(path)) for path in paths]
        first = rasters[0]
        check_place(understand(first))
        for raster in rasters:
            if raster.count != 1:
                raise InputError(f"{raster.path} has {raster.count} bands; expected one, of a file per band.")
            if (raster.crs, raster.transform, raster.shape) != (first.crs, first.transform, first.shape):
                raise InputError(f"{raster.path} is not on the grid of {first.path}; expected the bands of one image.")
        named = zip(rasters, names, strict=True)
        bands = "".join(_band(raster, number, name) for number, (raster, name) in enumerate(named, start=1))
        place = ", ".join(f"{value:.17g}" for value in first.transform.to_gdal())
        tags = "".join(f"<MDI key={quoteattr(key)}>{escape(value)}</MDI>" for key, value in first.tags().items())
        text = (
            f'<VRTDataset rasterXSize="{first.width}" rasterYSize="{first.height}"><SRS>{escape(first.crs.to_wkt())}'
            f"</SRS><GeoTransform>{place}</GeoTransform><Metadata>{tags}</Metadata>{bands}</VRTDataset>"
        )
        with raster_errors(label):
            raw = stack.enter_context(rasterio.open(text))
        yield Reader(raw, label)


def _band(raster: Reader, number: int, name: str) -> str:
    dtype = raster.dtypes[0]
    if dtype not in _TYPES:
        raise InputError(f"{raster.path} has numbers of the type {dtype}; expected one of {', '.join(_TYPES)}.")
    nodata = "" if raster.nodata is None else f"<NoDataValue>{raster.nodata:.17g}</NoDataValue>"
    return (
        f'<VRTRasterBand dataType="{_TYPES[dtype]}" band="{number}"><Description>{escape(name)}</Description>{nodata}'
        f"<UnitType>{escape(raster.units[0] or '')}</UnitType><Offset>{raster.offsets[0]:.17g}</Offset>"
        f"<Scale>{raster.scales[0]:.17g}</Scale><SimpleSource><SourceFilename>{escape(os.path.abspath(raster.path))}"
        "</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>"
    )
