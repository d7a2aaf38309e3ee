"""Rows of ``inputs.csv``: the interpretation of each input of a site."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from climate_indicators.core.atomic_files import write_csv

ROLES = ("scene", "cloud_mask", "dem", "outlines", "aoi", "radar")


@dataclass(frozen=True)
class InputRow:
    """Interpretation of one input file; None or "" where something does not apply.

    Attributes
    ----------
    file : path as the settings have it.
    role : one of `ROLES`.
    bands : names of the bands that are used, or of the layer of a vector file, in one text.
    unit : unit of the physical values, such as ``reflectance``, ``m``, ``dB``.
    scale, offset : ``number × scale + offset`` is the physical value.
    nodata : number of missing pixels.
    missing_by : how missing pixels are known, such as ``nodata 0``, ``alpha band``, ``0 in all bands``.
    crs : reference system.
    covered_fraction : share of the area of interest that has values, 0 to 1.
    minimum, median, maximum : of the physical values inside the area of interest, over all bands that are used.
    note : what else was decided, in words.
    """

    file: str
    role: str
    bands: str = ""
    unit: str = ""
    scale: float | None = None
    offset: float | None = None
    nodata: float | str | None = None
    missing_by: str = ""
    crs: str = ""
    covered_fraction: float | None = None
    minimum: float | None = None
    median: float | None = None
    maximum: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError(f"the role of an input is '{self.role}'; expected one of {', '.join(ROLES)}")


COLUMNS = [field.name for field in dataclasses.fields(InputRow)]


def write_inputs(path: str | Path, rows: Iterable[InputRow]) -> None:
    """Write rows as a CSV table with the columns of `InputRow`."""
    write_csv(pd.DataFrame([dataclasses.asdict(row) for row in rows], columns=COLUMNS), path)


def join_inputs(path: str | Path, parts: Sequence[str | Path]) -> None:
    """Write the tables of several jobs as one; each file, role and note once."""
    tables = [pd.read_csv(part, keep_default_na=False, dtype=str) for part in parts]
    write_csv(pd.concat(tables).drop_duplicates(), path)
