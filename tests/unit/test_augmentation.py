"""Augmentation changes image and label together, and nothing that it should not."""

import numpy as np

from climate_indicators.augmentation import Augmentation, augment

MEAN, STD = np.array([1.0, 5.0]), np.array([0.5, 0.0])


def batch(rng, n=16, size=8):
    images = rng.normal(MEAN, 0.5, (n, size, size, 2)).astype("float32")
    return images, (images[..., 0] > 1).astype("float32"), np.ones((n, size, size), bool)


def test_labels_turn_with_their_image():
    images, labels, known = batch(np.random.default_rng(0))
    settings = Augmentation(brightness=0, contrast=0)
    changed, turned = augment(images, labels, known, MEAN, STD, settings, np.random.default_rng(1))
    assert ((changed[..., 0] > 1) == turned).all()
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
