"""Windows of archive files: what crosses the network, what is kept, and what a broken file comes to."""

import dataclasses

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.io import MemoryFile
from rasterio.warp import transform
from shapely.geometry import box

from climate_indicators.core.errors import InputError
from climate_indicators.core.stac_catalogs import Catalog
from climate_indicators.download.stac.search import Tile
from climate_indicators.download.stac.windows import Windows, can_hold, coarser, source_window
from climate_indicators.geo.grid import Grid
from servers.blocks import bytes_of_blocks
from servers.faulty import Fault
from servers.sentinel2 import cog
from servers.sessions import quick_session
from servers.stac import StacServer

# 10 m pixels in blocks of 256: 8 by 8 of them
FILE_GRID = Grid("EPSG:32644", Affine(10, 0, 300000, 0, -10, 3500040), 2048, 2048)
NUMBERS = np.random.default_rng(5).integers(1, 9000, FILE_GRID.shape).astype("uint16")


@pytest.fixture(scope="module")
def body():
    return cog(NUMBERS, FILE_GRID)


@pytest.fixture
def archive(body, tmp_path):
    with StacServer(files={"/a.tif": body}) as server, quick_session() as session:
        catalog = Catalog("other", f"{server.url}/stac", "sentinel-2-l2a", {"B02": "B02"})
        yield server, Windows(tmp_path / "kept", catalog, session)


def tile(server, href="/a.tif"):
    item = {"id": "S2/..", "properties": {}, "assets": {"B02": {"href": f"{server.url}{href}"}}}
    return Tile("S2/..", "2020-09-01", "2020-09-01T05:20:00+00:00", "44RKV", "48", 0.1, "", box(0, 0, 1, 1), item)


def part(col, row, width, height, size=10.0):
    """A grid from a pixel of the file's grid on."""
    corner = FILE_GRID.transform @ (col, row)
    return Grid(FILE_GRID.crs, Affine(size, 0, corner[0], 0, -size, corner[1]), width, height)


@pytest.mark.parametrize("place", [(300, 300, 500, 400), (512, 0, 256, 256), (0, 1000, 2048, 100), (700, 700, 20, 20)])
def test_little_more_than_the_blocks_of_the_window_is_read(archive, body, place):
    server, windows = archive
    grid = part(*place)
    numbers = windows.read(tile(server), "B02", grid)
    col, row, width, height = place
    np.testing.assert_array_equal(numbers, NUMBERS[row : row + height, col : col + width])
    with MemoryFile(body) as memory, memory.open() as raster:
        blocks = bytes_of_blocks(raster, source_window(raster, grid)[0])
    assert server.bytes_of_files() <= 1.3 * blocks
    asked = len(server.requests)
    windows.read(tile(server), "B02", grid)
    assert len(server.requests) == asked, "a kept window is not fetched again"


def test_coarse_look_reads_an_overview(archive, body):
    server, windows = archive
    look = coarser(part(0, 0, 2048, 2048), 8)
    windows.read(tile(server), "B02", look)
    assert server.bytes_of_files() < len(body) / 10


def test_grid_in_another_system_is_warped_and_beside_it_nothing_is_shown(archive):
    server, windows = archive
    (x,), (y,) = transform(FILE_GRID.crs, "EPSG:32645", [305000], [3495000])
    other = Grid("EPSG:32645", Affine(10, 0, round(x), 0, -10, round(y)), 60, 40)
    warped = windows.read(tile(server), "B02", other)
    # the same ground, a little turned, of noise: what is there lies within what is around
    assert warped.all() and abs(warped.mean() - NUMBERS[500:560, 490:560].mean()) < 150
    far = part(5000, 0, 30, 30)
    assert not windows.read(tile(server), "B02", far).any()
    # twice as coarse, still inside
    near = windows.read(tile(server), "B02", part(100, 100, 50, 50, size=20.0))
    assert near.all() and near.shape == (50, 50)


def test_faults_amid_the_pixels_are_survived_or_told(archive, tmp_path):
    server, windows = archive
    grid = part(300, 300, 500, 400)
    server.faults["/a.tif"] = [Fault(status=503), Fault(), Fault(cut_after=5000), Fault(status=500)]
    np.testing.assert_array_equal(windows.read(tile(server), "B02", grid), NUMBERS[300:700, 300:800])
    server.faults["/a.tif"] = [Fault(), *[Fault(status=500)] * 9]
    with pytest.raises(InputError, match=r"tile S2/.. of 2020-09-01, band B02: .*a\.tif.*500.*3 tries"):
        windows.read(tile(server), "B02", part(0, 0, 300, 300))
    assert len(list((tmp_path / "kept").iterdir())) == 1, "of a window that failed nothing is kept"


