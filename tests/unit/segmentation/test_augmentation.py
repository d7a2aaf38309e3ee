"""Augmentation changes image and label together, and nothing that it should not."""

import numpy as np
import pytest

from climate_indicators.segmentation.augmentation import Augmentation, augment, rotate_and_scale

MEAN, STD = np.array([1.0, 5.0]), np.array([0.5, 0.0])


def batch(rng, n=16, size=8):
    images = rng.normal(MEAN, 0.5, (n, size, size, 2)).astype("float32")
    return images, (images[..., 0] > 1).astype("float32"), np.ones((n, size, size), bool)


def test_labels_turn_with_their_image():
    images, labels, known = batch(np.random.default_rng(0))
    settings = Augmentation(brightness=0, contrast=0)
    changed, rotate_and_scale = augment(images, labels, known, MEAN, STD, settings, np.random.default_rng(1))
    assert ((changed[..., 0] > 1) == rotate_and_scale).all()
    assert any(not np.array_equal(a, b) for a, b in zip(images, changed, strict=True))
    assert np.allclose(np.sort(changed, axis=None), np.sort(images, axis=None))


def test_level_changes_stay_within_the_settings_and_spare_constant_bands():
    images, labels, known = batch(np.random.default_rng(0))
    settings = Augmentation(flip=False, rotate=False, brightness=0.2, contrast=0.1)
    changed, _ = augment(images, labels, known, MEAN, STD, settings, np.random.default_rng(1))
    moved = np.abs(changed - images)
    assert moved[..., 0].max() > 0.01
    assert (moved[..., 0] <= 0.2 * 0.5 + 0.1 * np.abs(images[..., 0] - 1) + 1e-6).all()
    assert np.allclose(changed[..., 1], images[..., 1])


def test_pixels_without_a_value_stay_at_the_mean():
    images, labels, known = batch(np.random.default_rng(0))
    known[:, 2:4], images[:, 2:4] = False, MEAN
    settings = Augmentation(flip=False, rotate=False, brightness=0.5, contrast=0.5, noise=1.0)
    changed, _ = augment(images, labels, known, MEAN, STD, settings, np.random.default_rng(1))
    assert np.allclose(changed[:, 2:4], MEAN)


def test_the_same_random_numbers_give_the_same_batch_and_inputs_are_untouched():
    images, labels, known = batch(np.random.default_rng(0))
    before = images.copy()
    first, second = (
        augment(images, labels, known, MEAN, STD, Augmentation(noise=0.1), np.random.default_rng(5))[0] for _ in "ab"
    )
    assert np.array_equal(first, second) and np.array_equal(images, before)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_right_angle_turns_as_numpy_does(turns):
    images, labels, known = batch(np.random.default_rng(0), n=1)
    known[0, 1] = False
    results = rotate_and_scale(images[0], labels[0], known[0], 90.0 * turns, 1.0)
    for result, before in zip(results, (images[0], labels[0], known[0]), strict=True):
        assert result.dtype == before.dtype
        assert np.allclose(result, np.rot90(before, turns), atol=1e-5)


def test_zoom_enlarges_about_the_middle():
    disc = np.hypot(*(np.indices((64, 64)) - 31.5)) < 10
    _, label, _ = rotate_and_scale(disc[..., None].astype("float32"), disc, np.ones_like(disc), 25.0, 1.5)
    assert label.sum() == pytest.approx(1.5**2 * disc.sum(), rel=0.02)
    assert np.abs(np.argwhere(label).mean(axis=0) - 31.5).max() < 0.1


def test_turned_labels_are_never_mixed_and_follow_their_image():
    rng = np.random.default_rng(0)
    labels = np.kron(rng.choice([0.0, 1.0, -1.0], (16, 4, 4)), np.ones((8, 8))).astype("float32")
    images = np.repeat(labels[..., None], 2, axis=-1)
    settings = Augmentation(brightness=0, contrast=0, rotation_deg=30, zoom=0.2)
    changed, moved = augment(images, labels, np.ones(labels.shape, bool), MEAN, STD, settings, np.random.default_rng(1))
    assert set(np.unique(moved)) == {-1.0, 0.0, 1.0}
    assert (np.abs(changed[..., 0] - moved) < 0.5).mean() > 0.9
    as_they_were = [np.allclose(a, b, atol=1e-5) for a, b in zip(changed, upright(changed, images), strict=True)]
    assert 3 <= sum(as_they_were) <= 13, "about half are not turned, so that sharp images are seen as well"


def upright(changed, images):
    """For each changed image the one of the eight turns and mirrors of its original that is nearest to it."""
    ways = [np.rot90(images, turns, (1, 2))[:, :, ::step] for turns in range(4) for step in (1, -1)]
    distance = [np.abs(way - changed).sum(axis=(1, 2, 3)) for way in ways]
    return np.stack(ways)[np.argmin(distance, axis=0), np.arange(len(images))]


def test_rotation_and_zoom_draw_nothing_where_they_are_off():
    images, labels, known = batch(np.random.default_rng(0))
    first, second = np.random.default_rng(3), np.random.default_rng(3)
    augment(images, labels, known, MEAN, STD, Augmentation(noise=0.1), first)
    for _ in range(len(images)):
        second.integers(4), second.integers(2), second.uniform(), second.uniform()
        second.standard_normal(images.shape[1:])
    assert first.random() == second.random()
