"""Faults planted into a site whose areas are known: the right area, a flag, or a refusal that names the file."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.warp import Resampling, calculate_default_transform, reproject
from scipy.ndimage import gaussian_filter

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.mosaic import SceneInputs, check_scene, tile_date, write_scene
from climate_indicators.geo.raster_stack import raster_grid
from climate_indicators.geo.rasters.layouts import tile_files
from climate_indicators.geo.rasters.radiometry import Radiometry, SceneOffset
from control_site import (
    AREA,
    BANDS,
    GRID,
    INTERVAL,
    MIN_VALID,
    YEARS,
    digital_numbers,
    inputs_of,
    make_year,
    outcome,
    part,
    reflectance,
    true_area,
    with_numbers,
    write_raster,
)
from refusals import raises_naming


def right(folder, one, **more):
    """The area is the true one, and nothing is flagged."""
    area, valid, rows = outcome(folder, inputs_of(folder, one), **more)
    assert area == pytest.approx(true_area(one.year), rel=INTERVAL), f"{area:.3f} km², {valid:.3f} valid"
    assert valid > 0.99
    return rows


def flagged(folder, one):
    """The share of valid pixels, which is low enough for a flag; the area is that of what is seen."""
    area, valid, _ = outcome(folder, inputs_of(folder, one))
    assert valid < MIN_VALID and area <= true_area(one.year) * (1 + INTERVAL)
    return valid


def refused(folder, one, *words):
    (folder / "scene.tif").unlink(missing_ok=True)
    with pytest.raises(InputError) as found:
        outcome(folder, inputs_of(folder, one))
    for word in words:
        assert word in str(found.value), found.value
    assert not (folder / "scene.tif").exists() and not list(folder.glob(".*part*")), "something half-written stays"


@pytest.mark.parametrize("year", YEARS)
def test_the_control_has_the_true_areas(tmp_path, year):
    rows = right(tmp_path, make_year(year))
    assert [row.role for row in rows] == ["scene", "scene"] and rows[0].bands == ", ".join(BANDS)
    assert rows[0].covered_fraction == pytest.approx(0.6) and rows[0].missing_by == "nodata 0"
    assert rows[0].offset == pytest.approx(-0.1 if year > 2022 else 0) and rows[0].unit == "reflectance"
    assert -0.03 < rows[0].minimum < 0.05 < rows[0].median < 0.4 < rows[0].maximum < 1


def test_a_neighbor_in_another_zone_gives_the_same_areas(tmp_path):
    one = make_year(2021)
    source, numbers = one.grids["east"], one.numbers["east"]
    to, width, height = calculate_default_transform(
        source.crs, "EPSG:32633", source.width, source.height, *source.bounds, resolution=20
    )
    there = np.zeros((len(BANDS), height, width), "uint16")
    reproject(
        numbers, there, src_transform=source.transform, src_crs=source.crs, src_nodata=0, dst_transform=to,
        dst_crs="EPSG:32633", dst_nodata=0, resampling=Resampling.bilinear,
    )  # fmt: skip
    grids = one.grids | {"east": Grid("EPSG:32633", to, width, height)}
    right(tmp_path, replace(one, numbers=one.numbers | {"east": there}, grids=grids))


# A1: a pixel that lacks some bands


def off_the_grid(one, meters):
    """The year with its tiles moved to the east and north, so that pixels are interpolated."""
    moved = {tile: Grid(g.crs, Affine.translation(meters, meters) @ g.transform, g.width, g.height)
             for tile, g in one.grids.items()}  # fmt: skip
    return replace(one, grids=moved)


@pytest.mark.parametrize("meters", [0, 7])
@pytest.mark.parametrize(("dtype", "nodata"), [("uint16", 0), ("int16", -9999)])
def test_a_pixel_that_lacks_a_band_is_not_valid(tmp_path, dtype, nodata, meters):
    """Off the grid, a warper that treats bands together replaces the missing band by its neighbor of nodata."""
    one = make_year(2019)
    numbers = {tile: values.astype(dtype) for tile, values in one.numbers.items()}
    for values in numbers.values():
        values[4, :30] = nodata
    one = replace(one, numbers=numbers, profile={"nodata": nodata})
    assert flagged(tmp_path, off_the_grid(one, meters)) == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize("meters", [0, 7])
@pytest.mark.parametrize(("dtype", "nodata"), [("uint16", 0), ("int16", -9999)])
def test_another_tile_fills_what_lacks_a_band(tmp_path, dtype, nodata, meters):
    one = off_the_grid(make_year(2019), meters)
    numbers = {tile: values.astype(dtype) for tile, values in one.numbers.items()}
    one, scenes = replace(one, numbers=numbers, profile={"nodata": nodata}), []
    for rows in (slice(0), slice(30, 60)):
        numbers["west"][4, rows, 64:] = nodata  # the east tile has these pixels
        outcome(tmp_path, inputs_of(tmp_path, one))
        with rasterio.open(tmp_path / "scene.tif") as raster:
            scenes.append(raster.read(masked=True)[:, 32:58, 66:158].astype("int32"))
    assert not np.ma.getmaskarray(scenes[1]).any() and abs(scenes[1] - scenes[0]).max() <= 1


# A2: undeclared fill


def test_undeclared_zero_is_missing(tmp_path):
    one = replace(make_year(2021), profile={})
    for numbers in one.numbers.values():
        numbers[:, :60] = 0
    assert flagged(tmp_path, one) == pytest.approx(0.5, abs=0.02)


def test_the_tile_with_values_wins_over_an_empty_one(tmp_path):
    one = replace(make_year(2021), profile={})
    one.numbers["west"][:, :, 66:] = 0  # beyond the swath; the east tile begins at column 64
    rows = right(tmp_path, one)
    assert rows[0].missing_by == "0 in all bands" and rows[0].covered_fraction == pytest.approx(66 / 160, abs=0.01)


def test_zero_is_missing_beside_another_declared_number(tmp_path):
    one = replace(make_year(2021), profile={"nodata": 65535})
    one.numbers["west"][:, :, 66:] = 0
    one.numbers["east"][:, :60, 30:] = 65535
    area, valid, rows = outcome(tmp_path, inputs_of(tmp_path, one))
    assert valid == pytest.approx(1 - 66 / 160 / 2, abs=0.01) and area < true_area(2021)
    assert rows[0].missing_by == "nodata 65535, 0 in all bands"


@pytest.mark.parametrize(
    ("band", "part"),
    [(4, np.s_[:, 60:]), (0, np.s_[20:90, 10:70]), (0, np.s_[::8]), (4, np.s_[:])],
    ids=["side", "block", "lines", "whole"],
)
def test_zero_of_a_missing_band_of_a_file_that_declares_nothing_is_refused(tmp_path, band, part):
    one = replace(make_year(2021), profile={})
    one.numbers["east"][band][part] = 0
    words = f"0 in band {BANDS[band]}", "radiometry.nodata: 0", "radiometry.nodata: none"
    refused(tmp_path, one, "2021_east.tif", *words)
    missing = (one.numbers["east"] == 0).any(axis=0)[:, 32:].sum() / (GRID.width * GRID.height)
    _, valid, _ = outcome(tmp_path, inputs_of(tmp_path, replace(one, radiometry=Radiometry(nodata=0))))
    assert valid == pytest.approx(1 - missing, abs=0.01)


def test_dark_ground_that_was_cut_at_zero_is_a_warning(tmp_path, caplog):
    """Numbers of an archive that took off too much and has no negative ones."""
    one = replace(make_year(2021), profile={})
    right(tmp_path, one)
    assert not caplog.text
    smooth = gaussian_filter(reflectance(2021), (0, 1, 1)) * 1e4 - 400
    values = np.clip(np.rint(smooth), 0, None).astype("uint16")
    assert 0.01 < (values == 0).any(axis=0).mean() < 0.2
    numbers = {"west": values[:, :, :96], "east": values[:, :, 64:]}
    *_, rows = outcome(tmp_path, inputs_of(tmp_path, replace(one, numbers=numbers)))
    assert "2021_east.tif: 0 in some bands" in caplog.text and "radiometry.nodata: 0" in caplog.text
    assert "0 in some bands" in " ".join(row.note for row in rows)


@pytest.mark.parametrize(("dtype", "fill"), [("uint16", 65535), ("int16", -9999), ("float32", -9999)])
def test_other_undeclared_fill_is_refused_by_its_number(tmp_path, dtype, fill):
    one = with_numbers(replace(make_year(2021), profile={}), lambda numbers: numbers.astype(dtype))
    one.numbers["east"][:, :, 60:] = fill
    refused(tmp_path, one, "2021_east.tif", f"radiometry.nodata: {fill:g}")
    assert flagged(tmp_path, replace(one, radiometry=Radiometry(nodata=fill))) < MIN_VALID


# A3: unit and offset


def test_reflectance_from_0_to_1_needs_its_scale(tmp_path):
    one = with_numbers(make_year(2021), lambda numbers: (numbers / 1e4).astype("float32"))
    one = replace(one, profile={"nodata": np.nan})
    refused(tmp_path, one, "2021_west.tif", "radiometry.scale")
    right(tmp_path, replace(one, radiometry=Radiometry(scale=1)))


def test_percent_and_eight_bits_are_refused(tmp_path):
    one = with_numbers(make_year(2021), lambda numbers: (numbers / 1e2).astype("float32"))
    refused(tmp_path, replace(one, profile={}), "radiometry.scale")
    one = with_numbers(make_year(2021), lambda numbers: np.clip(numbers / 1e4 * 255, 1, 255).astype("uint8"))
    refused(tmp_path, one, "radiometry.scale")
    right(tmp_path, replace(one, radiometry=Radiometry(scale=1 / 255)))


def landsat(year):
    values = np.rint((reflectance(year) + 0.2) / 2.75e-5).astype("uint16")
    one = make_year(year)
    return replace(one, numbers={"west": values[:, :, :96], "east": values[:, :, 64:]})


@pytest.mark.parametrize("year", [2019, 2023])
def test_landsat_numbers(tmp_path, year):
    one = landsat(year)
    right(tmp_path, replace(one, scales=(2.75e-5, -0.2)))
    right(tmp_path, replace(one, radiometry=Radiometry(2.75e-5, -0.2 / 2.75e-5)))
    refused(tmp_path, one, "radiometry")
    refused(tmp_path, replace(one, radiometry=Radiometry(sentinel2_baseline=True)), "radiometry")
    wrong = Radiometry(scale=1e-4)
    refused(tmp_path, replace(one, scales=(2.75e-5, -0.2), radiometry=wrong), "2.75e-05", "radiometry.scale")


def without_offset(numbers):
    return np.clip(numbers.astype("int32") - 1000, 1, None).astype("uint16")


def test_an_offset_taken_off_twice(tmp_path):
    one = with_numbers(make_year(2023), without_offset)
    refused(tmp_path, one, "boa_offset_applied: true")
    right(tmp_path, replace(one, offset=SceneOffset("2023-08-20", applied=True)))
    right(tmp_path, replace(one, offset=SceneOffset("2023-08-20", offset_dn=0)))
    right(tmp_path, replace(one, radiometry=Radiometry(sentinel2_baseline=False)))
    refused(tmp_path, replace(one, radiometry=Radiometry(offset_dn=-1000)), "radiometry.offset_dn")


def test_a_reprocessed_scene_of_an_early_year_carries_the_offset(tmp_path):
    one = with_numbers(make_year(2019), lambda numbers: numbers + np.uint16(1000))
    refused(tmp_path, one, "processing_baseline", "offset_dn: -1000")
    right(tmp_path, replace(one, offset=SceneOffset("2019-08-20", processing_baseline="05.00")))
    right(tmp_path, replace(one, offset=SceneOffset("2019-08-20", offset_dn=-1000)))
    rows = right(tmp_path, replace(one, scales=(1e-4, -0.1)))
    assert "offset" in rows[0].note and rows[0].offset == pytest.approx(-0.1)


@pytest.mark.parametrize("dtype", ["int16", "uint16"])
def test_the_sentinel2_offset_is_not_taken_off_hls(tmp_path, dtype):
    one = make_year(2023)
    values = np.clip(np.rint(reflectance(2023) * 1e4), 1, None).astype(dtype)
    one = replace(one, numbers={"west": values[:, :, :96], "east": values[:, :, 64:]})
    refused(tmp_path, replace(one, radiometry=Radiometry(sentinel2_baseline=True)), "sentinel2_baseline: false")
    if dtype == "int16":
        right(tmp_path, one)
    right(tmp_path, replace(one, radiometry=Radiometry(sentinel2_baseline=False)))


def test_one_tile_of_two_in_another_unit(tmp_path):
    one = make_year(2023)
    east = without_offset(one.numbers["east"])
    refused(tmp_path, replace(one, numbers=one.numbers | {"east": east}), "2023_east.tif", "boa_offset_applied")


# A7: cloud masks


def clouded(**masks):
    one = make_year(2021)
    grids = one.grids | {"scene": GRID} | {name: mask[1] for name, mask in masks.items() if isinstance(mask, tuple)}
    arrays = {name: mask[0] if isinstance(mask, tuple) else mask for name, mask in masks.items()}
    return replace(one, grids=grids, masks=arrays)


def test_clouds_are_not_valid(tmp_path):
    clear, cloud = np.zeros(GRID.shape), np.zeros(GRID.shape)
    cloud[:, 40:] = 1
    assert right(tmp_path, clouded(scene=clear))[-1].role == "cloud_mask"
    assert flagged(tmp_path, clouded(scene=cloud)) == pytest.approx(0.25)


def test_a_mask_that_does_not_cover_the_scene_is_refused(tmp_path):
    far = Grid(GRID.crs, GRID.transform @ Affine.translation(10_000, 0), 160, 120)
    refused(tmp_path, clouded(far=(np.zeros(GRID.shape), far)), "2021_far_clouds.tif", "100.0 %")
    quarter = Grid(GRID.crs, GRID.transform, 80, 60)
    refused(tmp_path, clouded(quarter=(np.zeros((60, 80)), quarter)), "2021_quarter_clouds.tif", "74.")
    refused(tmp_path, clouded(west=np.zeros((120, 96))), "2021_west_clouds.tif", "39.")
    nowhere = Grid(None, GRID.transform, 160, 120)
    refused(tmp_path, clouded(nowhere=(np.zeros(GRID.shape), nowhere)), "2021_nowhere_clouds.tif", "reference system")


def test_a_mask_of_each_tile(tmp_path):
    clear, cloud = np.zeros((120, 96)), np.ones((120, 96))
    right(tmp_path, clouded(west=clear, east=clear))
    # the overlap is seen by the tile that is clear
    assert flagged(tmp_path, clouded(west=clear, east=cloud)) == pytest.approx(0.6)
    assert flagged(tmp_path, clouded(west=cloud, east=clear)) == pytest.approx(0.6)
    three = clouded(west=clear, east=clear, scene=np.zeros(GRID.shape))
    refused(tmp_path, three, "cloud_mask lists 3 files", "2 tiles")


def test_a_mask_that_declares_its_zero_as_missing_is_clear_there(tmp_path):
    inputs = inputs_of(tmp_path, clouded(scene=np.zeros(GRID.shape)))
    with rasterio.open(inputs.masks[0], "r+") as raster:
        raster.nodata = 0
    area, valid, _ = outcome(tmp_path, inputs)
    assert valid == 1 and area == pytest.approx(true_area(2021), rel=INTERVAL)


def test_a_damaged_mask_is_named(tmp_path):
    inputs = inputs_of(tmp_path, clouded(scene=np.zeros(GRID.shape)))
    whole = open(inputs.masks[0], "rb").read()
    open(inputs.masks[0], "wb").write(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"2021_scene_clouds\.tif"):
        outcome(tmp_path, inputs)
    open(inputs.masks[0], "w").write("<gml/>")
    with raises_naming(InputError, "2021_scene_clouds.tif"):
        outcome(tmp_path, inputs)


# A9, A10: damaged and unusual files, alpha bands, one file a band, folders


def cut_jpeg2000(folder, numbers):
    path = write_raster(folder / "tile.jp2", numbers, GRID, [None] * 5, driver="JP2OpenJPEG", QUALITY=100)
    whole = Path(path).read_bytes()
    Path(path).write_bytes(whole[: len(whole) // 2])
    return path


def damaged_strips(folder, numbers):
    path = write_raster(folder / "tile.tif", numbers, GRID, BANDS, nodata=0, compress="lzw")
    content = bytearray(Path(path).read_bytes())
    middle = len(content) // 3
    content[middle : middle + 4000] = b"\xff" * 4000
    Path(path).write_bytes(content)
    return path


def vrt_without_its_source(folder, numbers):
    source = write_raster(folder / "gone.tif", numbers, GRID, BANDS, nodata=0)
    rasterio.shutil.copy(source, folder / "tile.vrt", driver="VRT")
    Path(source).unlink()
    return str(folder / "tile.vrt")


def ground_control_points_alone(folder, numbers):
    path, count, (height, width) = folder / "tile.tif", len(numbers), GRID.shape
    corners = [(0, 0), (0, width), (height, 0)]
    points = [GroundControlPoint(row, col, *(GRID.transform @ (col, row))) for row, col in corners]
    with rasterio.open(
        path, "w", driver="GTiff", dtype="uint16", count=count, width=width, height=height, gcps=points, crs=GRID.crs
    ) as raster:
        raster.write(numbers)
    return str(path)


@pytest.mark.parametrize(
    ("make", "name", "said"),
    [
        (cut_jpeg2000, "tile.jp2", "truncated"),
        (damaged_strips, "tile.tif", "raster"),
        (vrt_without_its_source, "tile.vrt", "gone.tif"),
        (ground_control_points_alone, "tile.tif", "gdalwarp"),
    ],
)
def test_a_tile_that_cannot_be_used_is_named_with_the_reason(tmp_path, make, name, said):
    path = make(tmp_path, digital_numbers(2019, reflectance(2019)))
    with raises_naming(InputError, name, said):
        outcome(tmp_path, SceneInputs([path], BANDS, BANDS, offset=SceneOffset("2019-08-20")))


def test_an_alpha_band_masks_its_tile(tmp_path):
    one = make_year(2021)
    numbers = {}
    for tile, values in one.numbers.items():
        alpha = np.full((1, *values.shape[1:]), 65535, "uint16")
        alpha[:, :, 70:] = 0 if tile == "west" else 65535
        numbers[tile] = np.concatenate([np.where(alpha > 0, values, 20_000), alpha])
    tiles = []
    for tile, values in numbers.items():
        path = write_raster(tmp_path / f"{tile}.tif", values, one.grids[tile], [*BANDS, None])
        with rasterio.open(path, "r+") as raster:
            raster.colorinterp = [*raster.colorinterp[:-1], rasterio.enums.ColorInterp.alpha]
        tiles.append(path)
    area, valid, rows = outcome(tmp_path, SceneInputs(tiles, BANDS, offset=one.offset))
    assert valid == 1 and area == pytest.approx(true_area(2021), rel=INTERVAL) and rows[0].missing_by == "alpha band"


def band_files(folder, year, name, sizes=None, change=lambda numbers: numbers, driver="GTiff", **profile):
    """A file a band, some with pixels twice as large; path by band."""
    folder.mkdir(parents=True, exist_ok=True)
    values, paths = reflectance(year), {}
    for number, band in enumerate(BANDS):
        size = (sizes or {}).get(band, 1)
        numbers = change(values[number])[::size, ::size]
        grid = Grid(GRID.crs, GRID.transform @ Affine.scale(size), 160 // size, 120 // size)
        path = folder / name.format(band=band, meters=20 * size)
        path.parent.mkdir(parents=True, exist_ok=True)
        options = {"QUALITY": 100, "REVERSIBLE": True} if driver != "GTiff" else {}
        paths[band] = write_raster(path, numbers[None], grid, [None], driver=driver, **profile, **options)
    return paths


def same_area(folder, tiles, offset=None, year=2019, radiometry=None):
    inputs = SceneInputs(tiles, BANDS, None, (), radiometry or Radiometry(), offset or SceneOffset(f"{year}-08-20"))
    area, valid, rows = outcome(folder, inputs)
    assert area == pytest.approx(true_area(year), rel=0.04) and valid > 0.98
    return rows


def test_a_map_of_band_and_file(tmp_path):
    numbers = lambda values: digital_numbers(2019, values)  # noqa: E731
    paths = band_files(tmp_path / "bands", 2019, "a_{band}.tif", {"B11": 2}, numbers)
    rows = same_area(tmp_path, [paths])
    assert len(rows) == 1 and rows[0].bands == ", ".join(BANDS)
    same_area(tmp_path, list(paths.values()))  # the same files, listed as tiles
    same_area(tmp_path, [str(tmp_path / "bands")])
    del paths["B11"]
    with raises_naming(InputError, "B11", "`bands`"):
        check_scene(SceneInputs([paths], BANDS, offset=SceneOffset("2019-08-20")), AREA)


@pytest.mark.parametrize(("baseline", "year"), [("0213", 2019), ("0500", 2019), ("0509", 2023)])
def test_a_safe_folder(tmp_path, baseline, year):
    """Sentinel-2 files of two resolutions, 0 where there is nothing, and the offset that the product's name says."""
    safe = tmp_path / f"S2A_MSIL2A_{year}0820T101031_N{baseline}_R022_T32TPT_{year}0820T120000.SAFE"
    offset = 1000 if baseline >= "0400" else 0

    def numbers(values):
        return np.clip(np.rint(values * 1e4) + offset, 1, None).astype("uint16")

    name = f"GRANULE/L2A_T32TPT/IMG_DATA/R{{meters}}m/T32TPT_{year}0820T101031_{{band}}_{{meters}}m.jp2"
    band_files(safe, year, name, None, numbers, "JP2OpenJPEG")
    band_files(safe, year, name, dict.fromkeys(BANDS, 2), numbers, "JP2OpenJPEG")
    rows = same_area(tmp_path, [str(safe)], year=year)
    assert rows[0].offset == pytest.approx(-offset / 1e4) and rows[0].missing_by == "nodata 0"


