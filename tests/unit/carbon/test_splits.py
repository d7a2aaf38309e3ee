"""Groups of images, and how they are dealt to training, validation and test."""

import numpy as np
import pandas as pd
import pytest

from climate_indicators.carbon.images.splits import across_given, assign_splits, group_images
from climate_indicators.core.errors import InputError
from refusals import raises_naming

SHARES = {"train": 0.55, "validation": 0.15, "test": 0.3}


def pairs(*ends):
    return pd.DataFrame(ends, columns=["image_a", "image_b"])


def counts(splits):
    return {name: splits.count(name) for name in SHARES}


def test_chain_of_duplicates_is_one_group_numbered_by_first_appearance():
    groups = group_images(list("abcdef"), pairs(("d", "b"), ("d", "f")))
    assert groups.tolist() == [0, 1, 2, 1, 3, 1] and groups.dtype == np.int64


def test_places_and_duplicates_join():
    groups = group_images(list("abcdef"), pairs(("a", "e")), ["", "x", "x", np.nan, "y", "y"])
    assert groups.tolist() == [0, 1, 1, 2, 0, 0]
    assert group_images(list("abc"), pairs()).tolist() == [0, 1, 2]
    assert group_images(list("abc"), pairs(), ["", "", ""]).tolist() == [0, 1, 2]


def test_duplicates_across_given_folders():
    names = ["train/a", "test/b", "train/c", "d", "test/e", "train/f", "train/g"]
    given = ["train", "test", "train", "", "test", "train", "train"]
    found = pairs(("train/a", "test/b"), ("train/c", "d"), ("d", "test/e"), ("train/f", "train/g"))
    assert across_given(found, names, given).tolist() == [True, True, True, False]
    assert across_given(pairs(), names, given).tolist() == []


@pytest.mark.parametrize("seed", range(20))
def test_groups_stay_whole_and_shares_come_close(seed):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 40, 200)
    splits = assign_splits(groups, [True] * 200, [""] * 200, SHARES, seed)
    table = pd.DataFrame({"group": groups, "split": splits})
    assert (table.groupby("group")["split"].nunique() == 1).all()
    largest = np.bincount(groups).max()
    for name, share in SHARES.items():
        assert abs(splits.count(name) - 200 * share) <= largest / 2


def test_single_images_get_the_shares_and_the_seed_decides():
    groups = np.arange(69)
    one, again, other = (assign_splits(groups, [True] * 69, [""] * 69, SHARES, seed) for seed in (1, 1, 2))
    assert one == again != other
    assert counts(one) == {"train": 38, "validation": 10, "test": 21}


def test_images_without_label_stay_out_and_do_not_count():
    labeled = np.arange(60) % 2 == 0
    splits = assign_splits(np.arange(60), labeled, [""] * 60, SHARES, 0)
    assert [one == "unlabeled" for one in splits] == (~labeled).tolist()
    assert splits.count("train") in (16, 17) and splits.count("validation") in (4, 5) and splits.count("test") == 9


@pytest.mark.parametrize("sizes", [(1, 1, 1), (100, 1, 1), (50, 50, 1), (30, 30, 30, 30)])
@pytest.mark.parametrize("shares", [SHARES, {"train": 0.9, "validation": 0.02, "test": 0.08}])
def test_few_groups_leave_no_split_empty(sizes, shares):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    splits = assign_splits(groups, [True] * len(groups), [""] * len(groups), shares, 3)
    assert all(counts(splits).values())


def test_too_few_groups_are_refused_with_the_numbers():
    with raises_naming(InputError, "7 labeled images", "2 groups", "3 groups"):
        assign_splits(np.array([0, 0, 0, 1, 1, 1, 1, 2]), [True] * 7 + [False], [""] * 8, SHARES, 0)


def test_given_folders_are_honoured():
    given = ["train"] * 40 + ["test"] * 10
    splits = assign_splits(np.arange(50), [True] * 50, given, SHARES, 0)
    assert splits[40:] == ["test"] * 10 and "test" not in splits[:40]
    # 40 images in the ratio 55 : 15
    assert abs(splits.count("validation") - 40 * 15 / 70) < 1


def test_a_test_folder_alone_leaves_the_rest_to_training_and_validation():
    given = [""] * 20 + ["test"] * 5
    groups = np.arange(25)
    groups[24] = groups[0]  # a loose duplicate of a test image
    splits = assign_splits(groups, [True] * 25, given, SHARES, 0)
    assert splits[20:] == ["test"] * 5 and splits[0] == "test" and "test" not in splits[1:20]
    assert {"train", "validation"} <= set(splits)


def test_a_training_folder_alone_leaves_the_rest_to_test():
    given = ["train"] * 10 + [""] * 5
    groups = np.arange(15)
    groups[14] = groups[0]
    splits = assign_splits(groups, [True] * 15, given, SHARES, 0)
    assert splits[10:14] == ["test"] * 4 and splits[14] == splits[0] and "test" not in splits[:10]
    with raises_naming(InputError, "train/", "10 images", "test/"):
        assign_splits(np.arange(10), [True] * 10, ["train"] * 10, SHARES, 0)


def test_a_group_in_both_folders_keeps_what_was_given():
    groups = np.array([0, 0, 1, 2, 3, 3])
    given = ["train", "test", "train", "train", "train", ""]
    splits = assign_splits(groups, [True] * 6, given, SHARES, 0)
    assert splits[1] == "test" and splits[0] != "test" and splits[4] == splits[5]


def test_given_test_images_without_labels_are_refused():
    with raises_naming(InputError, "2 images", "test/"):
        assign_splits(np.arange(6), [True] * 4 + [False] * 2, ["train"] * 4 + ["test"] * 2, SHARES, 0)
