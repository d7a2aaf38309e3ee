"""Radar and optical scenes whose bands are files of a folder."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rasterio.windows import Window

from climate_indicators.core.errors import InputError
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.geo.rasters.radiometry import Radiometry, SceneOffset
from climate_indicators.geo.rasters.reading import GridReader
from climate_indicators.geo.rasters.together import opened_together
from climate_indicators.geo.rasters.understanding import understand
from climate_indicators.snow.scenes.headers import check_scene, find_grid, find_orbits, scene_paths
from climate_indicators.snow.scenes.optical import OpticalReading, write_optical_scene
from climate_indicators.snow.scenes.radar import write_radar_scene
from climate_indicators.snow.scenes.radar_reader import Backscatter
from climate_indicators.snow.scenes.snow_indices import SnowRule
from climate_indicators.snow.scenes.table import read_scene_list
from climate_indicators.snow.scenes.years import scene_years
from refusals import raises_naming
from snow_scene_files import GRID, OPTICAL, optical, power, shifted, write_raster

EVERYWHERE = np.ones(GRID.shape, "uint8")


def hyp3(folder, transform=None):
    """A folder as HyP3 delivers it: VV and VH in linear power, 0 outside, and a picture."""
    folder.mkdir()
    numbers = power().astype("float32")
    numbers[:, 0] = 0
    for band, name in zip(numbers, ("VV", "VH"), strict=True):
        place = transform if name == "VH" and transform else GRID.transform
        write_raster(folder / f"{folder.name}_{name}.tif", band[None], [None], place, nodata=0)
    write_raster(folder / f"{folder.name}_rgb.tif", np.zeros((3, *GRID.shape), "uint8"), list("rgb"))
    return str(folder)


def written(path):
    with RasterStack([path]) as stack:
        return stack.read((0, GRID.height), (0, GRID.width))


def test_radar_of_a_hyp3_folder_is_that_of_one_file(tmp_path):
    folder = hyp3(tmp_path / "S1A_IW_20190612T051818_DVP_RTC30_G_gpuned_AB12")
    whole = write_raster(tmp_path / "whole.tif", power().astype("float32"), ["VV", "VH"])
    check_scene(pd.Series({"sensor": "radar", "path": folder, "cloud_mask": ""}), GRID)
    for source, name in ((folder, "a.tif"), (whole, "b.tif")):
        _, row = write_radar_scene(tmp_path / name, source, GRID, EVERYWHERE, Backscatter("linear"), {})
        assert row.file == source and row.role == "radar"
    (values, valid), (expected, _) = written(tmp_path / "a.tif"), written(tmp_path / "b.tif")
    assert not valid[0].any() and valid[1:].all() and (values[1:] == expected[1:]).all()


def test_bands_of_two_grids_are_no_image(tmp_path):
    folder = hyp3(tmp_path / "moved", shifted(cols=1))
    with raises_naming(InputError, "moved_VH.tif", "grid"):
        write_radar_scene(tmp_path / "a.tif", folder, GRID, EVERYWHERE, Backscatter("linear"), {})


def test_scale_offset_and_nodata_of_each_file_are_kept(tmp_path):
    first = write_raster(tmp_path / "a.tif", np.full((1, *GRID.shape), 7, "int16"), [None], nodata=-5)
    with opened_together([first, first], ["x", "y"], "both") as raster:
        info = understand(raster)
        assert info.names == ("x", "y") and info.bands[1].nodata == -5 and info.path == "both"
        values = GridReader(raster, info, info.bands, GRID).read(Window(0, 0, 32, 24))
    assert (values == 7).all()


def test_an_optical_folder_is_read_like_one_file(tmp_path):
    folder = tmp_path / "S2A_MSIL2A_20190612T053641_N0212_R005_T44RLU_20190612T094501.SAFE"
    folder.mkdir()
    for band, name in zip(optical(), OPTICAL, strict=True):
        write_raster(folder / f"T44RLU_20190612T053641_{name}_10m.tif", band[None], [None])
    assert find_grid(str(folder), None) == GRID
    reading = OpticalReading(Radiometry())
    paths = tmp_path / "a.tif", tmp_path / "m.tif"
    row, inputs = write_optical_scene(
        *paths, str(folder), None, SceneOffset("2019-06-12"), GRID, EVERYWHERE, reading, SnowRule()
    )
    assert row["snow_fraction"] == 0.5 and inputs[0].file == str(folder)
    assert written(paths[0])[0][0, 0] == pytest.approx([0.8, 0.82, 0.81, 0.76, 0.09])


def test_a_map_of_band_and_file_in_a_list_of_scenes(tmp_path):
    folder = Path(hyp3(tmp_path / "S1"))
    files = {band: str(folder / f"S1_{band}.tif") for band in ("VV", "VH")}
    seen = {"sensor": "optical", "path": "b.tif", "date": "2019-06-12"}
    radar = {"sensor": "radar", "path": files, "date": "2019-06-12", "orbit": 48, "cloud_mask": None}
    assert scene_years([radar, seen])[0] == ("radar", "2019", list(files.values()))
    table = read_scene_list([radar, seen])
    source = table.path[0]
    assert scene_paths(source, "radar") == list(files.values()) and scene_paths(table.path[1], "optical") == ["b.tif"]
    assert find_orbits(table, False).orbit[0] == "48"
    write_radar_scene(tmp_path / "a.tif", source, GRID, EVERYWHERE, Backscatter("linear"), {})
    assert written(tmp_path / "a.tif")[1][1:].all()
