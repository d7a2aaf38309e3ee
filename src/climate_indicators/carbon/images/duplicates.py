"""Images that are there twice: the same file, or the same picture turned, mirrored or changed a little."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import ndimage
from scipy.fft import dctn

EXACT, NEAR = "exact", "near"
# orientation of image b relative to image a: name, number of counterclockwise rotations by 90°, mirrored or not
TURNS = [
    (f"{'mirrored' if mirrored else ''}{', ' if mirrored and turns else ''}{f'rotated {90 * turns}°' if turns else ''}"
     or "same", turns, mirrored)
    for mirrored in (False, True)
    for turns in range(4)
]  # fmt: skip
COLUMNS = ["image_a", "image_b", "kind", "transform", "distance"]
# two dates of one scene, with ground that a network would recognize, reach 0.91
MIN_CORRELATION = 0.9
BLACK = 8  # gray level up to which a cell at the border belongs to a black corner
ROWS = 256  # images compared with all others at a time


def find_duplicates(
    thumbnails: np.ndarray, digests: Sequence[str], names: Sequence[str], near_bits: int = 6
) -> pd.DataFrame:
    """Pairs of images that show the same.

    Two files are an exact pair if their digests are equal. Two others are a near pair if, in one of the eight turns and
    mirrors, their perceptual hashes (see `hashes`) differ in few bits and their thumbnails correlate above
    ``MIN_CORRELATION``: hashes alone of flat pictures, such as snow, are alike by chance. Black corners, which
    whole satellite scenes share, tell nothing and are left out of both. Cropped copies are not found.

    Of files with one digest, each is paired with the first of them only, and only this first one is compared with the
    others, so that a thousand copies of an empty tile give a thousand lines. Groups of duplicates are made by
    `climate_indicators.carbon.images.splits.group_images`.

    Parameters
    ----------
    thumbnails : uint8, shape (n, 32, 32): gray, of the whole picture, which was stretched to a square.
    digests, names : of each image, in order.
    near_bits : largest number of different bits, of 64.

    Returns
    -------
    Table ``image_a, image_b, kind, transform, distance``, in the order of the images: ``kind`` exact or near;
    ``transform`` says how image b is turned (counterclockwise, after it was mirrored left to right) to lie on image a;
    ``distance`` in bits, the smallest of all turns, 0 for exact pairs.

    Raises
    ------
    ValueError
        If the three are not of one length, or thumbnails are not square.
    """
    if not len(thumbnails) == len(digests) == len(names) or thumbnails.ndim != 3 or np.ptp(thumbnails.shape[1:]):
        raise ValueError(
            f"thumbnails of shape {thumbnails.shape}, {len(digests)} digests and {len(names)} names do not fit together"
        )
    if not len(names):
        return pd.DataFrame({name: [] for name in COLUMNS})
    _, first, which = np.unique(np.asarray(digests), return_index=True, return_inverse=True)
    copies = np.flatnonzero(first[which] != np.arange(len(names)))
    exact = pd.DataFrame({"a": first[which][copies], "b": copies, "kind": EXACT, "turn": 0, "distance": 0})
    kept = np.sort(first)
    near = _near_pairs(filled(thumbnails[kept]), near_bits)
    near = near.assign(a=kept[near["a"]], b=kept[near["b"]], kind=NEAR)
    pairs = pd.concat([exact, near], ignore_index=True).sort_values(["a", "b"], kind="stable")
    named = np.asarray(names, dtype=object)
    turns = np.array([name for name, _, _ in TURNS], dtype=object)
    columns = [named[pairs["a"]], named[pairs["b"]], pairs["kind"], turns[pairs["turn"]], pairs["distance"]]
    return pd.DataFrame({name: np.asarray(column) for name, column in zip(COLUMNS, columns, strict=True)})


def filled(thumbnails: np.ndarray) -> np.ndarray:
    """Thumbnails as float32 around 0, with black corners and adjacent cells set to 0.

    Black corners are cells of at most ``BLACK`` that are connected to the edge. The mean of the others is subtracted.

    Parameters
    ----------
    thumbnails : uint8, shape (n, rows, columns).
    """
    in_picture = np.zeros((3, 3, 3), bool)
    in_picture[1] = True  # joins cells of one picture, at edges and corners, never those of two pictures
    dark, _ = ndimage.label(thumbnails <= BLACK, in_picture)
    edge = [dark[:, 0], dark[:, -1], dark[:, :, 0], dark[:, :, -1]]
    at_edge = np.zeros(dark.max() + 1, bool)
    at_edge[np.unique(np.concatenate([side.ravel() for side in edge]))] = True
    at_edge[0] = False
    seen = ~ndimage.binary_dilation(at_edge[dark], in_picture)
    values = np.where(seen, thumbnails, 0).astype("float32")
    mean = values.sum(axis=(1, 2)) / np.maximum(seen.sum(axis=(1, 2)), 1)
    return np.where(seen, values - mean[:, None, None], 0).astype("float32")


def hashes(pictures: np.ndarray) -> np.ndarray:
    """Perceptual hash of each picture: one bit for each of 64 low waves, set where its weight is above the median.

    The DCT hash of Zauner (2010, Implementation and benchmarking of perceptual image hash functions, section 3.2.1):
    waves 1 to 8 of each direction of a 32 × 32 picture, without those that are constant along a direction.

    Parameters
    ----------
    pictures : float, shape (n, 32, 32).

    Returns
    -------
    uint64, shape (n,).
    """
    waves = dctn(pictures, axes=(1, 2))[:, 1:9, 1:9].reshape(len(pictures), 64)
    bits = waves > np.median(waves, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view("uint64")[:, 0]


def turned(pictures: np.ndarray, turn: int) -> np.ndarray:
    """Square pictures, shape (n, size, size), in turn number ``turn`` of ``TURNS``."""
    _, turns, mirrored = TURNS[turn]
    return np.rot90(pictures[:, :, ::-1] if mirrored else pictures, turns, axes=(1, 2))


def _near_pairs(pictures: np.ndarray, near_bits: int) -> pd.DataFrame:
    """Table ``a, b, turn, distance`` of pairs of numbers a < b, the best turn of each."""
    spread = np.sqrt((pictures**2).sum(axis=(1, 2), keepdims=True))
    pictures = pictures / np.where(spread > 0, spread, 1)
    upright = hashes(pictures)
    parts = [pd.DataFrame({"a": [], "b": [], "turn": [], "distance": [], "correlation": []}, dtype="int64")]
    for turn in range(len(TURNS)):
        changed = turned(pictures, turn)
        codes = hashes(changed)
        for start in range(0, len(pictures), ROWS):
            bits = np.bitwise_count(upright[start : start + ROWS, None] ^ codes[None, start:])
            a, b = np.nonzero(np.triu(bits <= near_bits, 1))
            alike = np.array([np.vdot(pictures[start + i], changed[start + j]) for i, j in zip(a, b, strict=True)])
            keep = np.flatnonzero(alike > MIN_CORRELATION) if len(a) else []
            columns = {"a": start + a[keep], "b": start + b[keep], "turn": turn, "distance": bits[a[keep], b[keep]]}
            if len(keep):
                parts.append(pd.DataFrame(columns | {"correlation": alike[keep]}).astype({"distance": "int64"}))
    order = {"a": True, "b": True, "distance": True, "correlation": False, "turn": True}
    pairs = pd.concat(parts).sort_values(list(order), ascending=list(order.values()))
    return pairs.drop_duplicates(["a", "b"]).drop(columns="correlation").astype("int64")
