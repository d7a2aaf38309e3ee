"""Scale and offset: the file's own, the settings', the scene's; and numbers that cannot be reflectance."""

import numpy as np
import pandas as pd
import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.geo.rasters.plausibility import Histogram, check_reflectance
from climate_indicators.geo.rasters.radiometry import Radiometry, SceneOffset, levels_of
from climate_indicators.geo.rasters.table import COLUMNS, InputRow, join_inputs, write_inputs
from climate_indicators.geo.rasters.understanding import Band
from realistic_scenes import GOOD, scene
from refusals import raises_naming

EARLY, LATE = SceneOffset("2019-08-01"), SceneOffset("2023-08-01")


def bands(dtype="uint16", scale=None, offset=None):
    return [Band(number, f"b{number}", dtype, "", scale, offset, None) for number in (1, 2)]


def levels(*kinds, asked=None, scene=EARLY, **more):
    found = levels_of("a.tif", bands(*kinds, **more), asked or Radiometry(), scene)
    return float(found.scale[0]), round(found.offset_dn, 6)


def test_the_baseline_is_taken_off_sentinel2_numbers_alone():
    assert levels() == (1e-4, 0) and levels(scene=LATE) == (1e-4, -1000)
    assert levels("int16", scene=LATE) == (1e-4, 0)  # HLS
    assert levels("int16", scene=LATE, asked=Radiometry(sentinel2_baseline=True)) == (1e-4, -1000)
    assert levels("uint8", scene=LATE, asked=Radiometry(scale=1 / 255)) == (1 / 255, 0)
    assert levels("float32", scene=LATE, asked=Radiometry(scale=1)) == (1, 0)
    assert levels(scene=LATE, asked=Radiometry(sentinel2_baseline=False)) == (1e-4, 0)
    assert levels(scene=SceneOffset("2023-08-01", applied=True)) == (1e-4, 0)
    assert levels(scene=LATE, asked=Radiometry(offset_dn=-1000)) == (1e-4, -1000)  # not twice
    with raises_naming(InputError, "date"):
        levels(scene=SceneOffset())


def test_the_scene_counts_before_its_date():
    assert levels(scene=SceneOffset("2019-08-01", processing_baseline="05.00")) == (1e-4, -1000)
    assert levels(scene=SceneOffset("2019-08-01", processing_baseline="N0500")) == (1e-4, -1000)
    assert levels(scene=SceneOffset("2022-03-01", processing_baseline="03.01")) == (1e-4, 0)
    assert levels(scene=SceneOffset("2019-08-01", offset_dn=-1000)) == (1e-4, -1000)
    assert levels(scene=SceneOffset("2023-08-01", offset_dn=0)) == (1e-4, 0)


@pytest.mark.parametrize(
    ("asked", "scene", "stated"),
    [
        (Radiometry(), LATE, False),
        (Radiometry(1e-4, 0, None, True), LATE, False),  # the date decides
        (Radiometry(offset_dn=-1000), LATE, True),
        (Radiometry(), SceneOffset("2019-08-01", offset_dn=0), True),
        (Radiometry(), SceneOffset("2019-08-01", processing_baseline=5.09), True),
        (Radiometry(), SceneOffset("2023-08-01", applied=True), False),
        (Radiometry(), SceneOffset("2023-08-01", processing_baseline="05.09", applied=True), False),
        (Radiometry(sentinel2_baseline=False), SceneOffset("2023-08-01", processing_baseline="05.09"), False),
    ],
)
def test_whether_the_offset_is_stated(asked, scene, stated):
    assert levels_of("a.tif", bands(), asked, scene).offset_is_stated == stated


def test_the_files_own_scale_and_offset_are_used():
    landsat = {"scale": 2.75e-5, "offset": -0.2}
    assert levels(scene=LATE, **landsat) == pytest.approx((2.75e-5, -0.2 / 2.75e-5))
    assert levels(scene=LATE, scale=1e-4, offset=-0.1) == pytest.approx((1e-4, -1000))
    assert levels(scene=EARLY, scale=1e-4, offset=-0.1) == pytest.approx((1e-4, -1000))
    found = levels_of("a.tif", bands(**landsat), Radiometry(), LATE)
    numbers = np.full((2, 1, 1), 10_909.0)
    assert found.reflectance(numbers).ravel() == pytest.approx([0.1, 0.1], abs=1e-5)
    assert found.reflectance(numbers).dtype == np.float32


