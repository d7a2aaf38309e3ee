"""One guard around rasters: path, cause and errno of what cannot be read or written."""

import errno
import os
import resource
import signal

import netCDF4
import numpy as np
import pytest
import rasterio

from climate_indicators.core.errors import InputError
from climate_indicators.geo.raster import cog_writer
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.geo.rasters.guard import FETCHED_DRIVERS, check_complete, opened
from rasters import grid
from refusals import raises_naming
from snow_scene_files import write_raster

VRT = """<VRTDataset rasterXSize="16" rasterYSize="16"><VRTRasterBand dataType="UInt16" band="1"><SimpleSource>
<SourceFilename relativeToVRT="{relative}">{source}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>
</VRTRasterBand></VRTDataset>"""


def noise(bands=2, size=16, seed=0):
    return np.random.default_rng(seed).integers(1, 60000, (bands, size, size)).astype("uint16")


def damaged(path):
    """A compressed raster whose bytes are spoiled inside, its header and size as they were."""
    with cog_writer(path, grid(64, 64), "uint16", ["a", "b"]) as raster:
        raster.write(noise(2, 64))
    content = bytearray(path.read_bytes())
    content[-6000:-2000] = bytes(4000)
    path.write_bytes(content)
    return path


def test_what_is_missing_or_no_raster_is_named_with_its_errno(tmp_path):
    with pytest.raises(InputError) as found, opened(tmp_path / "none.tif"):
        pass
    assert str(tmp_path / "none.tif") in str(found.value) and f"errno {errno.ENOENT}" in str(found.value)
    (tmp_path / "text.tif").write_text("not a raster")
    with raises_naming(InputError, "text.tif"), opened(tmp_path / "text.tif"):
        pass


def test_damage_inside_names_the_file_that_has_it(tmp_path):
    bad, good = damaged(tmp_path / "bad.tif"), tmp_path / "good.tif"
    write_raster(good, noise(2, 64), ["a", "b"])
    # the other file was opened later, so that its block would see the error first
    with pytest.raises(InputError, match=r"bad\.tif") as found, opened(bad) as raster, opened(good):
        raster.read()
    assert "good.tif" not in str(found.value) and "See previous exception" not in str(found.value)
    with pytest.raises(InputError, match=r"bad\.tif"), RasterStack([bad]) as stack:
        stack.read((0, 64), (0, 64))


def test_a_fetched_geotiff_may_not_be_a_vrt(tmp_path):
    write_raster(tmp_path / "secret.tif", noise(1), ["a"])
    (tmp_path / "fetched.tif").write_text(VRT.format(relative=1, source="secret.tif"))
    with opened(tmp_path / "fetched.tif") as raster:
        assert raster.driver == "VRT"
    with raises_naming(InputError, "fetched.tif"):
        with opened(tmp_path / "fetched.tif", FETCHED_DRIVERS):
            pass
    with opened(tmp_path / "secret.tif", FETCHED_DRIVERS) as raster:
        assert raster.read().shape == (1, 16, 16)


@pytest.mark.parametrize("relative", [0, 1])
def test_a_vrt_without_its_source(tmp_path, relative):
    source = write_raster(tmp_path / "source.tif", noise(1), ["a"])
    path = tmp_path / "mosaic.vrt"
    path.write_text(VRT.format(relative=relative, source="source.tif" if relative else source))
    with opened(path) as raster:
        check_complete(raster)
        assert (raster.read() > 0).all()
    os.remove(source)
    with raises_naming(InputError, "mosaic.vrt", "source.tif"), opened(path) as raster:
        check_complete(raster)
    with pytest.raises(InputError, match=r"mosaic\.vrt"), opened(path) as raster:
        raster.read()


@pytest.mark.parametrize("left", [0.2, 0.7, 0.999])
def test_a_jpeg2000_cut_short(tmp_path, left):
    path = tmp_path / "B04.jp2"
    with rasterio.open(
        path, "w", driver="JP2OpenJPEG", width=256, height=256, count=1, dtype="uint16", crs="EPSG:32644",
        transform=grid(1, 1).transform, QUALITY=100, REVERSIBLE=True,
    ) as raster:  # fmt: skip
        raster.write(noise(1, 256))
    with opened(path) as raster:
        check_complete(raster)
    path.write_bytes(path.read_bytes()[: int(left * path.stat().st_size)])
    with pytest.raises(InputError, match=r"B04\.jp2"), opened(path) as raster:
        check_complete(raster)


@pytest.mark.parametrize("share", [0.05, 0.4, 0.8, 0.97, 0.999, 1.02])
def test_a_disk_that_is_full_is_named_with_path_and_errno(tmp_path, share):
    """A limit on the size of files does what a full disk does, wherever the limit is met."""
    path, size = tmp_path / "out.tif", 600
    numbers = noise(2, size)

    def write():
        with cog_writer(path, grid(size, size), "uint16", ["a", "b"]) as raster:
            for row in range(0, size, 100):
                for band in (0, 1):
                    raster.write(numbers[band, row : row + 100], band + 1, window=((row, row + 100), (0, size)))

    write()
    whole = path.stat().st_size
    path.unlink()
    old, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(share * whole), old[1]))
    try:
        with pytest.raises(InputError) as found:
            write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)
    assert str(path) in str(found.value) and "cannot be written" in str(found.value)
    assert f"errno {errno.EFBIG}" in str(found.value)
    assert list(tmp_path.iterdir()) == [], "something half-written stays"


def test_a_file_of_several_rasters_is_refused_with_their_names(tmp_path):
    """NetCDF and HDF hold variables that GDAL opens as rasters of their own."""
    path = tmp_path / "two.nc"
    with netCDF4.Dataset(path, "w") as dataset:
        for axis in ("y", "x"):
            dataset.createDimension(axis, 4)
        for name in ("ndsi", "quality"):
            dataset.createVariable(name, "f4", ("y", "x"))[:] = 1
    with raises_naming(InputError, "two.nc", "2 rasters", ":ndsi"), opened(path):
        pass
