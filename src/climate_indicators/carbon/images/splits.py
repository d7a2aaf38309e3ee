"""Which images train, validate and test: images that belong together stay together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from climate_indicators.core.errors import InputError
from climate_indicators.segmentation.spatial_blocks import SPLITS

TRAIN, VALIDATION, TEST = SPLITS
UNLABELED = "unlabeled"
WHAT_IS_A_GROUP = "images of one place, and duplicates, make one group"


def group_images(names: Sequence[str], duplicates: pd.DataFrame, places: Sequence[str] | None = None) -> np.ndarray:
    """Number of each image's group: images of one place, duplicates, and duplicates of these share it.

    Parameters
    ----------
    names : of the images.
    duplicates : columns ``image_a, image_b``, as `find_duplicates` gives them.
    places : of each image, empty or NaN where it is not known; None if none is.

    Returns
    -------
    int64, shape (n,): 0, 1, 2, … in order of first appearance.
    """
    n = len(names)
    numbers = {name: number for number, name in enumerate(names)}
    a = [numbers[name] for name in duplicates["image_a"]]
    b = [numbers[name] for name in duplicates["image_b"]]
    if places is not None:
        place = pd.Series(places, dtype=object).fillna("").to_numpy()
        known = np.flatnonzero(place != "")
        codes, _ = pd.factorize(place[known])
        _, first = np.unique(codes, return_index=True)
        a, b = [*a, *known], [*b, *known[first[codes]]]
    links = coo_array((np.ones(len(a), bool), (np.asarray(a, int), np.asarray(b, int))), shape=(n, n))
    return pd.factorize(connected_components(links, directed=False)[1])[0].astype("int64")


def across_given(duplicates: pd.DataFrame, names: Sequence[str], given: Sequence[str]) -> np.ndarray:
    """Pairs of duplicates that connect a predefined training image to a predefined test image, directly or indirectly.

    Parameters
    ----------
    duplicates : columns ``image_a, image_b``.
    names : of the images.
    given : ``train``, ``test`` or empty for each image: the folder that it came in.

    Returns
    -------
    bool, shape (pairs,).
    """
    groups, given = group_images(names, duplicates), _plain(given)
    both = np.intersect1d(groups[given == TRAIN], groups[given == TEST])
    group_of = dict(zip(names, groups.tolist(), strict=True))
    return np.isin([group_of[name] for name in duplicates["image_a"]], both).astype(bool)


def assign_splits(
    groups: np.ndarray, labeled: Sequence[bool], given: Sequence[str], shares: Mapping[str, float], seed: int
) -> list[str]:
    """Split of each image: groups are assigned whole, so that each split's share of the labeled images comes close.

    Groups are assigned in random order, large ones first, each to the split that lacks most. Given folders hold:

    - a given test image stays in the test split, and a given training image never gets there;
    - with a test folder, all others are assigned to training and validation, in the ratio of their shares, except
      images outside both folders that are in a group with a test image: they go to the test split;
    - with a training folder alone, images outside it are the test split, but for those in a group with one in it.

    A group in both folders is therefore parted, as it was given; see `across_given` for duplicates among them.

    Parameters
    ----------
    groups : int, shape (n,), as `group_images` gives them.
    labeled : shape (n,).
    given : ``train``, ``test`` or empty for each image.
    shares : of ``train``, ``validation``, ``test``.
    seed : start of the random numbers.

    Returns
    -------
    ``train``, ``validation``, ``test``, or ``unlabeled`` for each image; none of the three without an image.

    Raises
    ------
    InputError
        If there are too few groups of labeled images for that.
    """
    groups, labeled, given = np.asarray(groups), np.asarray(labeled, bool), _plain(given)
    split = np.full(len(groups), UNLABELED, dtype=object)
    rng = np.random.default_rng(seed)
    to_test = _given_to_test(groups, given)
    if to_test is None:
        _assign_group_splits(split, groups, labeled, {name: shares[name] for name in SPLITS}, rng)
        return split.tolist()
    if not (labeled & to_test).any():
        raise InputError(_without_test(given, labeled))
    split[labeled & to_test] = TEST
    learning = {name: shares[name] for name in (TRAIN, VALIDATION)}
    _assign_group_splits(split, groups, labeled & ~to_test, learning, rng)
    return split.tolist()


def _plain(given: Sequence[str]) -> np.ndarray:
    return pd.Series(given, dtype=object).fillna("").to_numpy()


def _given_to_test(groups: np.ndarray, given: np.ndarray) -> np.ndarray | None:
    """Which images the given folders put in the test split, bool (n,); None if there are no given folders."""
    in_train, in_test = given == TRAIN, given == TEST
    free = ~in_train & ~in_test
    if in_test.any():
        return in_test | (free & np.isin(groups, groups[in_test]))
    if in_train.any():
        return free & ~np.isin(groups, groups[in_train])
    return None


def _without_test(given: np.ndarray, labeled: np.ndarray) -> str:
    if (given == TEST).any():
        return (
            f"none of the {(given == TEST).sum()} images in the folder test/ has a label: skill cannot be measured. "
            "Add their masks, or move labeled images there."
        )
    return (
        f"there is a folder train/ with {(given == TRAIN).sum()} images, but no folder test/ and no labeled image "
        f"outside it in another group ({labeled.sum()} images have a label; {WHAT_IS_A_GROUP}): nothing is left to "
        "measure skill on. Add a folder test/, or move the images out of train/ to have all of them assigned."
    )


def _assign_group_splits(
    split: np.ndarray, groups: np.ndarray, chosen: np.ndarray, shares: Mapping[str, float], rng: np.random.Generator
) -> None:
    """Set ``split`` of the chosen images, group by group; a split without any comes first when groups run short."""
    numbers, counts = np.unique(groups[chosen], return_counts=True)
    if len(numbers) < len(shares):
        raise InputError(
            f"{chosen.sum()} labeled images in {len(numbers)} groups cannot be split into {', '.join(shares)}: "
            f"at least {len(shares)} groups are needed ({WHAT_IS_A_GROUP}). Add images or masks; if the "
            "place pattern joins images that do not show the same ground, correct or remove it."
        )
    order = rng.permutation(len(numbers))
    order = order[np.argsort(-counts[order], kind="stable")]
    total = sum(shares.values())
    lacking = {name: share / total * counts.sum() for name, share in shares.items()}
    empty = set(shares)
    for done, place in enumerate(order):
        short = len(order) - done == len(empty)
        name = max((one for one in shares if one in empty or not short), key=lacking.get)
        lacking[name] -= counts[place]
        empty.discard(name)
        split[chosen & (groups == numbers[place])] = name
