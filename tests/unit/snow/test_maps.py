"""Maps of radar scenes: the network's probability, its sigmoid applied once, and what is refused."""

import numpy as np
import pytest
import rasterio
from affine import Affine
from scipy.special import expit, logit

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster import cog_writer
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.segmentation.inference import Engine, open_engine
from climate_indicators.segmentation.tiled_prediction import Windows
from climate_indicators.snow.scenes.table import name_parts
from climate_indicators.snow.triplets.maps import SnowModel, map_scene, maps_table, scene_files
from refusals import raises_naming

GRID = Grid("EPSG:32632", Affine(50, 0, 600000, 0, -50, 5200000), 40, 24)
BANDS = ["VV", "VH", "VV_change", "VH_change"]
MEAN = [-10.0, -16.0, -1.0, -1.0]


def write_scene(folder, scene, seed=1):
    """Backscatter and change of one scene, in steps of 0.01 dB, with a gap in the upper left corner."""
    rng = np.random.default_rng(seed)
    for kind, names, level in (("radar", BANDS[:2], -1200), ("change", BANDS[2:], -250)):
        values = rng.normal(level, 300, (2, *GRID.shape)).round().astype("int16")
        values[:, :3, :5] = -32768
        with cog_writer(folder / kind / f"{scene}.tif", GRID, "int16", names, -32768, 0.01) as raster:
            raster.write(values)


@pytest.fixture
def folder(tmp_path):
    for scene in ("20200415_o48", "20200427_o121"):
        write_scene(tmp_path, scene, len(scene))
    (tmp_path / "maps").mkdir()
    return tmp_path


def model_of(run, temperature=1.0, threshold=0.5):
    engine = Engine("keras", "float32", run)
    calibration = {"temperature": temperature, "threshold": threshold}
    return SnowModel(engine, BANDS, MEAN, calibration, Windows(16, 8, 4, 4), {"ENGINE": "test"})


def drop(images):
    return (-2.5 - images[..., 2:].mean(axis=-1)).astype("float32")


def read(path):
    with rasterio.open(path) as raster:
        return raster.read(1), raster.tags()


def test_scenes_of_a_year_are_pairs_of_files_and_a_lone_one_is_refused(folder):
    files = scene_files(folder / "radar", folder / "change")
    assert list(files) == ["20200415_o48", "20200427_o121"]
    assert [path.parent.name for path in files["20200415_o48"]] == ["radar", "change"]
    (folder / "change" / "20200415_o48.tif").unlink()
    with raises_naming(InputError, "20200415_o48.tif"):
        scene_files(folder / "radar", folder / "change")


def test_probability_and_extent_are_those_of_the_calibrated_logits(folder):
    paths = scene_files(folder / "radar", folder / "change")["20200415_o48"]
    row = map_scene(model_of(drop, 2.0, 0.7), "20200415_o48", paths, folder / "maps")
    with RasterStack(paths) as stack:
        values, valid = stack.read((0, GRID.height), (0, GRID.width))
    expected = expit(drop(values) / 2)
    steps, tags = read(folder / "maps" / "20200415_o48_probability.tif")
    inside, _ = read(folder / "maps" / "20200415_o48_extent.tif")
    assert np.abs(steps[valid] / 250 - expected[valid]).max() <= 0.5 / 250 + 1e-4
    assert np.array_equal(inside[valid], expected[valid] >= 0.7)
    assert (steps[~valid] == 255).all() and (inside[~valid] == 255).all() and (~valid).sum() == 15
    assert tags["ENGINE"] == "test"
    assert row["snow_share"] == pytest.approx((expected[valid] >= 0.7).mean())
    assert (row["date"], row["orbit"]) == ("2020-04-15", "48")


def test_a_trained_networks_probability_is_the_sigmoid_of_its_logit_applied_once(folder):
    """The saved network ends in a logit; the map has its sigmoid. A second sigmoid would leave nothing below 0.5."""
    from climate_indicators.segmentation.model_io import save_model
    from climate_indicators.segmentation.networks import build

    network = build({"mean": MEAN, "variance": [4.0, 4.0, 9.0, 9.0]}, {"width": 2, "depth": 2, "normalization": "none"})
    last = network.get_layer("logit")
    kernel, _ = last.get_weights()
    last.set_weights([kernel, np.array([logit(0.1)], "float32")])
    save_model(folder / "model", network, {"bands": BANDS})
    engine = open_engine(folder / "model", "auto", "float32", 1)
    assert last.get_config()["activation"] == "linear"
    paths = scene_files(folder / "radar", folder / "change")["20200415_o48"]
    windows = Windows(40, 24, 4, 4)
    model = SnowModel(engine, BANDS, MEAN, {"temperature": 1.0, "threshold": 0.5}, windows, {})
    map_scene(model, "20200415_o48", paths, folder / "maps")
    steps, _ = read(folder / "maps" / "20200415_o48_probability.tif")
    with RasterStack(paths) as stack:
        values, valid = stack.read_padded((-24, 64), (-24, 64))
    values[~valid] = MEAN
    logits = np.asarray(network(values[None]))[0, 24:48, 24:64, 0]
    known = steps != 255
    once, twice = expit(logits[known]), expit(expit(logits[known]))
    assert np.abs(steps[known] / 250 - once).max() < 0.01
    assert once.min() < 0.4 and np.abs(steps[known] / 250 - twice).max() > 0.1


def test_a_network_of_other_bands_is_refused(folder):
    paths = scene_files(folder / "radar", folder / "change")["20200415_o48"]
    with raises_naming(InputError, "VV, VH;", "VV, VH, VV_change, VH_change"):
        map_scene(model_of(drop), "20200415_o48", paths[:1], folder / "maps")


def test_names_tell_date_and_orbit_and_a_year_without_scenes_has_a_header():
    assert name_parts("20190612_o48") == ("2019-06-12", "48")
    assert name_parts("20190612") == ("2019-06-12", "")
    assert maps_table([]).columns.tolist() == ["scene", "date", "orbit", "snow_share"]
