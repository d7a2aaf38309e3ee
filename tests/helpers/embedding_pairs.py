"""Pairs of chips that share what they show, as a patch file."""

import h5py
import numpy as np
from scipy import ndimage


def write_pairs(path, places=16, dates=6, size=16, related=True):
    """A patch file whose radar and color chips show the same smooth pattern, or patterns of their own.

    A radar border is missing in every seventh pair, a part of the color chip in every fifth.
    """
    rng, n = np.random.default_rng(0), places * dates
    place = np.tile(np.arange(places), dates)

    def patterns():
        noise = ndimage.gaussian_filter(rng.normal(size=(n, size, size)), (0, 3, 3))
        return noise / noise.std() + rng.normal(size=(n, 1, 1))

    shown = patterns()
    seen = shown if related else patterns()
    image = np.stack([seen * gain + level for gain, level in ((3, -12), (-3, -18), (2, 0), (1, 0))], -1)
    rgb = np.clip(128 + 40 * np.stack([shown] * 3, -1) + rng.normal(0, 4, (n, size, size, 3)), 1, 255)
    valid = np.ones((n, size, size), bool)
    valid[::7, :, :3], rgb[::5, :2] = False, 0
    mean, std = image.mean(axis=(0, 1, 2)), image.std(axis=(0, 1, 2))
    image[~valid] = mean
    with h5py.File(path, "w") as store:
        store.attrs.update({"mean": mean, "std": std})
        store["image"], store["rgb"], store["valid"] = image.astype("float32"), rgb.astype("uint8"), valid
        store["split"] = np.where(place % 4 < 2, 1, place % 4).astype("uint8")
        store["block"], store["number"] = place.astype("int32"), np.arange(n, dtype="int32")
    return path