@pytest.mark.parametrize(("text", "offset"), [("<BOA_ADD_OFFSET band_id='1'>-1000</BOA_ADD_OFFSET>", 1000), ("", 0)])
@pytest.mark.parametrize("year", [2019, 2023])
def test_metadata_of_a_safe_folder_count_before_its_date(tmp_path, year, text, offset):
    safe = tmp_path / f"S2A_MSIL2A_{year}0820T101031_N9999_R022_T32TPT_{year}0820T120000.SAFE"

    def numbers(values):
        return np.clip(np.rint(values * 1e4) + offset, 1, None).astype("uint16")

    band_files(safe, year, f"T32TPT_{year}0820T101031_{{band}}_{{meters}}m.tif", None, numbers)
    (safe / "MTD_MSIL2A.xml").write_text(f"<a><PROCESSING_BASELINE>99.99</PROCESSING_BASELINE>{text}</a>")
    assert same_area(tmp_path, [str(safe)], year=year)[0].offset == pytest.approx(-offset / 1e4)
    (safe / "MTD_MSIL2A.xml").write_text("<a><PROCESSING_BASELINE>05.09</PROCESSING_BASELINE></a>")
    if offset:
        assert same_area(tmp_path, [str(safe)], year=year)[0].offset == pytest.approx(-0.1)


