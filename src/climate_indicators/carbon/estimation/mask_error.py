"""Random draws of mask errors, estimated from held-out images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from climate_indicators.carbon.limits import MIN_GROUPS, MIN_IMAGES
from climate_indicators.core.errors import InputError
from climate_indicators.stats.group_bootstrap import expansion, group_weights, t_over_normal

# share of the seen pixels that is treated as vegetation, by how the network's output is read
COLUMNS = {"extent": "mapped_fraction", "density": "density_fraction"}
CALIBRATED = "calibrated"
# with fewer test groups, their spread is too uncertain, and validation images are also used
MIN_TEST_GROUPS = 10
# number of held-out images used for the error of an image: half of them, within these limits
MIN_DONORS, MAX_DONORS = 5, 20


@dataclass(frozen=True)
class MaskError:
    """Ratio of true to mapped vegetation with its draws, and the residual error of each held-out image.

    ``ratio`` is true over mapped pixels of all held-out images; ``ratios`` float (draws,); ``group`` int,
    ``mapped`` and ``residual`` float, each (held-out images,), in order of group: number of the group, share of the
    seen pixels that is mapped, and true share − ratio × mapped share. ``order`` float (held-out images,), in 0 to 1,
    decides at random between images that are equally alike. ``confidence`` of the intervals that are to come.
    """

    ratio: float
    ratios: np.ndarray
    group: np.ndarray
    mapped: np.ndarray
    residual: np.ndarray
    order: np.ndarray
    confidence: float

    def corrected(self, mapped: np.ndarray) -> np.ndarray:
        """Best estimate of the true share: ratio × mapped share, cut at 1; shape of ``mapped``."""
        return np.minimum(self.ratio * np.asarray(mapped, "float64"), 1.0)

    def draw(self, mapped: np.ndarray, places: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draws of the true shares of images: float64, shape (n, draws), in 0 to 1.

        A draw is the draw's ratio × mapped share, shared by all images, plus an error of the image's own: the residual
        of a held-out image with a similar mapped share (hot deck of the nearest neighbors; Andridge and Little 2010,
        doi:10.1111/j.1751-5823.2010.00103.x). Images of one group borrow from the same held-out group where their
        neighbors allow it, since a place that is hard to map is so in all its images. The few neighbors show less
        than the whole spread: the residuals of k neighbors are enlarged as the prediction interval of one more value
        of a normal sample asks, by √(1 + 1/k) and by Student's t for k − 1 degrees of freedom over the normal quantile.

        The residuals are those beside the best ratio. Beside the draw's own ratio they would take back what it adds.

        Parameters
        ----------
        mapped : float, shape (n,): mapped shares.
        places : float, shape (n, draws), in 0 to 1: uniform random numbers, equal in images of one group.
        rng : chooses the image within a held-out group.
        """
        donors, first, count = self._donors(mapped)
        rows = np.arange(len(mapped))[:, None]
        at = (places * donors.shape[1]).astype("int64")
        at = first[rows, at] + (rng.random(places.shape) * count[rows, at]).astype("int64")
        shares = self.residual[donors[rows, at]]
        shares *= np.sqrt(1 + 1 / donors.shape[1]) * t_over_normal(donors.shape[1], self.confidence)
        shares += self.ratios * np.asarray(mapped, "float64")[:, None]
        return np.clip(shares, 0.0, 1.0, out=shares)

    def _donors(self, mapped: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Numbers of each image's donors in order of group; first of each donor's group among them, and its size."""
        n = len(self.mapped)
        most = int(np.clip(n // 2, MIN_DONORS, MAX_DONORS))
        distance = np.abs(np.asarray(mapped)[:, None] - self.mapped) + 1e-9 * self.order
        donors = np.sort(np.argpartition(distance, most - 1, axis=1)[:, :most], axis=1)
        groups = self.group[donors]
        alike = groups[:, :, None] == groups[:, None, :]
        return donors, alike.argmax(axis=2), alike.sum(axis=2)


def holdout_images(table: pd.DataFrame, reading: str = "extent") -> pd.DataFrame:
    """Held-out images for the mask error: ``group, mapped, true, pixels``, sorted by group.

    Test images alone, if they come from ``MIN_TEST_GROUPS`` groups; otherwise validation images count too. Two
    numbers (temperature, threshold) and the best epoch were chosen on them, which flatters them little, whereas the
    spread of two or three groups would say next to nothing.

    Parameters
    ----------
    table : ``image, split, group, threshold_rule, tn, fp, fn, tp, true_fraction, mapped_fraction, density_fraction``,
        as the table of metrics by image has it; rows of the calibrated rule are used, without those whose truth or
        mapped share is unknown.
    reading : ``extent`` or ``density``: which mapped share.

    Raises
    ------
    InputError
        If fewer than ``MIN_IMAGES`` images or ``MIN_GROUPS`` groups are left, or none has a mapped pixel.
    """
    rows = table[(table["threshold_rule"] == CALIBRATED) & table["split"].isin(["validation", "test"])]
    pixels = rows[["tn", "fp", "fn", "tp"]].sum(axis=1)
    found = pd.DataFrame(
        {
            "split": rows["split"],
            "group": rows["group"],
            "mapped": rows[COLUMNS[reading]],
            "true": rows["true_fraction"],
            "pixels": pixels.astype("float64"),
        }
    )
    found = found[(found["pixels"] > 0) & found["mapped"].notna() & found["true"].notna()]
    test = found[found["split"] == "test"]
    found = test if test["group"].nunique() >= MIN_TEST_GROUPS else found
    n, groups = len(found), found["group"].nunique()
    if n < MIN_IMAGES or groups < MIN_GROUPS:
        raise InputError(
            f"{n} held-out images of {groups} groups tell the error of the masks, but an interval of carbon needs "
            f"{MIN_IMAGES} images of {MIN_GROUPS} groups (images of one place, and duplicates, are one group). "
            "Label more images, or make the shares of validation and test larger."
        )
    if not (found["mapped"] * found["pixels"]).sum() > 0:
        raise InputError(
            f"the network maps no vegetation in any of {n} held-out images: the ratio of true to mapped area, and with "
            "it carbon, cannot be known. Check the metrics and the gallery: the training has failed."
        )
    return found.sort_values("group", kind="stable").drop(columns="split").reset_index(drop=True)


def mask_error(held_out: pd.DataFrame, draws: int, confidence: float, rng: np.random.Generator) -> MaskError:
    """Error of the masks, from held-out images resampled by group.

    The ratio is true over mapped pixels (Cochran 1977, Sampling Techniques, chapter 6). In each draw the groups are
    resampled with replacement (Efron 1979, doi:10.1214/aos/1176344552). The bootstrap of few groups is too narrow; its
    distance from the ratio is enlarged by √(g / (g − 1)) and by Student's t for g − 1 degrees of freedom over the
    normal quantile, g groups (expanded percentile interval, Hesterberg 2015, doi:10.1080/00031305.2015.1089789).

    Parameters
    ----------
    held_out : as `holdout_images` gives it.
    draws : number of ratios.
    confidence : of the intervals that are to come, in (0, 1).
    rng : random numbers.
    """
    group, mapped = held_out["group"].to_numpy(), held_out["mapped"].to_numpy("float64")
    true, pixels = held_out["true"].to_numpy("float64"), held_out["pixels"].to_numpy("float64")
    number = np.unique(group, return_inverse=True)[1]
    sums = np.stack([np.bincount(number, pixels * share) for share in (true, mapped)], axis=1)
    ratio = float(sums[:, 0].sum() / sums[:, 1].sum())
    groups = len(sums)
    ratios = np.maximum(ratio + expansion(groups, confidence) * (_resampled(sums, draws, rng) - ratio), 0.0)
    return MaskError(ratio, ratios, number, mapped, true - ratio * mapped, rng.random(len(mapped)), confidence)


def _resampled(sums: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Ratios of resampled groups, (draws,); a resample without a mapped pixel has no ratio and is drawn again."""
    groups = len(sums)
    kept = np.empty((0, 2))
    while len(kept) < draws:
        resampled = group_weights(groups, draws, rng) @ sums
        kept = np.concatenate([kept, resampled[resampled[:, 1] > 0]])
    return kept[:draws, 0] / kept[:draws, 1]