def test_lasting_failures_are_one_message(archive):
    server, windows = archive
    server.files["/b.tif"] = b"no raster at all" * 100
    with pytest.raises(InputError, match=r"b\.tif is no raster that is read .*expected a GeoTIFF"):
        windows.read(tile(server, "/b.tif"), "B02", part(0, 0, 30, 30))
    with pytest.raises(InputError, match="404"):
        windows.read(tile(server, "/c.tif"), "B02", part(0, 0, 30, 30))
    with pytest.raises(InputError, match=r"has no asset B11 for band B11; it has B02"):
        windows.read(tile(server), "B11", part(0, 0, 30, 30))
    nowhere = dataclasses.replace(tile(server), item={"assets": {"B02": {"href": "http://no-such-host.invalid/a.tif"}}})
    with pytest.raises(InputError, match="does not resolve"):
        windows.read(nowhere, "B02", part(0, 0, 30, 30))


def test_file_that_names_other_files_is_refused_and_not_followed(archive, body, tmp_path):
    """A virtual raster under a GeoTIFF's name would copy a local file, or another address's, into the results."""
    server, windows = archive
    secret = tmp_path / "secret.tif"
    secret.write_bytes(body)
    for source in (str(secret), f"/vsicurl/{server.url}/a.tif"):
        text = f"""<VRTDataset rasterXSize="2048" rasterYSize="2048"><SRS>EPSG:32644</SRS>
            <GeoTransform>300000, 10, 0, 3500040, 0, -10</GeoTransform><VRTRasterBand dataType="UInt16" band="1">
            <SimpleSource><SourceFilename>{source}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"""
        server.files["/b.tif"] = text.encode()
        with pytest.raises(InputError, match=r"b\.tif is no raster that is read .*begins with b'<VRTDataset"):
            windows.read(tile(server, "/b.tif"), "B02", part(0, 0, 30, 30))
    assert {path for path, _, _ in server.requests} == {"/b.tif"} and not (tmp_path / "kept").exists()
    server.files["/b.tif"] = body[:5000]
    with pytest.raises(InputError, match=r"b\.tif ends after 5000 bytes"):
        windows.read(tile(server, "/b.tif"), "B02", part(0, 0, 300, 300))


def test_jpeg_2000_is_read_as_some_archives_deliver_it(archive):
    server, windows = archive
    grid = Grid(FILE_GRID.crs, FILE_GRID.transform, 256, 256)
    profile = {"dtype": "uint16", "count": 1, "width": 256, "height": 256, "crs": grid.crs, "transform": grid.transform}
    with MemoryFile(ext=".jp2") as memory:
        with memory.open(driver="JP2OpenJPEG", QUALITY="100", REVERSIBLE="YES", **profile) as raster:
            raster.write(NUMBERS[:256, :256], 1)
        server.files["/a.jp2"] = bytes(memory.getbuffer())
    np.testing.assert_array_equal(windows.read(tile(server, "/a.jp2"), "B02", grid), NUMBERS[:256, :256])


def test_missing_pixels_get_the_number_that_is_asked_for(archive, tmp_path):
    server, windows = archive
    numbers = NUMBERS[:512, :512].copy()
    numbers[100:200] = 65535
    grid = Grid(FILE_GRID.crs, FILE_GRID.transform, 512, 512)
    server.files["/a.tif"] = cog(numbers, grid, 65535)
    found = windows.read(tile(server), "B02", grid)
    assert not found[100:200].any()
    np.testing.assert_array_equal(found[:100], numbers[:100])
    # half of it beside the file
    wide = Grid(grid.crs, grid.transform @ Affine.translation(-512, 0), 1024, 512)
    assert not windows.read(tile(server), "B02", wide)[:, :500].any()
    far = Grid(grid.crs, grid.transform @ Affine.translation(9999, 0), 30, 30)
    assert not windows.read(tile(server), "B02", far).any()


@pytest.mark.parametrize("way", ["mask", "alpha"])
def test_mask_inside_a_file_marks_missing_pixels(archive, tmp_path, way):
    server, windows = archive
    shown = np.full((256, 256), 255, "uint8")
    shown[50:90] = 0
    profile = {"dtype": "uint16", "width": 256, "height": 256, "crs": FILE_GRID.crs, "transform": FILE_GRID.transform}
    options = {"ALPHA": "YES"} if way == "alpha" else {}
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), MemoryFile() as memory:
        with memory.open(driver="GTiff", count=1 + (way == "alpha"), **profile, **options) as raster:
            raster.write(NUMBERS[:256, :256], 1)
            if way == "alpha":
                raster.write(shown.astype("uint16") * 257, 2)
            else:
                raster.write_mask(shown)
        server.files["/b.tif"] = bytes(memory.getbuffer())
    found = windows.read(tile(server, "/b.tif"), "B02", part(0, 0, 256, 256))
    assert not found[50:90].any()
    np.testing.assert_array_equal(found[:50], NUMBERS[:50, :256])