def test_tiles_of_several_forms_keep_their_order(tmp_path):
    def numbers(values):
        return digital_numbers(2019, values)

    west = inputs_of(tmp_path, make_year(2019)).tiles[0]
    one, two = (band_files(tmp_path / name, 2019, "a_{band}.tif", None, numbers) for name in ("one", "two"))
    found = tile_files([west, one, *two.values(), str(tmp_path / "one"), west], BANDS)
    assert [tile.label for tile in found] == [west, one["B02"], two["B02"], str(tmp_path / "one"), west]


def test_a_landsat_folder(tmp_path):
    def numbers(values):
        return np.rint((values + 0.2) / 2.75e-5).astype("uint16")

    folder = tmp_path / "LC08_L2SP_193027_20190820_20200827_02_T1"
    name = f"{folder.name}_SR_{{band}}.TIF"
    paths = band_files(folder, 2019, name, None, numbers)
    rows = same_area(tmp_path, [str(folder)])
    assert (rows[0].scale, rows[0].offset) == pytest.approx((2.75e-5, -0.2)) and "Landsat" in rows[0].note
    same_area(tmp_path, [paths])
    with raises_naming(InputError, "Landsat Collection 2 level 2", "2.75e-05"):
        same_area(tmp_path, [paths], radiometry=Radiometry(scale=1e-4))


