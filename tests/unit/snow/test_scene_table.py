"""Tables of scenes: what is understood, what is refused by name, and the one grid of a site."""

import datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from shapely.geometry import box

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import InputError
from climate_indicators.geo.rasters.reading import window_on
from climate_indicators.snow.scenes.headers import check_scene, find_grid, find_orbits, scene_bands
from climate_indicators.snow.scenes.table import name_scenes, orbit_text, read_scene_list, read_scenes
from refusals import raises_naming
from snow_scene_files import GRID, OPTICAL, optical, power, shifted, write_optical, write_radar, write_raster


def scene(sensor="radar", path="a.tif", date="2019-06-12", **more):
    return {"sensor": sensor, "path": path, "date": date} | more


SEEN = scene("optical", "b.tif")


def named(*rows, mixed=False):
    return name_scenes(find_orbits(read_scene_list(list(rows)), mixed))


def test_a_table_is_read_relative_to_its_folder(tmp_path):
    path = tmp_path / "scenes.csv"
    path.write_text(
        "sensor,path,date,orbit,cloud_mask\n"
        "radar,radar/1.tif,2019-06-12,048,\n"
        "optical,optical/1.tif,2019-06-13,,../clouds/1.tif\n"
    )
    table = read_scene_list(path)
    assert table.path.tolist() == [str(tmp_path / "radar/1.tif"), str(tmp_path / "optical/1.tif")]
    assert table.cloud_mask.tolist() == ["", str(tmp_path.parent / "clouds/1.tif")]
    assert table.orbit.tolist() == ["048", ""]


def test_lists_with_dates_numbers_and_gaps_and_short_lines(tmp_path):
    rows = [scene(date=datetime.date(2019, 6, 12), orbit=48), SEEN | {"orbit": None, "cloud_mask": None}]
    table = read_scene_list(rows)
    assert table.date.tolist() == ["2019-06-12"] * 2
    assert [orbit and orbit_text(orbit) for orbit in table.orbit] == ["48", ""]
    path = tmp_path / "scenes.csv"
    path.write_text("sensor,path,date,orbit,cloud_mask\nradar,a.tif,2019-06-12,48\noptical, b.tif,2019-06-12\n")
    assert read_scene_list(path).orbit.tolist() == ["48", ""] and read_scene_list(path).cloud_mask.tolist() == ["", ""]


def test_names_and_years_survive_the_table_that_is_written(tmp_path):
    first = write_radar(tmp_path / "a.tif", orbit="")
    second = write_radar(tmp_path / "c.tif", orbit="95")
    rows = scene(path=second, date="2020-01-03"), scene(path=first, orbit=48), SEEN
    table = named(*rows)
    assert table.scene.tolist() == ["20190612", "20190612_o48", "20200103_o95"]
    assert table.year.tolist() == ["2019", "2019", "2020"]
    write_csv(table, tmp_path / "scenes.csv")
    pd.testing.assert_frame_equal(read_scenes(tmp_path / "scenes.csv"), table)
    assert read_scenes(tmp_path / "scenes.csv", "radar", "2020").orbit.tolist() == ["95"]


def test_orbits_come_from_the_table_then_the_tag(tmp_path):
    tagged = write_radar(tmp_path / "a.tif", orbit="117")
    bare = write_radar(tmp_path / "b.tif", orbit="")
    told = []
    listed = read_scene_list([scene(path=tagged), scene(path=tagged, orbit="48"), SEEN])
    assert find_orbits(listed, False, told.append).orbit.tolist() == ["117", "48", ""]
    assert len(told) == 1 and "relative orbit 48 in the table, 117 in the tag" in told[0]
    with raises_naming(InputError, "b.tif", "mixed_orbits"):
        named(scene(path=bare), SEEN)
    assert named(scene(path=bare), SEEN, mixed=True).scene.tolist() == ["20190612", "20190612_omixed"]


@pytest.mark.parametrize(("given", "text"), [("048", "48"), ("48.0", "48"), (" 117 ", "117"), ("A95", "A95")])
def test_orbits_have_one_spelling(given, text):
    assert orbit_text(given) == text


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([scene("sar"), SEEN], ["scene 1", "sensor", "'sar'"]),
        ([scene(date="12.06.2019"), SEEN], ["scene 1", "a.tif", "date", "'12.06.2019'"]),
        ([scene(date="20190612"), SEEN], ["date", "'20190612'"]),
        ([scene(date="2019-02-30"), SEEN], ["date", "'2019-02-30'"]),
        ([scene(path=""), SEEN], ["scene 1", "path"]),
        ([scene(orbit="4/8"), SEEN], ["orbit", "'4/8'"]),
        ([scene(cloud_mask="c.tif"), SEEN], ["cloud"]),
        ([scene(), SEEN | {"orbit": "48"}], ["scene 2", "b.tif", "orbit", "'48'"]),
        ([scene()], ["optical"]),
        ([SEEN], ["radar"]),
        ([{"sensor": "radar", "date": "2019-06-12"}], ["path"]),
        ([], ["sensor, path, date"]),
    ],
)
def test_a_bad_list_is_refused_by_name(rows, names):
    with raises_naming(InputError, *names):
        read_scene_list(rows)


def test_a_missing_table_is_named(tmp_path):
    with raises_naming(InputError, "none.csv"):
        read_scene_list(tmp_path / "none.csv")


