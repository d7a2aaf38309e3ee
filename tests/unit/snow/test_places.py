"""Places of chips and their split."""

import numpy as np
import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.snow.triplets.places import assign_triplet_splits, make_places
from refusals import raises_naming

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}


def site(n_places=25, years=range(2011, 2021), seed=0):
    """Place, year and share of snow of triplets: every place in every year."""
    place, year = (part.ravel() for part in np.meshgrid(range(n_places), list(years)))
    snow = np.clip(place / n_places + np.random.default_rng(seed).normal(0, 0.05, len(place)), 0.02, 0.98)
    return place, year, snow


def test_places_keep_their_gap_and_lie_in_the_middle():
    places = make_places(np.ones((130, 70), "uint8"), 20, 4)
    assert len(places) == 5 * 3
    assert sorted(set(places["row"])) == [7, 31, 55, 79, 103] and sorted(set(places["col"])) == [1, 25, 49]
    assert places["place"].tolist() == list(range(15))
    assert places["name"].tolist()[:4] == ["r00c00", "r00c01", "r00c02", "r01c00"]


def test_the_small_real_site_has_25_places():
    assert len(make_places(np.ones((256, 256), "uint8"), 48, 4)) == 25


def test_places_outside_the_area_are_left_out_and_numbers_stay():
    area = np.zeros((100, 100), "uint8")
    area[:, :45] = 1
    area[:, 50:61] = 1  # a little more than half of the third column's places
    places = make_places(area, 20, 0)
    assert sorted(set(places["col"])) == [0, 20, 40]
    area[:, 50] = area[:, 45] = 0
    area[:, 40:45] = 0
    assert sorted(set(make_places(area, 20, 0)["col"])) == [0, 20]
    assert make_places(area, 20, 0)["place"].tolist() == [0, 1, 5, 6, 10, 11, 15, 16, 20, 21]


@pytest.mark.parametrize(
    ("shape", "size", "found"), [((30, 90), 48, ["30 × 90", "48 px", "size_px"]), ((60, 60), 30, None)]
)
def test_too_small_a_site_is_refused(shape, size, found):
    if found:
        with raises_naming(InputError, *found):
            make_places(np.ones(shape, "uint8"), size, 0)
    else:
        assert len(make_places(np.ones(shape, "uint8"), size, 0)) == 4


def test_two_places_are_refused():
    with raises_naming(InputError, "2 places", "30 px", "size_px"):
        make_places(np.ones((30, 60), "uint8"), 30, 0)


def test_no_test_place_and_no_test_year_is_ever_learnt_from():
    place, year, snow = site()
    for seed in range(20):
        split, held_out = map(np.array, assign_triplet_splits(place, year, snow, SHARES, seed))
        learnt = np.isin(split, ["train", "validation"])
        new_places = set(place[np.isin(held_out, ["place", "place_and_year"])])
        new_years = set(year[np.isin(held_out, ["year", "place_and_year"])])
        assert len(new_places) == 5 and len(new_years) == 2
        assert not new_places & set(place[learnt]) and not new_years & set(year[learnt])
        assert set(split[held_out == "place_and_year"]) == {"test"}
        assert set(split[np.isin(held_out, ["place", "year"])]) == {"unused"}
        both = np.isin(place, list(new_places)) & np.isin(year, list(new_years))
        assert ((split == "test") == both).all()
        assert not set(held_out[learnt]) - {"none"}
        # what trains the network shares neither place nor year with what stops it
        stops = split == "validation"
        pairs = set(zip(place[stops], year[stops], strict=True))
        assert not pairs & set(zip(place[split == "train"], year[split == "train"], strict=True))
        assert (split == "train").sum() == 15 * 6


def test_every_part_gets_little_and_much_snow():
    place, year, snow = site()
    split, _ = map(np.array, assign_triplet_splits(place, year, snow, SHARES, 1))
    for name in ("train", "validation", "test"):
        part = snow[split == name]
        assert part.min() < 0.35 and part.max() > 0.65


def test_with_two_years_the_test_has_new_places_only():
    place, year, snow = site(9, (2019, 2020))
    split, held_out = map(np.array, assign_triplet_splits(place, year, snow, SHARES, 0))
    assert set(held_out[split == "test"]) == {"place"} and set(held_out[split != "test"]) == {"none"}
    assert set(split) == {"train", "validation", "test"}
    assert all(len(set(split[place == one])) == 1 for one in range(9))


def test_the_split_follows_from_the_seed():
    values = site()
    assert assign_triplet_splits(*values, SHARES, 3) == assign_triplet_splits(*values, SHARES, 3)
    assert assign_triplet_splits(*values, SHARES, 3) != assign_triplet_splits(*values, SHARES, 4)


def test_triplets_of_two_places_are_refused():
    with raises_naming(InputError, "10 selected triplets", "2 places", "snow.triplets.size_px"):
        assign_triplet_splits(*site(2, range(2011, 2016)), SHARES, 0)