def test_kept_window_that_is_damaged_is_named(archive, tmp_path):
    server, windows = archive
    windows.read(tile(server), "B02", part(0, 0, 30, 30))
    (path,) = (tmp_path / "kept").iterdir()
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match=path.name):
        windows.read(tile(server), "B02", part(0, 0, 30, 30))


def test_number_of_missing_pixels_that_no_pixel_can_have_marks_none(archive):
    server, windows = archive
    grid = Grid(FILE_GRID.crs, FILE_GRID.transform, 512, 512)
    body = cog(NUMBERS[:512, :512], grid, 65535)
    assert body.count(b"65535\0") >= 1
    server.files["/a.tif"] = body.replace(b"65535\0", b"-9999\0")
    np.testing.assert_array_equal(windows.read(tile(server), "B02", grid), NUMBERS[:512, :512])


def test_missing_values_of_floats_may_be_no_number(archive, tmp_path):
    server, windows = archive
    windows._nodata = -32768.0
    values = NUMBERS[:256, :256].astype("float32")
    values[:50] = np.nan
    grid = Grid(FILE_GRID.crs, FILE_GRID.transform, 256, 256)
    server.files["/a.tif"] = cog(values, grid, np.nan)
    found = windows.read(tile(server), "B02", grid)
    assert (found[:50] == -32768).all()
    np.testing.assert_array_equal(found[50:], values[50:])


def test_raw_radar_is_refused_with_what_to_use_instead(archive):
    """Ground-range scenes have whole numbers, and points on the ground in place of a reference system."""
    server, windows = archive
    windows._nodata = -32768.0
    with pytest.raises(InputError, match=r"type uint16, expected .* float32 .*take sentinel-1-rtc"):
        windows.read(tile(server), "B02", part(0, 0, 30, 30))
    points = [GroundControlPoint(row, col, 80 + col / 100, 31 - row / 100) for row in (0, 9) for col in (0, 9)]
    profile = {"driver": "GTiff", "dtype": "uint16", "count": 1, "width": 10, "height": 10}
    with MemoryFile() as memory:
        with memory.open(**profile, gcps=points, crs="EPSG:4326") as raster:
            raster.write(NUMBERS[:1, :10].repeat(10, axis=0), 1)
        server.files["/grd.tif"] = bytes(memory.getbuffer())
    with pytest.raises(InputError, match=r"S2/.. of 2020-09-01, band B02: .*\(GRD\) scenes are.*sentinel-1-rtc"):
        windows.read(tile(server, "/grd.tif"), "B02", part(0, 0, 30, 30))


@pytest.mark.parametrize(
    ("kind", "number", "holds"),
    [("uint16", 0, True), ("uint16", -32768, False), ("int16", -32768, True), ("float32", -32768, True),
     ("complex64", 0, False), ("complex_int16", -32768, False)],
)  # fmt: skip
def test_type_can_hold_a_number_or_not(kind, number, holds):
    assert can_hold(kind, float(number)) is holds


def test_server_without_ranges_is_refused(archive):
    server, windows = archive
    server.ranges = False
    with pytest.raises(InputError, match="no parts of files"):
        windows.read(tile(server), "B02", part(0, 0, 30, 30))


def test_store_of_the_s3_kind_is_read_with_keys_of_the_environment(body, tmp_path, monkeypatch):
    with StacServer(files={"/eodata/a.tif": body}) as server, quick_session() as session:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "key-marker",
            "AWS_SECRET_ACCESS_KEY": "secret-marker",
            "AWS_HTTPS": "NO",
            "GDAL_HTTP_RETRY_DELAY": "0.01",
        }.items():
            monkeypatch.setenv(name, value)
        host = server.url.removeprefix("http://")
        catalog = Catalog("cdse", f"{server.url}/stac", "sentinel-2-l2a", {"B02": "B02_10m"}, s3_endpoint=host)
        windows = Windows(tmp_path, catalog, session)
        one = dataclasses.replace(tile(server), item={"assets": {"B02_10m": {"href": "s3://eodata/a.tif"}}})
        np.testing.assert_array_equal(windows.read(one, "B02", part(300, 300, 500, 400)), NUMBERS[300:700, 300:800])
        assert "key-marker" in server.requests[0][2]["Authorization"]
        lost = dataclasses.replace(tile(server), item={"assets": {"B02_10m": {"href": "s3://eodata/b.tif"}}})
        with pytest.raises(InputError, match="s3://eodata/b.tif on .* cannot be read .*AWS_ACCESS_KEY_ID") as failure:
            windows.read(lost, "B02", part(0, 0, 30, 30))
        assert "marker" not in str(failure.value)
        kept = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert len(kept) == 1 and not any(b"marker" in path.read_bytes() for path in kept)
