"""Area, biomass, carbon and CO2 of images, and whether their intervals hold."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from cases import shortened
from climate_indicators.carbon.estimation.estimates import estimate, factor_draws
from climate_indicators.carbon.estimation.mask_error import holdout_images, mask_error
from climate_indicators.core.errors import InputError
from refusals import raises_naming

FACTORS = {
    "biomass_kg_m2": {"value": 0.5, "standard_error": 0.05},
    "carbon_fraction": {"value": 0.47, "standard_error": 0.02},
    "co2_per_carbon": 3.667,
}
EXACT = FACTORS | {
    "biomass_kg_m2": {"value": 0.5, "standard_error": 0},
    "carbon_fraction": {"value": 0.47, "standard_error": 0},
}
PIXELS = 10_000


def held_out_table(true, mapped, groups, split="test"):
    """Metrics by image with the pixels that the shares ask for; a second rule that must not be used."""
    true, mapped = np.round(np.array(true) * PIXELS), np.round(np.array(mapped) * PIXELS)
    tp = np.minimum(true, mapped)
    table = pd.DataFrame(
        {
            "image": [f"h{number}.jpg" for number in range(len(true))],
            "split": split,
            "group": groups,
            "threshold_rule": "calibrated",
            "tn": PIXELS - true - mapped + tp,
            "fp": mapped - tp,
            "fn": true - tp,
            "tp": tp,
            "true_fraction": true / PIXELS,
            "mapped_fraction": mapped / PIXELS,
            "density_fraction": mapped / PIXELS / 2,
        }
    )
    return pd.concat([table, table.assign(threshold_rule="fixed", true_fraction=0.999)], ignore_index=True)


def image_tables(mapped, groups=None, area=100.0, seen=1.0):
    n = len(mapped)
    names = [f"a/{number}.jpg" for number in range(n)]
    vegetation = pd.DataFrame(
        {"image": names, "n_pixels": PIXELS, "valid_fraction": seen, "mapped_fraction": mapped}
    ).assign(density_fraction=np.array(mapped) / 2)
    images = pd.DataFrame(
        {
            "image": names,
            "date": "2020-05",
            "place": "",
            "split": ["test" if number % 3 == 0 else "train" for number in range(n)],
            "group": range(n) if groups is None else groups,
            "pixel_area_m2": area,
        }
    )
    return vegetation, images.iloc[::-1]


PERFECT = held_out_table(np.linspace(0.1, 0.8, 12), np.linspace(0.1, 0.8, 12), range(12))


def test_perfect_mask_and_exact_factors_give_the_product_and_no_width():
    vegetation, images = image_tables([0.25, 0.5, 0.0], seen=0.8)
    found = estimate(vegetation, images, PERFECT, EXACT, draws=200)
    area = np.array([0.25, 0.5, 0.0]) * 0.8 * PIXELS * 100
    table = found.images
    np.testing.assert_allclose(table["vegetation_area"], area, rtol=1e-14)
    np.testing.assert_allclose(table["carbon_sequestration"], area * 0.5 * 0.47 * 3.667, rtol=1e-14)
    for low, middle, high in (
        ("vegetation_area_lower", "vegetation_area", "vegetation_area_upper"),
        ("biomass_lower_kg", "biomass_kg", "biomass_upper_kg"),
        ("carbon_lower_kg", "carbon_kg", "carbon_upper_kg"),
        ("carbon_sequestration_lower", "carbon_sequestration", "carbon_sequestration_upper"),
    ):
        assert (table[low] == table[middle]).all() and (table[middle] == table[high]).all()
    totals = found.totals.query("date == 'mean'").set_index("part")
    assert totals.n_images.to_dict() == {"all images": 3, "test images": 1}
    total = totals.loc["all images"]
    assert total.carbon_kg_lower == total.carbon_kg == total.carbon_kg_upper == pytest.approx(area.sum() * 0.235)
    assert totals.loc["test images", "vegetation_area_m2"] == pytest.approx(area[0])


def test_columns_begin_with_those_of_the_published_table():
    found = estimate(*image_tables([0.5]), PERFECT, FACTORS, draws=100).images
    assert list(found.columns[:6]) == [
        "image_path", "carbon_sequestration", "vegetation_area", "date", "split", "place",
    ]  # fmt: skip
    assert found.loc[0, ["image_path", "date"]].tolist() == ["a/0.jpg", "2020-05"]


def test_error_of_the_factors_alone_gives_the_analytic_interval():
    """Product of two independent normal numbers: variance a² s_b² + b² s_a² + s_a² s_b²."""
    found = estimate(*image_tables([0.4, 0.6]), PERFECT, FACTORS, draws=200_000, seed=3)
    total = found.totals.iloc[0]
    assert total.vegetation_area_m2_lower == total.vegetation_area_m2_upper == pytest.approx(1e6)
    assert total.biomass_kg_lower == pytest.approx(1e6 * (0.5 - 1.959964 * 0.05), rel=3e-3)
    assert total.biomass_kg_upper == pytest.approx(1e6 * (0.5 + 1.959964 * 0.05), rel=3e-3)
    error = 1e6 * np.sqrt(0.5**2 * 0.02**2 + 0.47**2 * 0.05**2 + 0.05**2 * 0.02**2)
    assert total.carbon_kg == pytest.approx(235_000)
    half = (total.carbon_kg_upper - total.carbon_kg_lower) / 2
    assert half == pytest.approx(1.959964 * error, rel=0.01)
    assert total.co2_kg_upper == pytest.approx(3.667 * total.carbon_kg_upper)
    images = found.images
    relative = (images.carbon_upper_kg - images.carbon_lower_kg) / images.carbon_kg
    assert relative.tolist() == pytest.approx([2 * half / total.carbon_kg] * 2), (
        "the factors are shared: nothing cancels"
    )


def test_factors_stay_within_their_bounds():
    wild = {
        "biomass_kg_m2": {"value": 0.1, "standard_error": 1.0},
        "carbon_fraction": {"value": 0.9, "standard_error": 1.0},
        "co2_per_carbon": 3.667,
    }
    drawn = factor_draws(wild, 5000, np.random.default_rng(0))
    fraction = drawn.carbon / drawn.biomass
    assert drawn.biomass.min() > 0 and fraction.min() > 0 and fraction.max() <= 1
    assert (drawn.biomass[0], drawn.carbon[0]) == (0.1, pytest.approx(0.09))


def test_known_bias_is_corrected():
    mapped = np.linspace(0.1, 0.6, 12)
    held_out = held_out_table(1.25 * mapped, mapped, range(12))
    found = estimate(*image_tables([0.2, 0.4, 0.9]), held_out, EXACT, draws=100)
    assert found.images.vegetation_fraction.tolist() == pytest.approx([0.25, 0.5, 1.0])
    assert found.images.vegetation_area.tolist() == pytest.approx([0.25e6, 0.5e6, 1e6])


def test_density_is_read_from_its_own_column():
    mapped = np.linspace(0.1, 0.6, 12)
    held_out = held_out_table(mapped, mapped, range(12))
    found = estimate(*image_tables([0.2, 0.4]), held_out, EXACT, reading="density", draws=100)
    assert found.images.vegetation_fraction.tolist() == pytest.approx([0.2, 0.4]), "half the density, twice the ratio"


@pytest.fixture(scope="module")
def coverage():
    """Shares of worlds in which the total and the images lie within their intervals, and widths of the total's."""

    def world(seed, n_groups, each, place_sd):
        rng = np.random.default_rng(seed)
        group = np.repeat(np.arange(n_groups), each)
        mapped = rng.beta(2, 3, len(group)) * 0.8
        bias = 1.15 + place_sd * rng.standard_normal(n_groups)
        true = np.clip(bias[group] * mapped + 0.03 * rng.standard_normal(len(group)), 0, 1)
        return group, mapped, true

    def run(n_groups, each, held, place_sd):
        inside, single, widths = [], [], []
        for seed in range(100):
            group, mapped, true = world(seed, n_groups, each, place_sd)
            known = group < held
            held_out = held_out_table(true[known], mapped[known], group[known])
            found = estimate(*image_tables(mapped, group), held_out, EXACT, draws=200, seed=seed)
            total = found.totals.iloc[0]
            area = true * PIXELS * 100
            land = (np.bincount(group, area) / np.bincount(group)).sum()  # images of a group show the same land
            inside.append(total.vegetation_area_m2_lower <= land <= total.vegetation_area_m2_upper)
            single.append(
                np.mean((found.images.vegetation_area_lower <= area) & (area <= found.images.vegetation_area_upper))
            )
            widths.append((total.vegetation_area_m2_upper - total.vegetation_area_m2_lower) / land)
        return np.mean(inside), np.mean(single), np.median(widths)

    return run


