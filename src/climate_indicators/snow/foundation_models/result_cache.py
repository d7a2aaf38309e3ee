"""Disk cache of results of slow networks, by digest of the inputs: each image is computed once."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np

from climate_indicators.core.atomic_files import atomic_path

log = logging.getLogger("climate_indicators.snow.foundation_models")


class ImageCache:
    """Arrays by content: of the picture, and of the network.

    Parameters
    ----------
    folder : of the files, one an array; created with the first. It may be shared by several networks and processes, and
        deleted at any time.
    network : digest of the network's architecture and weights, and of all that is done to a picture before.
    dtype : type of the files. A result is rounded to it whether it is new or read, so that both are equal.

    Attributes
    ----------
    computed, read : number of results of either kind so far.
    """

    def __init__(self, folder: str | Path, network: str, dtype: str = "float16") -> None:
        self._folder, self._network, self._dtype = Path(folder), network, np.dtype(dtype)
        self.computed = self.read = 0

    def get(self, picture: np.ndarray, compute: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Result for a picture, from the disk if it was computed before.

        Parameters
        ----------
        picture : any shape and type.
        compute : from the picture to an array.

        Returns
        -------
        Array of ``compute``, rounded to the cache's type, as float32.
        """
        path = self.path(picture)
        known = _read(path)
        if known is None:
            known = np.ascontiguousarray(compute(picture)).astype(self._dtype)
            with atomic_path(path) as temporary:
                np.save(temporary, known, allow_pickle=False)
            self.computed += 1
        else:
            self.read += 1
        return known.astype("float32")

    def path(self, picture: np.ndarray) -> Path:
        """File of a picture's result."""
        digest = hashlib.sha256(f"{self._network} {self._dtype} {picture.dtype} {picture.shape} ".encode())
        digest.update(np.ascontiguousarray(picture))
        name = digest.hexdigest()
        return self._folder / name[:2] / f"{name}.npy"


def _read(path: Path) -> np.ndarray | None:
    """Array of a file; None if it does not exist or is damaged, so that it is computed again."""
    if not path.exists():
        return None
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        log.warning("%s is damaged (%s) and computed anew", path, error)
        return None