@pytest.mark.parametrize(
    ("own", "asked", "scene", "names"),
    [
        ({"scale": 2.75e-5, "offset": -0.2}, Radiometry(scale=1e-4), LATE, ["2.75e-05"]),
        ({"scale": 1e-4, "offset": -0.1}, Radiometry(offset_dn=0), LATE, ["-1000"]),
        (
            {"scale": 1e-4, "offset": -0.1},
            Radiometry(),
            SceneOffset("2019-01-01", offset_dn=500),
            ["offset_dn"],
        ),
        ({"scale": 2.75e-5}, Radiometry(sentinel2_baseline=True), LATE, ["sentinel2_baseline: false"]),
        ({}, Radiometry(scale=2.75e-5, sentinel2_baseline=True), LATE, ["sentinel2_baseline: false"]),
    ],
)
def test_settings_that_contradict_the_file_are_refused(own, asked, scene, names):
    with raises_naming(InputError, *names):
        levels(asked=asked, scene=scene, **own)


def true_reflectance(n=20_000, seed=0):
    """Rock, shadow and snow in a visible and a short-wave infrared band."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, n, p=[0.5, 0.1, 0.4])
    return np.stack([np.array([0.2, 0.03, 0.7])[kind], np.array([0.3, 0.02, 0.06])[kind]]) + rng.normal(
        0, 0.005, (2, n)
    )


def histogram(reflectance):
    found = Histogram(
        ["B04", "B11"] if len(reflectance) == 2 else ["B02", "B03", "B04", "B08", "B11"][: len(reflectance)]
    )
    numbers = np.clip(np.rint(reflectance * 1e4), -32767, 32767).astype("int16")
    found.add(numbers[:, None], np.ones((1, reflectance.shape[1]), bool))
    return found


def check(reflectance, stated=False, offset=0.0):
    check_reflectance(histogram(reflectance), "the tiles", stated, offset, "default scale")


def test_true_reflectance_passes_however_it_came_about():
    for stated, offset in ((False, 0.0), (False, -1000.0), (True, -1000.0)):
        check(true_reflectance(), stated, offset)
    check(np.clip(true_reflectance() - 0.02, 0, None), False, -1000.0)  # a dark, hazeless scene


@pytest.mark.parametrize(
    ("change", "stated", "offset", "word"),
    [
        (lambda r: r - 0.1, False, -1000.0, "boa_offset_applied"),  # harmonized numbers, offset by the date
        (lambda r: r - 0.1, True, -1000.0, "offset_dn"),  # the same, stated in the settings
        (lambda r: r + 0.1, False, 0.0, "processing_baseline"),  # Collection 1 of an early year
        (lambda r: r * 1e-4, False, 0.0, "radiometry.scale"),  # reflectance 0 to 1 read as numbers
        (lambda r: np.clip(r * 255, 18, 255) * 1e-4, False, 0.0, "radiometry.scale"),  # 8 bits
        (lambda r: (80 + r * 175) * 1e-4, False, 0.0, "radiometry.scale"),  # 8 bits, stretched
        (lambda r: (r + 0.2) / 2.75e-5 * 1e-4, False, 0.0, "2.75|0.0000275"),  # Landsat Collection 2
        (lambda r: (r + 0.2) / 2.75e-5 * 1e-4 - 0.1, False, -1000.0, "radiometry"),  # and as Sentinel-2 of 2023
        (lambda r: r * 1e4, False, 0.0, "scale"),  # numbers read as reflectance
        (lambda r: r * 10, True, 0.0, "scale"),
    ],
)
def test_numbers_that_cannot_be_reflectance_are_refused(change, stated, offset, word):
    with pytest.raises(InputError, match=word) as found:
        check(change(true_reflectance()), stated, offset)
    assert "the tiles do not look like reflectance" in str(found.value)


WITHOUT_SWIR = {name: pixels[:3] for name, pixels in GOOD.items() if name != "fresh snow alone"}


@pytest.mark.parametrize("pixels", [*GOOD.values(), *WITHOUT_SWIR.values()], ids=[*GOOD, *WITHOUT_SWIR])
@pytest.mark.parametrize("offset", [0.0, -1000.0])
def test_unusual_scenes_that_are_right_pass(pixels, offset):
    check(pixels, False, offset)
    check(pixels, True, offset)


@pytest.mark.parametrize("name", [name for name in GOOD if name != "fresh snow alone"])
def test_unusual_scenes_with_a_wrong_offset_or_scale_are_refused_or_warned_about(name, caplog):
    for pixels in (GOOD[name], GOOD[name][:3]):
        for wrong in (np.clip(pixels, 0, None) - 0.1, np.clip((pixels + 0.2) / 0.275, 0, 6.5) - 0.1):
            with pytest.raises(InputError):
                check(wrong, False, -1000.0)
        with pytest.raises(InputError, match=r"radiometry\.scale"):
            check(np.clip(pixels, 0, 1) * 255e-4, True)
        caplog.clear()
        try:
            check(pixels + 0.1)
        except InputError as error:
            assert "offset_dn: -1000" in str(error)
        else:
            assert "wrong by 0.1" in caplog.text


def test_pixels_that_do_not_show_the_offset_are_a_warning(caplog):
    snow = scene({"fresh snow": 1}) - 0.1  # harmonized: nothing is dark but the short-wave infrared
    with pytest.raises(InputError, match="boa_offset_applied"):
        check(snow, False, -1000.0)
    bright = scene({"desert": 1}) + 0.05
    check(bright, False, -1000.0)
    assert "boa_offset_applied" in caplog.text
    caplog.clear()
    check(bright, True, -1000.0)
    check(GOOD["glacier in summer"], False, -1000.0)
    check(GOOD["glacier in summer"])
    assert not caplog.text
    check(GOOD["glacier in summer"] + 0.2, True, 1000.0)  # the sign of a stated offset is wrong
    assert "wrong by 0.1" in caplog.text


def test_a_few_pixels_say_nothing():
    check(true_reflectance(90) * 1e4)
    check(true_reflectance(900) + 0.1)
    with pytest.raises(InputError, match="radiometry.scale"):
        check(true_reflectance(900) * 1e4)


def test_quantiles_and_summary_of_a_histogram():
    found = Histogram(["a"])
    found.add(np.arange(-2, 98, dtype="int16").reshape(1, 10, 10), np.ones((10, 10), bool))
    found.add(np.full((1, 1, 1), 5, "int16"), np.zeros((1, 1), bool))
    assert found.n_pixels == 100 and found.quantiles(0.5) == [47] and found.quantiles(0.01) == [-2]
    assert found.summary(1.0) == (-2, 47, 97) and found.shares_below(0) == [0.02]
    assert all(np.isnan(Histogram(["a"]).summary()))


def test_the_table_of_inputs(tmp_path):
    row = InputRow("a.tif", "scene", "B04", "reflectance", 1e-4, 0.0, 0, "nodata 0", "EPSG:32644", 0.9, 0.01, 0.2, 0.9)
    write_inputs(tmp_path / "a.csv", [row])
    write_inputs(tmp_path / "b.csv", [InputRow("d.tif", "dem", unit="m"), row])
    write_inputs(tmp_path / "none.csv", [])
    join_inputs(tmp_path / "all.csv", [tmp_path / f"{name}.csv" for name in ("a", "b", "none")])
    table = pd.read_csv(tmp_path / "all.csv")
    assert list(table.columns) == COLUMNS and list(table.role) == ["scene", "dem"]
    assert table["median"][0] == 0.2
    with raises_naming(ValueError, "role"):
        InputRow("a.tif", "tile")