@pytest.mark.parametrize(
    ("n_groups", "each", "held", "place_sd", "widest"),
    shortened([(200, 1, 40, 0.0, 0.06), (40, 6, 12, 0.1, 0.25), (12, 20, 4, 0.05, 0.4)], 12),
)
def test_intervals_hold_the_truth_about_as_often_as_they_say(coverage, n_groups, each, held, place_sd, widest):
    total, single, width = coverage(n_groups, each, held, place_sd)
    assert total >= 0.9
    assert 0.88 <= single
    assert width < widest


def test_two_groups_give_a_wide_interval():
    mapped = np.linspace(0.2, 0.4, 6)
    held_out = holdout_images(held_out_table(mapped * np.repeat([1.0, 1.1], 3), mapped, np.repeat([4, 9], 3)))
    few = mask_error(held_out, 1000, 0.95, np.random.default_rng(0))
    many = holdout_images(
        held_out_table(np.tile(mapped, 5) * np.tile(np.repeat([1.0, 1.1], 3), 5), np.tile(mapped, 5), range(30))
    )
    assert few.ratio == pytest.approx(mask_error(many, 1000, 0.95, np.random.default_rng(0)).ratio)
    assert np.ptp(few.ratios) > 5 * np.ptp(mask_error(many, 1000, 0.95, np.random.default_rng(0)).ratios)
    assert few.ratios.min() >= 0


