"""Whether a radar scene was seen from the relative orbit that it is listed under."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio

from climate_indicators.geo.rasters.guard import opened
from climate_indicators.snow.scenes.table import MIXED

RADAR_BAND, REFERENCE_BAND = "VV", "VV_reference"
COMPARED_PX = 160
MIN_COMPARED = 100  # minimum number of pixels for a comparison
COLUMNS = ["scene", "correlation", "best", "best_correlation", "note"]
NOT_TESTED = "not tested"
_NO_VIEW = f"{NOT_TESTED}: a mosaic of several orbits has no single view"
_ALONE = f"{NOT_TESTED}: the only scene of its orbit"
_FEW = f"{NOT_TESTED}: fewer than {MIN_COMPARED} pixels in common with other scenes of its orbit"
# scenes of a reference from which on one wrong scene does not spoil its median, and most scenes that are compared with
_ENOUGH, _MOST = 3, 100
# names in one message
_NAMED = 5


def orbit_correlations(
    scenes: pd.DataFrame,
    paths: Mapping[str, Path],
    references: pd.DataFrame,
    folder: str | Path,
    least: float,
    progress: Callable[[], None] = lambda: None,
) -> pd.DataFrame:
    """How well the VV image of each radar scene fits the other scenes of its orbit, and the other orbits.

    One orbit sees slopes bright that another sees dark: a scene under a wrong orbit does not fit. Within an orbit rank
    correlations of real scenes are 0.8 to 0.9, across orbits 0 to 0.06. A scene is compared with its orbit's reference,
    made without it; where the reference has fewer than three scenes, with the median of the orbit's other scenes.

    Parameters
    ----------
    scenes : radar scenes, ``scene, orbit``.
    paths : raster of each scene, those of the references included.
    references : ``orbit, n_scenes, scenes`` (names with spaces between).
    folder : of the references, ``oORBIT.tif``.
    least : correlation below which a scene does not fit.
    progress : called once per scene.

    Returns
    -------
    ``scene, correlation`` (rank correlation, NaN where not tested), ``best`` (orbit that fits best),
    ``best_correlation`` and ``note``: why a scene was not tested, or what else is known of one that does not fit.
    """
    made_of = {
        str(orbit): re.split(r"[\s;,]+", str(names).strip())
        for orbit, names in zip(references["orbit"], references["scenes"], strict=True)
    }
    images = {
        orbit: _codes(_band(Path(folder) / f"o{orbit}.tif", REFERENCE_BAND)) for orbit in made_of if orbit != MIXED
    }
    rows = []
    for orbit, own in scenes.groupby(scenes["orbit"].astype(str), sort=False):
        if orbit == MIXED:
            rows += [[scene, np.nan, "", np.nan, _NO_VIEW] for scene in own["scene"]]
            continue
        names = own["scene"].tolist()
        rest = _Rest(paths, made_of.get(orbit, []), names, images.get(orbit))
        others = {name: image for name, image in images.items() if name != orbit}
        for scene in names:
            rows.append(_fit(scene, orbit, _band(paths[scene], RADAR_BAND), rest, others, least))
            progress()
    order = {scene: place for place, scene in enumerate(scenes["scene"])}
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("scene", key=lambda names: names.map(order)).reset_index(
        drop=True
    )  # fmt: skip


def _fit(
    scene: str, orbit: str, picture: np.ndarray, rest: _Rest, others: Mapping[str, np.ndarray], least: float
) -> list[object]:
    image, (own, n_others) = _codes(picture), rest.without(scene, picture)
    fits = {name: _coded_correlation(image, other) for name, other in others.items()}
    fits[orbit] = np.nan if own is None else _coded_correlation(image, own)
    known = {name: value for name, value in fits.items() if np.isfinite(value)}
    best = max(known, key=known.get, default="")
    words = []
    if not np.isfinite(fits[orbit]):
        words = [_ALONE if own is None else _FEW]
    elif fits[orbit] < least:
        if known[best] > fits[orbit]:
            words.append(f"fits orbit {best} better ({known[best]:.2f})")
        if n_others == 1:
            words.append("compared with one scene only: either may be of another orbit")
    return [scene, fits[orbit], best, known.get(best, np.nan), "; ".join(words)]


class _Rest:
    """The other scenes of an orbit, as one image to compare a scene with.

    The others are those of the snow-free reference, or all of the orbit's where the reference has fewer than
    ``_ENOUGH`` scenes, one of which may be wrong.

    Parameters
    ----------
    paths : raster of each scene.
    members : scenes of the reference.
    names : all scenes of the orbit, in order of date.
    reference : codes of the reference's image; None if the orbit has none.
    """

    def __init__(
        self, paths: Mapping[str, Path], members: Sequence[str], names: Sequence[str], reference: np.ndarray | None
    ) -> None:
        enough = len(members) >= _ENOUGH and reference is not None
        self._pool = list(members) if enough else [names[at] for at in _spread(len(names), _MOST)]
        self._reference = reference if enough else None
        self._medians = LeaveOneOut([_band(paths[name], RADAR_BAND) for name in self._pool])

    def without(self, scene: str, picture: np.ndarray) -> tuple[np.ndarray | None, int]:
        """Codes of the median image of the other scenes (None if there are none), and the number of these scenes."""
        if scene in self._pool:
            others = len(self._pool) - 1
            return (_codes(self._medians.median_without(picture)) if others else None), others
        if self._reference is None:
            self._reference = _codes(self._medians.median())
        return self._reference, len(self._pool)


def _spread(count: int, most: int) -> list[int]:
    """Numbers from 0 to before ``count``, all of them or ``most`` at even distances."""
    return list(range(count)) if count <= most else np.linspace(0, count - 1, most).round().astype(int).tolist()


class LeaveOneOut:
    """Pixel-wise medians of pictures, each left out in turn, from one sorting.

    Parameters
    ----------
    pictures : float arrays of one shape, NaN where missing.
    """

    def __init__(self, pictures: Sequence[np.ndarray]) -> None:
        self._ordered = np.sort(np.stack(pictures), axis=0)  # NaN is sorted last
        self._count = np.isfinite(self._ordered).sum(axis=0)

    def median(self) -> np.ndarray:
        """Median of all images; NaN where no image has a value."""
        return self.median_without(np.full(self._count.shape, np.nan))

    def median_without(self, picture: np.ndarray) -> np.ndarray:
        """Median of the pictures but ``picture``, which is one of them; NaN where no other has a value."""
        known = np.isfinite(picture)
        place = (self._ordered < picture).sum(axis=0)
        left = self._count - known
        low, high = (self._at((left - 1) // 2, known, place), self._at(left // 2, known, place))
        return np.where(left > 0, (low + high) / 2, np.nan)

    def _at(self, rank: np.ndarray, known: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Values of a rank among the others, from 0: from the place of the picture left out on, one further."""
        further = np.clip(rank + (known & (rank >= place)), 0, len(self._ordered) - 1)
        return np.take_along_axis(self._ordered, further[None], axis=0)[0]


