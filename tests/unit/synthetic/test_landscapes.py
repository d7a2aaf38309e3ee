"""The simulated landscapes: their truth is as designed, and a pixel's color does not tell what grows."""

import io
import json
import runpy
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import rgb_to_hsv
from PIL import Image
from scipy import ndimage

from climate_indicators.synthetic.carbon.landscapes import cover_of, make_place
from climate_indicators.synthetic.carbon.render import picture, write_jpeg, write_mask
from climate_indicators.synthetic.carbon.series import (
    CLOUD_COVER,
    MEASURED_ERROR,
    MEASURED_SHARE,
    make_design,
    measurements,
    planted_numbers,
    planted_series,
)
from climate_indicators.synthetic.carbon.site import SyntheticCarbonSite
from refusals import raises_naming

PLACES, SIZE, MONTHS, SEED, EVERY = 4, 96, 48, 11, 4
FACTORS = {"biomass_kg_m2": 0.5, "carbon_fraction": 0.47}
WORLD = {
    "places": PLACES,
    "size_px": SIZE,
    "pixel_area_m2": 900,
    "first_month": "2012-01",
    "months": MONTHS,
    "labeled_every": EVERY,
    "seed": SEED,
}


@pytest.fixture(scope="module")
def world():
    return SyntheticCarbonSite(**WORLD, **FACTORS)


@pytest.fixture(scope="module")
def sights(world):
    return [[world.rendered(place, month) for month in range(MONTHS)] for place in range(PLACES)]


@pytest.fixture(scope="module")
def records(sights):
    return pd.DataFrame([{"image": f"{rendered.name}.jpg", **rendered.record} for row in sights for rendered in row])


@pytest.fixture(scope="module")
def covers(world):
    return [[cover_of(place, world.design, month, SEED) for month in range(MONTHS)] for place in world.places]


def decoded(image, path):
    write_jpeg(path, image)
    with Image.open(path) as file:
        return np.asarray(file)


@pytest.fixture(scope="module")
def pooled(world, sights, tmp_path_factory):
    """Colors, as a reader of the files finds them, and truth of all seen pixels of every third picture."""
    path = tmp_path_factory.mktemp("pictures") / "one.jpg"
    colors, truth = [], []
    for place, row in zip(world.places, sights, strict=True):
        for rendered in row[::3]:
            colors.append(decoded(rendered.picture, path)[place.seen])
            truth.append(rendered.mask[place.seen])
    return np.concatenate(colors), np.concatenate(truth)


def iou(mapped, truth):
    return (mapped & truth).sum() / (mapped | truth).sum()


def test_shares_without_clouds_are_those_of_the_design(world, covers):
    for number, place in enumerate(world.places):
        seen = place.seen.sum()
        for month, cover in enumerate(covers[number]):
            ground = (cover.forest | cover.green) & ~cover.snow
            assert abs(ground.sum() - world.design.vegetation[number, month] * seen) <= 2
            assert abs(cover.burnt.sum() - world.design.lost[number, month] * seen) <= 0.5
            assert not (cover.forest & cover.green).any() and not (cover.forest & cover.burnt).any()


def test_forest_only_grows_but_for_the_disturbance(world, covers):
    for number, row in enumerate(covers):
        before, after = row[: world.design.disturbance], row[world.design.disturbance :]
        for part in (before, after):
            assert not any((old.forest & ~new.forest).any() for old, new in zip(part[:-1], part[1:], strict=True))
        assert not before[-1].burnt.any()
        assert after[0].burnt.any() == (world.design.lost[number].max() > 0)
        np.testing.assert_array_equal(after[0].burnt, after[-1].burnt)


def test_true_masks_leave_out_cloud_snow_water_and_corners(world, covers, sights):
    n_cloudy = n_snowy = 0
    for place, row, pictures in zip(world.places, covers, sights, strict=True):
        for cover, rendered in zip(row, pictures, strict=True):
            hidden = (cover.cloud >= 0.5) | cover.snow | place.water | place.rock | ~place.seen | cover.burnt
            assert not (rendered.mask & hidden).any()
            np.testing.assert_array_equal(rendered.mask, (cover.forest | cover.green) & ~hidden)
            opaque = ((cover.cloud >= 0.5) & place.seen).sum() / place.seen.sum()
            assert opaque <= CLOUD_COVER[1] + 0.01
            n_cloudy += opaque > 0
            n_snowy += cover.snow.any()
    assert 0.1 < n_cloudy / (PLACES * MONTHS) < 0.4
    assert 0.2 < n_snowy / (PLACES * MONTHS) < 0.8
    summer = [cover for row in covers for cover in row[6::12]]
    assert not any(cover.snow.any() for cover in summer)