def test_images_of_one_group_err_together():
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(20), 10)
    mapped = rng.uniform(0.2, 0.6, 200)
    true = mapped * (1 + 0.2 * rng.standard_normal(20))[group]
    error = mask_error(holdout_images(held_out_table(true, mapped, group)), 2000, 0.95, rng)
    together = np.tile(rng.random(2000), (2, 1))
    apart = rng.random((2, 2000))
    images = np.array([0.4, 0.42])
    for places, low, high in ((together, 0.5, 1.0), (apart, -0.2, 0.2)):
        shares = error.draw(images, places, rng) - error.ratios * images[:, None]
        assert low <= np.corrcoef(shares)[0, 1] <= high


def test_test_images_alone_where_there_are_enough_groups_of_them():
    shares = np.linspace(0.1, 0.5, 12)
    test = held_out_table(shares, shares, range(12))
    validation = held_out_table(shares / 2, shares, range(20, 32), "validation")
    train = held_out_table(shares, shares, range(40, 52), "train")
    both = pd.concat([test, validation, train], ignore_index=True)
    assert set(holdout_images(both)["group"]) == set(range(12))
    few = both[(both["split"] != "test") | (both["group"] < 9)]
    assert set(holdout_images(few)["group"]) == set(range(9)) | set(range(20, 32))


def test_too_few_held_out_images_are_refused_with_the_numbers():
    shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    with raises_naming(InputError, "4 held-out images of 4 groups", "5 images of 2 groups"):
        holdout_images(held_out_table(shares[:4], shares[:4], range(4)))
    with raises_naming(InputError, "6 held-out images", "1 groups"):
        holdout_images(held_out_table(shares, shares, [3] * 6))
    with raises_naming(InputError, "6 held-out images", "vegetation"):
        holdout_images(held_out_table(shares, np.zeros(6), range(6)))


def test_image_without_a_pixel_area_is_named_with_the_key():
    vegetation, images = image_tables([0.2, 0.3, 0.4])
    images.loc[images["image"] != "a/0.jpg", "pixel_area_m2"] = np.nan
    with raises_naming(InputError, "'delta'", "a/1.jpg", "carbon.sites.delta.pixel_area_m2"):
        estimate(vegetation, images, PERFECT, EXACT, draws=100, site="delta")
    found = estimate(vegetation, images, PERFECT, EXACT, pixel_area_m2=25, draws=100).images
    assert found.pixel_area_m2.tolist() == [100, 25, 25], "an image's own comes first"


def test_image_that_shows_nothing_has_no_estimate_and_adds_nothing():
    vegetation, images = image_tables([0.2, np.nan, 0.4])
    vegetation.loc[1, "valid_fraction"] = 0.0
    found = estimate(vegetation, images, PERFECT, FACTORS, draws=100)
    assert found.images.carbon_kg.isna().tolist() == [False, True, False]
    assert found.images.vegetation_fraction.isna().tolist() == [False, True, False]
    assert found.totals.n_images[0] == 2 and found.totals.vegetation_area_m2[0] == pytest.approx(0.6e6)


