"""Rows of a table matched to images by file name."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from climate_indicators.core.errors import InputError

IMAGE_ENDINGS = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".jp2", ".bmp", ".gif", ".webp"}
NAMED = 5


def match_images(truth: pd.DataFrame, names: Sequence[str], source: str | Path = "ground truth") -> pd.Series:
    """Image of every row of measured carbon: text, with the index of ``truth``.

    A name is looked for as it is, without its ending, without its folder, and without both, in this order; the first
    that one image alone answers to is taken. A folder or an ending may be missing on either side, or differ.

    Parameters
    ----------
    truth : as `read_ground_truth` gives it.
    names : of the images, each once.
    source : name of the table, for the message.

    Raises
    ------
    InputError
        If a row answers to no image or to several, or two rows to the same one; it names up to ``NAMED``.
    """
    known: list[dict[str, list[str]]] = [{}, {}, {}, {}]
    for name in names:
        for forms, form in zip(known, _forms(name), strict=True):
            forms.setdefault(form, []).append(name)
    found, lost = [], []
    for row in truth.itertuples():
        # an apparent extension may be part of a name without one: site_1.5 matches site_1.5.jpg
        whole, _, last, _ = _forms(row.image)
        tries = [*zip(known, _forms(row.image), strict=True), (known[1], whole), (known[3], last)]
        hits = [forms[form] for forms, form in tries if form in forms]
        single = next((hit[0] for hit in hits if len(hit) == 1), None)
        found.append(single)
        if single is None:
            several = f", which could be {hits[0][0]} or {hits[0][1]}" if hits else ""
            lost.append(f"row {row.row}: '{row.image}'{several}")
    if lost:
        raise InputError(
            f"{source}: {len(lost)} of {len(truth)} rows match no image, or more than one: {_some(lost)}. Write the "
            "images' names as the table of images has them, or remove the rows."
        )
    matched = pd.Series(found, index=truth.index, dtype="object")
    double = matched[matched.duplicated(keep=False)]
    if len(double):
        pairs = [
            f"{name} (rows {', '.join(map(str, truth['row'][one.index]))})" for name, one in double.groupby(double)
        ]
        raise InputError(f"{source}: several rows match one image: {_some(pairs)}. Keep one row for each image.")
    return matched


def _forms(name: str) -> tuple[str, str, str, str]:
    """A name as it is, without its ending, without its folder, and without both."""
    path = PurePosixPath(unicodedata.normalize("NFC", name.strip().replace("\\", "/")))
    bare = path.with_suffix("") if path.suffix.lower() in IMAGE_ENDINGS else path
    return str(path), str(bare), path.name, bare.name


def _some(texts: list[str]) -> str:
    rest = len(texts) - NAMED
    return "; ".join(texts[:NAMED]) + (f"; and {rest} more" if rest > 0 else "")