def test_a_folder_without_a_band_or_with_two_images_is_refused(tmp_path):
    paths = band_files(tmp_path / "one", 2019, "a_{band}.tif", None, lambda v: digital_numbers(2019, v))
    (tmp_path / "one" / "a_B11.tif").rename(tmp_path / "one" / "a_B12.tif")
    with raises_naming(InputError, "band B11", "a_B12.tif"):
        same_area(tmp_path, [str(tmp_path / "one")])
    band_files(tmp_path / "two", 2019, "a_{band}.tif", None, lambda v: digital_numbers(2019, v))
    band_files(tmp_path / "two", 2019, "b_{band}.tif", None, lambda v: digital_numbers(2019, v))
    with raises_naming(InputError, "band B02"):
        same_area(tmp_path, [str(tmp_path / "two")])
    assert paths


def test_the_date_of_a_fetched_tile(tmp_path):
    path = write_raster(tmp_path / "a.tif", make_year(2019).numbers["west"], part(slice(0, 96)), BANDS)
    assert tile_date(path) is None
    for text in ("2019-09-12", "someday"):
        with rasterio.open(path, "r+") as raster:
            raster.update_tags(DATE=text)
        if text == "someday":
            with raises_naming(InputError, "a.tif", "DATE=someday"):
                tile_date(path)
        else:
            assert tile_date(path) == text