def test_same_seed_same_numbers_and_other_seed_others():
    shares = np.linspace(0.1, 0.5, 12)
    held_out = held_out_table(shares * np.linspace(0.8, 1.2, 12), shares, range(12))
    tables = [estimate(*image_tables(shares), held_out, FACTORS, draws=100, seed=seed).images for seed in (1, 1, 2)]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    assert (tables[0].carbon_lower_kg != tables[2].carbon_lower_kg).all()
    assert (tables[0].carbon_kg == tables[2].carbon_kg).all()


def test_memory_does_not_grow_with_images_times_draws():
    shares = np.linspace(0.05, 0.6, 40)
    held_out = held_out_table(shares * np.linspace(0.8, 1.2, 40), shares, range(40))
    tables = image_tables(np.linspace(0, 0.6, 4000))
    tracemalloc.start()
    estimate(*tables, held_out, FACTORS, draws=1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6, "4000 images × 1000 draws are 32 MB a quantity if kept whole"


def landscape(months, places=("east", "west"), share=0.4, seen=1.0):
    """Images of every place in every month, unless ``share`` or ``seen`` say otherwise."""
    rows = [(f"{place}_{month}.jpg", month, place) for month in months for place in places]
    images = pd.DataFrame(rows, columns=["image", "date", "place"])
    images = images.assign(split="train", group=images["place"].factorize()[0], pixel_area_m2=100.0)
    vegetation = images[["image"]].assign(n_pixels=PIXELS, valid_fraction=seen, mapped_fraction=share)
    return vegetation.assign(density_fraction=share), images


def test_twice_as_many_dates_of_the_same_land_give_the_same_total():
    few, many = (
        estimate(*landscape([f"2020-{month:02d}" for month in range(1, n + 1)]), PERFECT, FACTORS, draws=200).totals
        for n in (3, 6)
    )
    one_date = 2 * 0.4 * PIXELS * 100 * 0.235
    assert few["date"].tolist() == ["mean", "2020-01", "2020-02", "2020-03"] and len(many) == 7
    for totals in (few, many):
        np.testing.assert_allclose(totals["carbon_kg"], one_date)
        assert (totals["n_places"] == 2).all() and (totals["n_places_missing"] == 0).all()
        width = (totals["carbon_kg_upper"] - totals["carbon_kg_lower"]) / one_date
        assert width.between(0.3, 0.6).all(), "the factors' errors do not average out over dates"


def test_two_images_of_a_place_in_a_month_are_the_same_land():
    vegetation, images = landscape(["2020-01", "2020-01b", "2020-02"], places=["east"])
    images["date"] = images["date"].str[:7]
    totals = estimate(vegetation, images, PERFECT, EXACT, draws=100).totals
    np.testing.assert_allclose(totals["carbon_kg"], 0.4 * PIXELS * 100 * 0.235)
    assert totals["n_images"].tolist() == [3, 2, 1] and (totals["n_places"] == 1).all()


def test_what_is_not_seen_is_filled_from_the_seen_part_and_left_out_where_too_little_is_seen():
    vegetation, images = landscape(["2020-01", "2020-02", "2020-03"], places=["east"])
    vegetation["valid_fraction"] = [0.8, 0.5, 0.3]
    found = estimate(vegetation, images, PERFECT, EXACT, draws=100)
    whole = 0.4 * 0.8 * PIXELS * 100 * 0.235
    assert found.images["carbon_whole_kg"].tolist() == pytest.approx([whole, whole, np.nan], nan_ok=True)
    assert found.images["carbon_kg"].tolist() == pytest.approx([whole, whole * 5 / 8, whole * 3 / 8])
    assert found.totals["date"].tolist() == ["mean", "2020-01", "2020-02"]
    np.testing.assert_allclose(found.totals["carbon_kg"], whole)


def test_a_date_on_which_a_place_is_missing_says_so():
    vegetation, images = landscape(["2020-01", "2020-02"])
    totals = estimate(vegetation.iloc[:3], images, PERFECT, EXACT, draws=100).totals.set_index("date")
    assert totals["n_places_missing"].to_dict() == {"mean": 0, "2020-01": 0, "2020-02": 1}
    assert totals.carbon_kg["mean"] == pytest.approx(totals.carbon_kg["2020-01"])


def test_images_without_dates_are_one_date():
    vegetation, images = landscape(["2020-01"])
    totals = estimate(vegetation, images.assign(date=np.nan), PERFECT, EXACT, draws=100).totals
    assert totals["date"].tolist() == ["undated"] and totals["n_images"].tolist() == [2]
