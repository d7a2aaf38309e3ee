"""Snow-free references: one orbit each, medians, and the change of a scene against them."""

import numpy as np
import pandas as pd
import rasterio

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster import cog_writer
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.snow.scenes.radar import Backscatter, write_radar_scene
from climate_indicators.snow.scenes.snow_free_reference import (
    change_numbers,
    choose_references,
    median_numbers,
    orbit_of,
    write_change,
    write_reference,
)
from refusals import raises_naming
from snow_scene_files import GRID, write_radar

NONE = -32768


def table(*rows):
    scenes = pd.DataFrame(rows, columns=["date", "orbit"])
    return scenes.assign(scene=scenes.date.str.replace("-", "") + "_o" + scenes.orbit)


SCENES = table(
    ("2019-07-12", "48"), ("2020-09-01", "48"), ("2019-01-12", "48"), ("2019-08-05", "95"), ("2019-10-01", "95")
)


def test_scenes_of_the_snow_free_months_of_each_orbit():
    chosen = choose_references(SCENES, [7, 8, 9])
    assert chosen.to_dict("records") == [
        {"orbit": "48", "n_scenes": 2, "first": "2019-07-12", "last": "2020-09-01",
         "scenes": "20190712_o48 20200901_o48"},
        {"orbit": "95", "n_scenes": 1, "first": "2019-08-05", "last": "2019-08-05", "scenes": "20190805_o95"},
    ]  # fmt: skip


def test_an_orbit_with_too_few_scenes_is_named():
    with raises_naming(InputError, "orbit 95 has 1", "(7, 8, 9)", "reference_scenes"):
        choose_references(SCENES, [7, 8, 9], 2)
    with raises_naming(InputError, "orbit 95 has 0", "reference_months"):
        choose_references(SCENES, [7, 9])


def test_median_apart_from_nodata():
    numbers = np.array([[5, NONE, NONE, -900], [1, 4, NONE, -700], [3, 9, NONE, -800]], "int16")
    assert median_numbers(numbers).tolist() == [3, 6, NONE, -800]
    random = np.random.default_rng(0).integers(-3000, 500, (6, 2, 8, 9)).astype("int16")
    assert (median_numbers(random) == np.rint(np.median(random, axis=0))).all()


def test_change_needs_both():
    scene = np.array([-1200, NONE, -700, NONE], "int16")
    reference = np.array([-900, -900, NONE, NONE], "int16")
    assert change_numbers(scene, reference).tolist() == [-300, NONE, NONE, NONE]
    assert change_numbers(np.array([32000], "int16"), np.array([-32000], "int16")).tolist() == [32767]


def harmonized(folder, name, orbit, seed, rows=None):
    source = write_radar(folder / "source.tif", seed=seed, orbit=orbit)
    path = folder / f"{name}.tif"
    area = np.ones(GRID.shape, "uint8")
    if rows is not None:
        area[rows:] = 0
    write_radar_scene(path, source, GRID, area, Backscatter(), {"RELATIVE_ORBIT": orbit, "DATE": "2019-07-12"})
    return path


def read(path):
    with rasterio.open(path) as raster:
        return raster.read(), raster.descriptions, raster.tags()


def test_reference_and_change_of_files(tmp_path):
    scenes = [harmonized(tmp_path, f"s{seed}", "48", seed) for seed in range(3)]
    write_reference(tmp_path / "o48.tif", scenes, "48")
    numbers, bands, tags = read(tmp_path / "o48.tif")
    assert bands == ("VV_reference", "VH_reference") and tags["SCENES"] == "s0 s1 s2"
    stack = np.stack([read(scene)[0] for scene in scenes])
    assert (numbers == np.median(stack, axis=0)).all()
    write_change(tmp_path / "change.tif", scenes[1], tmp_path / "o48.tif")
    change, bands, tags = read(tmp_path / "change.tif")
    assert bands == ("VV_change", "VH_change") and tags["RELATIVE_ORBIT"] == orbit_of(scenes[1]) == "48"
    assert (change == stack[1] - numbers).all() and change.any()
    with RasterStack([scenes[1], tmp_path / "change.tif"]) as channels:
        assert channels.bands == ("VV", "VH", "VV_change", "VH_change") and channels.valid().all()


def test_orbits_never_mix(tmp_path):
    own, other = harmonized(tmp_path, "a", "48", 0), harmonized(tmp_path, "b", "95", 1)
    with raises_naming(InputError, "b.tif", "'95'", "'48'"):
        write_reference(tmp_path / "o48.tif", [own, other], "48")
    assert not (tmp_path / "o48.tif").exists()
    write_reference(tmp_path / "o48.tif", [own], "48")
    with raises_naming(InputError, "o48.tif", "'48'", "'95'"):
        write_change(tmp_path / "change.tif", other, tmp_path / "o48.tif")
    with raises_naming(InputError, "b.tif", "o95.tif"):
        write_change(tmp_path / "change.tif", other, tmp_path / "o95.tif")
    assert not (tmp_path / "change.tif").exists()


def test_a_pixel_counts_where_any_scene_has_it(tmp_path):
    scenes = [harmonized(tmp_path, "a", "48", 0, rows=10), harmonized(tmp_path, "b", "48", 1, rows=20)]
    write_reference(tmp_path / "o48.tif", scenes, "48")
    numbers = read(tmp_path / "o48.tif")[0]
    assert (numbers[:, :20] != NONE).all() and (numbers[:, 20:] == NONE).all()
    assert (numbers[:, 10:20] == read(scenes[1])[0][:, 10:20]).all()


def test_a_reference_of_nothing_or_of_two_grids_is_refused(tmp_path):
    empty = tmp_path / "empty.tif"
    with cog_writer(empty, GRID, "int16", ["VV", "VH"], NONE, 0.01, {"RELATIVE_ORBIT": "48"}) as raster:
        raster.write(np.full((2, *GRID.shape), NONE, "int16"))
    with raises_naming(InputError, "orbit 48", "reference_months"):
        write_reference(tmp_path / "o48.tif", [empty], "48")
    other = Grid(GRID.crs, GRID.transform, 8, 8)
    small = tmp_path / "small.tif"
    with cog_writer(small, other, "int16", ["VV", "VH"], NONE, 0.01, {"RELATIVE_ORBIT": "48"}) as raster:
        raster.write(np.zeros((2, 8, 8), "int16"))
    with raises_naming(InputError, "small.tif", "a.tif", "grid"):
        write_reference(tmp_path / "o48.tif", [harmonized(tmp_path, "a", "48", 0), small], "48")


def test_many_scenes_in_low_strips_give_the_same(tmp_path, monkeypatch):
    scenes = [harmonized(tmp_path, f"s{seed}", "48", seed) for seed in range(3)]
    write_reference(tmp_path / "whole.tif", scenes, "48")
    monkeypatch.setattr("climate_indicators.snow.scenes.snow_free_reference._STRIP_NUMBERS", 1)
    write_reference(tmp_path / "low.tif", scenes, "48")
    assert (tmp_path / "whole.tif").read_bytes() == (tmp_path / "low.tif").read_bytes()
