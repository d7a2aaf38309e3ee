"""True maps of tests."""

import numpy as np
from scipy import ndimage

SIZE = 160


def patches(seed, share=0.3):
    """Smooth patches that cover a share of a square of ``SIZE`` pixels, bool."""
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(SIZE, SIZE)), 6, mode="wrap")
    return field > np.quantile(field, 1 - share)