EVEREST = Path(os.environ.get("GLACIER_EVEREST", Path(__file__).resolve().parents[4] / "shared/data/glacier_everest"))


@pytest.mark.skipif(not EVEREST.is_dir(), reason=f"real data not found at {EVEREST}; set GLACIER_EVEREST")
def test_a_real_image_of_eight_bits_saturated_over_snow(tmp_path, caplog):
    path = str(next(EVEREST.glob("*.tif")))
    with rasterio.open(path) as raster:
        site = raster_grid(raster)
    names = ["red", "green", "blue"]
    inputs = SceneInputs([path], names, names, (), Radiometry(scale=1 / 255), SceneOffset("2000-10-30"))
    check_scene(inputs, None)
    with caplog.at_level("WARNING"):
        valid, rows = write_scene(str(tmp_path / "a.tif"), site, np.ones(site.shape, "uint8"), inputs)
    assert valid == 1 and "36.3 % of the pixels have the number 255" in caplog.text and "saturated" in rows[0].note
    assert rows[0].maximum == 1 and rows[0].missing_by == "0 in all bands"
    with pytest.raises(InputError, match=r"radiometry\.scale"):
        write_scene(
            str(tmp_path / "b.tif"), site, np.ones(site.shape, "uint8"), replace(inputs, radiometry=Radiometry())
        )