def test_parts_of_the_planted_series_add_up(world, records):
    series = world.series(records)
    parts = series.trend_kg + series.season_kg + series.disturbance_kg
    np.testing.assert_allclose(parts, series.planted_kg, rtol=1e-12)
    assert series.season_kg[:12].sum() == pytest.approx(0, abs=1e-6 * series.planted_kg.mean())
    # what stands in the images is the planted series, but for clouds and weather
    noise = (series.carbon_kg - series.planted_kg) / series.carbon_kg.mean()
    assert abs(noise.mean()) < 0.01 and 0.001 < noise.std() < 0.035


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_numbers_of_eight_years_are_of_the_size_meant(seed):
    design = make_design(8, "2012-01", 96, seed)
    series = planted_series(design, np.full(8, 2.0e6))
    planted, mean = planted_numbers(series), series.planted_kg.mean()
    assert planted["trend_kg_per_year"] / mean == pytest.approx(0.015, abs=0.001)
    assert 0.15 < planted["season_amplitude_kg"] / mean < 0.25
    assert planted["season_peak_month"] == 7
    assert planted["disturbance_kg"] / mean == pytest.approx(-0.15, abs=0.01)
    assert planted["disturbance_month"] == "2017-05"
    np.testing.assert_allclose(series.trend_kg.diff()[1:], planted["trend_kg_per_year"] / 12, rtol=1e-6)
    assert (design.lost.max(axis=1) == 0).sum() == 2


def test_record_needs_months_enough():
    assert make_design(1, "2012-01", 36, 1).disturbance == 17
    for months in (35, 193):
        with raises_naming(ValueError, "36 to 192", months):
            make_design(1, "2012-01", months, 1)


@pytest.mark.parametrize("size", [32, 64, 128])
def test_every_world_has_land_for_its_design(size):
    """Also the longest record, at its end, in a summer of the best weather."""
    for seed in range(5):
        design = make_design(6, "2000-01", 192, seed)
        for number in range(6):
            place = make_place(number, size, seed)
            best = int(np.argmax(design.crops[number] + design.weather[number]))
            for month in (best, 191):
                cover = cover_of(place, design, month, seed)
                assert abs(cover.forest.sum() / place.seen.sum() - (design.forest - design.lost)[number, month]) < 0.003


def test_design_that_needs_more_land_than_there_is_is_refused(world):
    place, design = world.places[0], make_design(PLACES, "2012-01", MONTHS, SEED)
    design.forest[:] = 0.9
    with pytest.raises(ValueError, match="pixels of a kind of land"):
        cover_of(place, design, 0, SEED)


def test_corners_stay_black_and_nothing_else_is(world, sights, tmp_path):
    for place, row in zip(world.places, sights, strict=True):
        assert 0.7 < place.seen.mean() < 0.95
        for rendered in row[::6]:
            brightest = decoded(rendered.picture, tmp_path / "one.jpg").max(axis=2)
            assert brightest[~place.seen].max() <= 4
            assert brightest[place.seen].min() > 8


def test_color_alone_misleads(pooled):
    colors, truth = pooled
    hue, saturation, value = rgb_to_hsv(colors / 255).T
    rule = (hue * 180 >= 35) & (hue * 180 <= 85) & (saturation * 255 >= 40) & (value * 255 >= 20)
    shares = colors / np.maximum(colors.sum(axis=1, keepdims=True, dtype=float), 1)
    greenness = 2 * shares[:, 1] - shares[:, 0] - shares[:, 2]
    best = max(iou(greenness > limit, truth) for limit in np.arange(-0.1, 0.3, 0.01))
    assert 0.45 < iou(rule, truth) < 0.72
    assert 0.45 < best < 0.72


def test_colors_mislead_in_the_ways_meant(world, covers, sights):
    """Some water and rock are green by the HSV rule, and much forest is not."""
    green = {"water": [], "rock": [], "forest": []}
    for place, row, pictures in zip(world.places, covers, sights, strict=True):
        for cover, rendered in zip(row[::3], pictures[::3], strict=True):
            hue, saturation, _ = np.moveaxis(rgb_to_hsv(rendered.picture / 255), 2, 0)
            called = (hue * 180 >= 35) & (hue * 180 <= 85) & (saturation * 255 >= 40)
            clear = (cover.cloud == 0) & ~cover.snow
            for name, where in (("water", place.water), ("rock", place.rock), ("forest", cover.forest)):
                green[name].append(called[where & clear])
    shares = {name: np.concatenate(values).mean() for name, values in green.items()}
    assert shares["water"] > 0.2 and shares["rock"] > 0.2 and shares["forest"] < 0.8