def orbit_warnings(checks: pd.DataFrame, references: pd.DataFrame) -> Iterator[str]:
    """Warnings about orbits: scenes that do not fit, unreliable references, and untested scenes.

    Parameters
    ----------
    checks : rows of ``orbit_mix`` of `scene_checks.check_scenes`.
    references : ``orbit, scenes``.
    """
    rejected = checks[checks["rejected"].astype(bool)]
    if len(rejected):
        found = [
            f"{row.scene} (correlation {row.value:.2f}{', ' + row.note if row.note else ''})"
            for row in rejected.itertuples()
        ]
        yield (
            f"{len(rejected)} of {len(checks)} radar scenes do not fit the other scenes of their relative orbit "
            f"(below {rejected['limit'].iloc[0]:g}) and are left out: {_some(found)}. Correct their orbit in the table "
            "of scenes."
        )
    members = set(" ".join(references["scenes"].astype(str)).split())
    spoilt = [scene for scene in rejected["scene"] if scene in members]
    if spoilt:
        yield (
            f"{_some(spoilt)}: part of the snow-free reference of an orbit that they do not fit. The changes of all "
            "scenes of this orbit are measured against it: remove these scenes, or correct their orbit, and run again."
        )
    untested = checks[checks["note"].astype(str).str.startswith(NOT_TESTED)]
    for note, same in untested.groupby("note"):
        yield (
            f"{len(same)} of {len(checks)} radar scenes were {note}; a scene of another orbit among them is not "
            f"noticed: {_some(same['scene'].tolist())}."
        )


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's correlation where both have a value; NaN below ``MIN_COMPARED`` pixels or for a constant.

    Ranks, not values: a few very bright slopes, and the drop of wet snow, weigh no more than other pixels.
    """
    return _coded_correlation(_codes(a), _codes(b))


def thinned(raster: rasterio.DatasetReader, band: int, largest: int) -> np.ndarray:
    """A band with at most ``largest`` pixels a side: float32 physical values, NaN where missing."""
    shrink = max(1.0, max(raster.shape) / largest)
    shape = tuple(max(1, round(length / shrink)) for length in raster.shape)
    numbers = raster.read(band, out_shape=shape)
    values = numbers.astype("float32") * np.float32(raster.scales[band - 1])
    return np.where(numbers == raster.nodata, np.float32(np.nan), values)


def _codes(image: np.ndarray) -> np.ndarray:
    """Each value's place among the different values of an image, from 0 on; -1 where missing.

    Ranks of any part of the image follow from the codes by counting: an image that is compared with several is sorted
    once.
    """
    codes, known = np.full(image.shape, -1), np.isfinite(image)
    codes[known] = pd.factorize(image[known], sort=True)[0]
    return codes


def _coded_correlation(a: np.ndarray, b: np.ndarray) -> float:
    both = (a >= 0) & (b >= 0)
    if both.sum() < MIN_COMPARED:
        return np.nan
    x, y = _ranks(a[both]), _ranks(b[both])
    return float(np.corrcoef(x, y)[0, 1]) if x.std() > 0 and y.std() > 0 else np.nan


def _ranks(codes: np.ndarray) -> np.ndarray:
    """Ranks from 1 on; equal values share the mean of theirs."""
    count = np.bincount(codes)
    return (np.cumsum(count) - (count - 1) / 2)[codes]


def _band(path: str | Path, name: str) -> np.ndarray:
    with opened(path) as raster:
        return thinned(raster, raster.descriptions.index(name) + 1, COMPARED_PX)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
