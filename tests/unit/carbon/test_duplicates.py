"""Which images are found to be there twice."""

import time

import numpy as np
import pytest
from scipy import ndimage

from climate_indicators.carbon.images.duplicates import (
    COLUMNS,
    EXACT,
    NEAR,
    TURNS,
    filled,
    find_duplicates,
    hashes,
    turned,
)
from refusals import raises_naming


def landscape(seed, size=256, roughness=6.0):
    """Picture of soft patches, uint8 around 120."""
    rng = np.random.default_rng(seed)
    field = sum(
        scale * ndimage.gaussian_filter(rng.standard_normal((size, size)), scale * size / 128, mode="wrap")
        for scale in (roughness, 3 * roughness)
    )
    return np.clip(120 + 40 * field / field.std(), 10, 255).astype("uint8")


def thumbnail(picture):
    """Area average on 32 × 32 cells."""
    size = len(picture) // 32
    return np.rint(picture.reshape(32, size, 32, size).mean(axis=(1, 3))).astype("uint8")


def cornered(picture):
    """Picture with the black corners of a slanted scene."""
    rows, cols = np.indices(picture.shape) / len(picture)
    inside = (cols + 0.25 * rows > 0.2) & (cols + 0.25 * rows < 1.0) & (rows - 0.25 * cols > -0.2) & (rows < 0.95)
    return np.where(inside, picture, np.random.default_rng(0).integers(0, 4, picture.shape)).astype("uint8")


def find(pictures, digests=None, **more):
    names = [f"image_{number}.jpg" for number in range(len(pictures))]
    stack = np.stack([thumbnail(picture) for picture in pictures])
    return find_duplicates(stack, digests or names, names, **more)


def test_equal_files_are_exact_pairs_with_the_first_of_them():
    pictures = [landscape(1), landscape(2), landscape(1), landscape(1)]
    found = find(pictures, ["a", "b", "a", "a"])
    assert list(found) == COLUMNS
    assert found[["image_a", "image_b"]].to_numpy().tolist() == [
        ["image_0.jpg", "image_2.jpg"],
        ["image_0.jpg", "image_3.jpg"],
    ]
    assert set(found["kind"]) == {EXACT} and set(found["transform"]) == {"same"} and not found["distance"].any()


@pytest.mark.parametrize("turn", range(8))
def test_turned_and_mirrored_copies_are_near_pairs_and_the_turn_is_named(turn):
    picture = landscape(3)
    name, turns, mirrored = TURNS[turn]
    copy = np.rot90(picture[:, ::-1] if mirrored else picture, turns)
    # the copy is b: turning b by the named turn gives a
    found = find([copy, picture, landscape(4)])
    assert len(found) == 1
    row = found.iloc[0]
    assert (row["image_a"], row["image_b"], row["kind"], row["transform"]) == ("image_0.jpg", "image_1.jpg", NEAR, name)
    assert row["distance"] <= 2


def test_names_of_turns_differ():
    assert TURNS[0][0] == "same"
    assert {name for name, _, _ in TURNS} >= {"rotated 90°", "mirrored", "mirrored, rotated 270°"}
    assert len({name for name, _, _ in TURNS}) == 8


def test_changed_copies_are_found_and_others_are_not():
    rng = np.random.default_rng(7)
    picture = landscape(5).astype(float)
    brighter = np.clip(1.15 * picture + 10, 0, 255).astype("uint8")
    noisy = np.clip(picture + rng.normal(0, 8, picture.shape), 0, 255).astype("uint8")
    others = [landscape(seed) for seed in range(10, 50)]
    found = find([picture.astype("uint8"), *others, brighter, noisy])
    pairs = {frozenset(pair) for pair in found[["image_a", "image_b"]].to_numpy().tolist()}
    ends = ["image_0.jpg", "image_41.jpg", "image_42.jpg"]
    assert pairs == {frozenset(ends[:2]), frozenset(ends[1:]), frozenset(ends[::2])}


def test_a_shared_black_frame_makes_no_duplicates():
    """Scenes of one satellite have one frame; without care it decides hash and correlation."""
    scenes = [cornered(np.clip(landscape(seed) * 0.15 + 150, 0, 255).astype("uint8")) for seed in range(20, 60)]
    assert find(scenes).empty
    again = cornered(np.clip(landscape(20) * 0.17 + 140, 0, 255).astype("uint8"))
    found = find([*scenes, again])
    assert found[["image_a", "image_b"]].to_numpy().tolist() == [["image_0.jpg", "image_40.jpg"]]


def test_flat_pictures_are_no_near_pairs():
    rng = np.random.default_rng(1)
    flat = np.stack([np.full((32, 32), level, "uint8") for level in (0, 4, 100, 101, 255)])
    noise = (240 + rng.integers(0, 3, (30, 32, 32))).astype("uint8")
    stack = np.concatenate([flat, noise])
    names = [str(number) for number in range(len(stack))]
    assert find_duplicates(stack, names, names).empty


def test_near_bits_is_a_limit():
    """Some change of a picture costs bits: with none allowed it is no pair."""
    picture = landscape(8).astype(float)
    rng = np.random.default_rng(3)
    changed = np.clip(picture + 12 * ndimage.gaussian_filter(rng.standard_normal(picture.shape), 12) * 24, 0, 255)
    pair = [picture.astype("uint8"), changed.astype("uint8")]
    found = find(pair, near_bits=20)
    assert len(found) == 1 and 0 < found["distance"][0] <= 20
    assert find(pair, near_bits=int(found["distance"][0])).equals(found)
    assert find(pair, near_bits=int(found["distance"][0]) - 1).empty


def test_filled_pictures_have_no_frame_and_no_mean():
    picture = thumbnail(cornered(landscape(9)))
    centered = filled(picture[None])[0]
    assert not centered[picture <= 8].any() and abs(centered.mean()) < 1e-4
    inner = np.full((32, 32), 90, "uint8")
    inner[10:14, 10:14] = 0  # a dark lake inside is no corner
    assert (filled(inner[None])[0][11:13, 11:13] < -50).all()


def test_hash_has_half_its_bits_set_and_turns_back():
    pictures = filled(np.stack([thumbnail(landscape(seed)) for seed in range(5)]))
    assert (np.bitwise_count(hashes(pictures)) == 32).all()
    for turn, (_, turns, mirrored) in enumerate(TURNS):
        back = np.rot90(turned(pictures, turn), -turns, axes=(1, 2))
        assert np.array_equal(back[:, :, ::-1] if mirrored else back, pictures)


def test_no_images_no_pairs_and_unequal_lengths_are_refused():
    assert find_duplicates(np.zeros((0, 32, 32), "uint8"), [], []).empty
    with raises_naming(ValueError, "2 digests", "1 names"):
        find_duplicates(np.zeros((1, 32, 32), "uint8"), ["a", "b"], ["a"])


def test_pictures_in_thousands_take_seconds():
    rng = np.random.default_rng(0)
    stack = rng.integers(0, 256, (3000, 32, 32)).astype("uint8")
    stack[2999] = np.rot90(stack[0])
    names = [str(number) for number in range(3000)]
    start = time.perf_counter()
    found = find_duplicates(stack, names, names)
    assert found[["image_a", "image_b"]].to_numpy().tolist() == [["0", "2999"]]
    assert time.perf_counter() - start < 20
