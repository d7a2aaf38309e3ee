"""Bad input ends in one clear message before training starts, and leaves nothing half-written."""

import geopandas as gpd
import numpy as np
import pytest

from cases import shortened
from planted import edit
from runs import run

pytestmark = pytest.mark.slow


def truncated(folder, site):
    path = folder / "data/tiles/2023_west.tif"
    path.write_bytes(path.read_bytes()[:-2000])


def unreadable(folder, site):
    (folder / "data/tiles/2023_west.tif").write_text("not a raster")


def missing(folder, site):
    (folder / "data/tiles/2023_west.tif").unlink()


def without_band(folder, site):
    edit(folder / "data/tiles/2023_west.tif", lambda pixels, profile, names: (pixels[:4], names[:4]))


def other_order(folder, site):
    edit(folder / "data/tiles/2023_east.tif", lambda pixels, profile, names: (pixels[::-1], names[::-1]))


def without_crs(folder, site):
    def change(pixels, profile, names):
        profile.update(crs=None)
        return pixels, names

    edit(folder / "data/tiles/2023_west.tif", change)


def all_nodata(folder, site):
    for side in ("west", "east"):
        edit(folder / f"data/tiles/2023_{side}.tif", lambda pixels, profile, names: (pixels * 0, names))


def infinite(folder, site):
    def change(pixels, profile, names):
        pixels = pixels.astype("float32")
        pixels[:, 60:64, 60:64] = np.inf
        return pixels, names

    edit(folder / "data/tiles/2023_west.tif", change)


def reflectance_from_0_to_1(folder, site):
    for side in ("west", "east"):
        edit(
            folder / f"data/tiles/2023_{side}.tif", lambda pixels, profile, names: ((pixels / 1e4).astype("f4"), names)
        )


def mask_elsewhere(folder, site):
    def change(pixels, profile, names):
        profile.update(transform=profile["transform"] @ profile["transform"].translation(5000, 0))
        return pixels, names

    edit(folder / "data/clouds/2023.tif", change)


def year_twice(folder, site):
    site["scenes"][1]["year"] = 2023


def unknown_key(folder, site):
    site["outlinez"] = 1


def outside(folder, site, key, path):
    """Move a vector layer a hundred kilometers to the south."""
    layer = gpd.read_file(path)
    layer["geometry"] = layer.geometry.translate(yoff=-100_000 if layer.crs.is_projected else -1.0)
    layer.to_file(path)


def aoi_outside(folder, site):
    outside(folder, site, "aoi", folder / "data/aoi.gpkg")


def outlines_outside(folder, site):
    outside(folder, site, "outlines", folder / "data/outlines.gpkg")


def aoi_empty(folder, site):
    layer = gpd.read_file(folder / "data/aoi.gpkg")
    layer.iloc[:0].to_file(folder / "data/aoi.gpkg")


def wrong_type(folder, site):
    site["resolution_m"] = "forty"


def with_dem(site):
    site |= {"dem": "data/dem.tif", "terrain_bands": ["elevation", "slope"]}


def dem_of_three_quarters(folder, site):
    with_dem(site)
    edit(folder / "data/dem.tif", lambda pixels, profile, names: (pixels[..., : -pixels.shape[2] // 4], names))


def dem_with_voids(folder, site):
    with_dem(site)

    def change(pixels, profile, names):
        pixels[..., ::7, ::7] = -9999
        profile.update(nodata=None)
        return pixels, names

    edit(folder / "data/dem.tif", change)


def two_layers(folder, site):
    layer = gpd.read_file(folder / "data/outlines.gpkg")
    layer.dissolve().to_file(folder / "data/outlines.gpkg", layer="basin")


def patch_beside_the_stride(folder, site):
    site["patches"] = {"size_px": 30, "stride_px": 30}


def too_few_blocks(folder, site):
    site["patches"] = {"block_px": 190}


BAD = [
    (truncated, ["2023_west.tif", "truncated"]),
    (unreadable, ["2023_west.tif", "cannot be read as a raster"]),
    (missing, ["2023_west.tif", "Missing input files"]),
    (without_band, ["2023_west.tif", "B11", "listed in the site's `bands`"]),
    (other_order, ["2023_east.tif", "same order"]),
    (without_crs, ["2023_west.tif", "no coordinate reference system"]),
    (all_nodata, ["'mine', scene 2023", "no pixel of the area of interest has a value"]),
    (infinite, ["2023_west.tif", "NaN or infinite"]),
    (reflectance_from_0_to_1, ["2023_west.tif", "radiometry.scale", "'mine', scene 2023"]),
    (mask_elsewhere, ["clouds/2023.tif", "100.0 % is not covered"]),
    (year_twice, ["2023", "glacier.sites.mine"]),
    (unknown_key, ["glacier.sites.mine.outlinez", "outlines"]),
    (wrong_type, ["glacier.sites.mine.resolution_m", "'forty'", "number"]),
    (aoi_outside, ["'mine'", "area of interest", "outside the tiles"]),
    (outlines_outside, ["'mine'", "outlines.gpkg"]),
    (dem_of_three_quarters, ["'mine'", "dem.tif", "of the area of interest"]),
    (dem_with_voids, ["'mine'", "dem.tif", "small voids"]),
    (two_layers, ["'mine'", "outlines.gpkg", "basin"]),
    (aoi_empty, ["aoi.gpkg is empty: 0 features"]),
    (patch_beside_the_stride, ["glacier.patches.size_px: 30 is not a multiple of 4", "28 or 32"]),
    (too_few_blocks, ["'mine'", "fewer than the 3 splits", "patches.block_px"]),
]


@pytest.mark.parametrize(
    ("spoil", "words"),
    shortened(BAD, truncated, all_nodata, unknown_key),
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_bad_input_ends_in_one_clear_message(files, spoil, words):
    folder, config = files
    site = config["glacier"]["sites"]["mine"]
    spoil(folder, site)
    study = config["glacier"] | {"patches": config["glacier"]["patches"] | site.pop("patches", {})}
    text, passed = run(folder, {"glacier": study})
    assert not passed
    for word in words:
        assert word in text, text
    left = [path for path in (folder / "results").rglob("*") if ".part-" in path.name]
    assert not left, "half-written files stay"
    assert not (folder / "logs/glacier/mine/train.log").exists(), "training had begun"
