"""Snow under clouds: its estimate and bounds where clouds lie on the heights, and what is said where there is none."""

import numpy as np
import pandas as pd
import pytest

from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster import write_cog
from climate_indicators.snow.climate.cloud_gaps import MAX_PIXELS, fill_gaps, gap_messages, read_sample, with_filled
from snow_mountain import mountain, rows_of


def filled_table(sample):
    filled = fill_gaps(sample)
    names = [str(number) for number in range(len(sample.classes))]
    table = pd.DataFrame(with_filled(rows_of(sample), names, filled, 10.0))
    return table, filled


@pytest.mark.parametrize("clouds", ["heights", "half by height"])
def test_clouds_on_the_heights_do_not_lower_the_snow_cover(clouds):
    """What is seen alone has four points of snow too little or more, single scenes fifteen to forty."""
    errors, seen_errors, inside = [], [], []
    for seed in range(5):
        sample, truth = mountain(seed, clouds)
        table, _ = filled_table(sample)
        cloudy = table["valid_fraction"].between(0.5, 0.99)
        errors.append((table["snow_fraction"] - truth)[cloudy])
        seen_errors.append((table["seen_snow_fraction"] - truth)[cloudy])
        inside.append(((table["snow_lower"] <= truth + 1e-9) & (truth <= table["snow_upper"] + 1e-9))[cloudy])
    assert pd.concat(seen_errors).mean() < -0.03 and pd.concat(seen_errors).min() < -0.15
    assert all(abs(error.mean()) < 0.01 for error in errors)
    assert pd.concat(errors).abs().max() < 0.15
    assert 0.90 <= pd.concat(inside).mean() <= 0.995


def test_heights_that_are_never_seen_are_not_guessed():
    sample, truth = mountain(1, "always")
    table, filled = filled_table(sample)
    assert np.isnan(filled.reach) and np.isnan(filled.share).all()
    assert table["snow_fraction"].equals(table["seen_snow_fraction"])
    assert ((table["snow_lower"] <= truth + 1e-9) & (truth <= table["snow_upper"] + 1e-9)).all()
    messages = list(gap_messages(filled, 0.5))
    assert len(messages) == 2 and "clouds lie on the snow" in messages[0]
    assert "is not filled" in messages[1] and "tests on clear scenes are too few" in messages[1]


def test_clouds_on_the_snow_are_a_warning_and_clouds_anywhere_are_none():
    filled = fill_gaps(mountain(0, "heights")[0])
    (message,) = gap_messages(filled, 0.5)
    assert "snowiest quarter" in message and "too small" in message
    anywhere, _ = mountain(0, "none")
    rng = np.random.default_rng(0)
    anywhere.classes[rng.random(anywhere.classes.shape) < 0.3 * rng.random((len(anywhere.classes), 1))] = 255
    assert list(gap_messages(fill_gaps(anywhere), 0.5)) == []
    assert list(gap_messages(None, 0.5)) == []


def test_scenes_without_clouds_keep_their_numbers():
    sample, truth = mountain(2, "none")
    table, filled = filled_table(sample)
    np.testing.assert_allclose(table["snow_fraction"], truth)
    np.testing.assert_allclose(table["snow_lower"], table["snow_upper"])
    assert filled.n_tests == 0 and list(gap_messages(filled, 0.5)) == []


def test_a_scene_that_shows_bare_valleys_gets_the_snow_of_its_neighbors_and_area_follows():
    sample, truth = mountain(3, "heights")
    table, _ = filled_table(sample)
    np.testing.assert_allclose(table["snow_area_km2"], 10 * table["snow_fraction"])
    bare = (table["seen_snow_fraction"] < 0.01) & (truth > 0.1) & (table["valid_fraction"] > 0.3)
    assert bare.any()
    assert (np.abs(table["snow_fraction"] - truth)[bare] < 0.5 * truth[bare]).all()


def test_one_scene_and_scenes_that_show_nothing_end_without_an_estimate():
    sample, _ = mountain(0, "heights", years=1)
    one = type(sample)(sample.classes[:1], sample.weights, sample.dates[:1])
    assert np.isnan(fill_gaps(one).share).all()
    sample.classes[4] = 255
    filled = fill_gaps(sample)
    assert np.isnan(filled.share[4]) and filled.seen[4] == 0


def test_a_lattice_of_the_area_is_read_from_the_maps(tmp_path):
    from affine import Affine

    grid = Grid("EPSG:32632", Affine(20, 0, 500000, 0, -20, 5200000), 500, 300)
    area = np.zeros(grid.shape, "uint8")
    area[:, 50:] = 1
    classes = np.zeros(grid.shape, "uint8")
    classes[:100], classes[250:] = 1, 255
    classes[:, :50] = 1
    paths = [tmp_path / "a_mask.tif", tmp_path / "b_mask.tif"]
    write_cog(paths[0], grid, classes, "snow", 255)
    write_cog(paths[1], grid, np.zeros(grid.shape, "uint8"), "snow", 255)
    rows = np.linspace(1, 2, 300)
    sample = read_sample(paths, ["2020-01-01", "2020-02-01"], area, grid, rows)
    assert sample.classes.shape[1] <= MAX_PIXELS and sample.weights.sum() == pytest.approx(1)
    assert (sample.classes[0] == 1).astype(float) @ sample.weights == pytest.approx(
        rows[:100].sum() / rows.sum(), rel=0.02
    )
    assert (sample.classes[0] == 255).mean() == pytest.approx(1 / 6, abs=0.01)
    assert not sample.classes[1].any() and sample.dates[1] == np.datetime64("2020-02-01")