def test_tiles_of_one_date_and_scenes_listed_twice_are_refused(tmp_path):
    first, second = (write_radar(tmp_path / name) for name in ("a.tif", "b.tif"))
    with raises_naming(InputError, "2 radar scenes", "2019-06-12", "orbit 48"):
        named(scene(path=first), scene(path=second), SEEN)
    with raises_naming(InputError, "b.tif", "2 times"):
        named(scene(path=first), SEEN, SEEN)
    # the other orbit of the same day is another scene
    assert len(named(scene(path=first), scene(path=second, orbit="95"), SEEN)) == 3


def row_of(sensor, path, cloud_mask=""):
    return pd.Series({"sensor": sensor, "path": path, "cloud_mask": cloud_mask})


def test_headers_are_checked_by_name(tmp_path):
    one_band = write_raster(tmp_path / "vv.tif", power()[:1].astype("float32"), ["VV"])
    with raises_naming(InputError, "vv.tif", "VV, VH", "Missing: VH"):
        check_scene(row_of("radar", one_band), GRID)
    dark = write_raster(tmp_path / "rgb.tif", optical()[:4], OPTICAL[:4])
    with pytest.raises(InputError, match="Missing: B11"):
        check_scene(row_of("optical", dark), GRID)
    nameless = write_raster(tmp_path / "nameless.tif", power().astype("float32"), [None, None])
    with raises_naming(InputError, "radar_bands"):
        check_scene(row_of("radar", nameless), GRID)
    check_scene(row_of("radar", nameless), GRID, ["VH", "VV"])
    with raises_naming(InputError, "radar_bands", "3"):
        check_scene(row_of("radar", nameless), GRID, ["VH", "VV", "angle"])
    text = tmp_path / "text.tif"
    text.write_text("no raster")
    with raises_naming(InputError, "text.tif"):
        check_scene(row_of("radar", str(text)), GRID)
    placeless = write_raster(tmp_path / "placeless.tif", power().astype("float32"), ["VV", "VH"], crs=None)
    with raises_naming(InputError, "coordinate reference system"):
        check_scene(row_of("radar", placeless), GRID)
    whole = write_radar(tmp_path / "whole.tif")
    cut = tmp_path / "cut.tif"
    cut.write_bytes(open(whole, "rb").read()[:-3000])
    with raises_naming(InputError, "cut.tif", "truncated"):
        check_scene(row_of("radar", str(cut)), GRID)


def test_a_scene_elsewhere_is_refused(tmp_path):
    far = write_radar(tmp_path / "far.tif", transform=shifted(cols=100))
    with raises_naming(InputError, "far.tif", "grid"):
        check_scene(row_of("radar", far), GRID)
    # meters of one zone taken for those of another
    wrong = write_radar(tmp_path / "wrong.tif", crs="EPSG:32633")
    with raises_naming(InputError, "wrong.tif", "EPSG:32633", "reference system"):
        check_scene(row_of("radar", wrong), GRID)


def test_a_cloud_mask_must_cover_its_scene(tmp_path):
    path = write_optical(tmp_path / "a.tif")
    small = write_raster(tmp_path / "small.tif", np.zeros((1, 12, 32), "uint8"), ["cloud"])
    with raises_naming(InputError, "small.tif", "a.tif"):
        check_scene(row_of("optical", path, small), GRID)
    coarse = write_raster(tmp_path / "c.tif", np.zeros((1, 12, 16), "uint8"), ["cloud"], shifted(size=2))
    check_scene(row_of("optical", path, coarse), GRID)


def test_the_grid_is_the_first_optical_scene_cropped_to_the_area(tmp_path):
    path = write_optical(tmp_path / "a.tif")
    assert find_grid(path, None) == GRID
    left, top = GRID.transform.c, GRID.transform.f
    area = gpd.GeoSeries([box(left + 31, top - 105, left + 100, top - 20)], crs=GRID.crs)
    cropped = find_grid(path, area)
    assert cropped.shape == (9, 7) and (cropped.transform.c, cropped.transform.f) == (left + 30, top - 20)
    # the same area in degrees reaches the same pixels, give or take the corners' turn
    turned = find_grid(path, area.to_crs(4326))
    assert np.abs(np.subtract(turned.shape, cropped.shape)).max() <= 1
    with raises_naming(InputError, "area of interest", "a.tif"):
        find_grid(path, area.translate(10_000))


def test_only_pixels_that_are_the_grids_own_are_taken_as_they_are(tmp_path):
    for number, (transform, expected) in enumerate(
        [(shifted(), (0, 0)), (shifted(-3, -2), (3, 2)), (shifted(4), (-4, 0)), (shifted(0.5), None),
         (shifted(size=2), None), (shifted(size=1.001), None)]
    ):  # fmt: skip
        with rasterio.open(write_radar(tmp_path / f"{number}.tif", transform=transform)) as raster:
            window = window_on(raster, GRID)
        assert (window and (window.col_off, window.row_off)) == expected


def test_bands_are_found_by_name_not_by_place(tmp_path):
    path = write_raster(tmp_path / "a.tif", np.zeros((3, 4, 4), "float32"), ["angle", "VH", "VV"])
    with rasterio.open(path) as raster:
        assert scene_bands(raster, "radar") == [3, 2]