def test_texture_tells_forest_from_water(world, covers, sights):
    """In a window of three pixels forest varies much more than water in proportion to its brightness."""
    place, cover, rendered = world.places[0], covers[0][6], sights[0][6]
    gray = rendered.picture.astype(float).mean(axis=2)
    mean, square = ndimage.uniform_filter(gray, 3), ndimage.uniform_filter(gray**2, 3)
    variation = np.sqrt(np.maximum(square - mean**2, 0)) / np.maximum(mean, 1)
    clear = cover.cloud == 0
    inner = {
        name: np.median(variation[ndimage.binary_erosion(where & clear)])
        for name, where in (("forest", cover.forest), ("water", place.water))
    }
    assert inner["forest"] > 2 * inner["water"]


def test_same_seed_same_picture_and_other_seed_another(world, sights):
    place = make_place(1, SIZE, SEED)
    cover = cover_of(place, make_design(PLACES, "2012-01", MONTHS, SEED), 7, SEED)
    month = world.design.months[7]
    np.testing.assert_array_equal(picture(place, cover, month, 7, SEED), sights[1][7].picture)
    other = SyntheticCarbonSite(**(WORLD | {"seed": SEED + 1}), **FACTORS).rendered(1, 7)
    assert (other.mask != sights[1][7].mask).mean() > 0.2
    assert (other.picture != sights[1][7].picture).any(axis=2).mean() > 0.5


def test_biomass_is_a_little_off_the_nominal_one(world):
    assert world.biomass_kg_m2.mean() == pytest.approx(0.515)
    assert 0.01 < world.biomass_kg_m2.std() < 0.03


def test_carbon_follows_from_the_masks(world, sights, records):
    rendered = sights[2][5]
    expected = rendered.mask.sum() * 900 * world.biomass_kg_m2[2] * 0.47
    assert rendered.record["carbon_kg"] == pytest.approx(expected)
    seen = rendered.record["vegetation_fraction"] * rendered.record["valid_fraction"]
    assert seen == pytest.approx(rendered.mask.mean())
    assert world.planted(records)["total_carbon_kg"] == pytest.approx(records.carbon_kg.sum())


def test_measurements_have_the_error_planted():
    images = pd.DataFrame({"image": np.arange(4000).astype(str), "date": "2012-01", "carbon_kg": 1e6})
    measured = measurements(images, SEED)
    assert len(measured) / len(images) == pytest.approx(MEASURED_SHARE, abs=0.03)
    error = measured.carbon_kg / 1e6 - 1
    assert error.std() == pytest.approx(MEASURED_ERROR, rel=0.1) and abs(error.mean()) < 0.005


def test_masks_are_staggered(sights):
    labeled = np.array([[rendered.labeled for rendered in row] for row in sights])
    assert (labeled.sum(axis=1) == MONTHS / EVERY).all()
    assert labeled.any(axis=0).all()
    # every place shows every season: another month each year
    assert all(len(set(np.flatnonzero(row) % 12)) == 12 for row in labeled)


def test_written_masks_are_black_and_white(tmp_path):
    mask = np.eye(5, dtype=bool)
    write_mask(tmp_path / "mask.png", mask)
    with Image.open(io.BytesIO((tmp_path / "mask.png").read_bytes())) as file:
        np.testing.assert_array_equal(np.asarray(file), mask * 255)


def run_script(root, folder, seed):
    outputs = {name: str(folder / name) for name in ("images", "masks", "truth")}
    stand_in = SimpleNamespace(
        log=[str(folder / "log.txt")],
        rule="simulate_carbon",
        params=SimpleNamespace(site=WORLD | {"places": 1, "months": 36, "seed": seed}, factors=FACTORS),
        output=SimpleNamespace(**outputs, ground_truth=str(folder / "ground_truth.csv")),
    )
    runpy.run_path(str(root / "scripts/inputs/simulate_carbon.py"), {"snakemake": stand_in})
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "log.txt"
    }


def test_script_writes_the_same_bytes_twice(root, tmp_path):
    first, second = (run_script(root, tmp_path / name, SEED) for name in ("first", "second"))
    assert first == second
    names = [f"place1_{year}-{month:02}" for year in (2012, 2013, 2014) for month in range(1, 13)]
    assert {f"images/{name}.jpg" for name in names} | {f"truth/masks/{name}.png" for name in names} < set(first)
    assert sum(name.startswith("masks/") for name in first) == 9
    assert json.loads(first["truth/planted.json"])["carbon_fraction"] == 0.47
    images = pd.read_csv(io.BytesIO(first["truth/images.csv"]))
    series = pd.read_csv(io.BytesIO(first["truth/series.csv"]))
    np.testing.assert_allclose(images.groupby("date").carbon_kg.mean(), series.carbon_kg)
    measured = pd.read_csv(io.BytesIO(first["ground_truth.csv"]))
    assert list(measured) == ["image", "date", "carbon_kg"] and set(measured.image) < set(images.image)
