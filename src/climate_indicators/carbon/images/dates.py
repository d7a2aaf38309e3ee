"""Dates and places of images, from their names or from a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from climate_indicators.carbon.images.matching import match_images
from climate_indicators.core.errors import InputError
from climate_indicators.core.tables import read_user_table

NAMED = 5
# values outside are not dates, but other digits or codes for missing dates
FIRST_YEAR, LAST_YEAR = 1800, 2200
ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})(?:-(?P<day>\d{2})(?:[T ].*)?)?")


def find_dates(images: Sequence[str], settings: Mapping[str, Any] | None) -> list[str]:
    """Date of each image as ISO text, ``2019-03-21`` or ``2019-03``; empty if dates are not configured.

    Parameters
    ----------
    images : paths below their folder.
    settings : either ``pattern``, a regular expression of names, or else of paths, with groups named year, month and,
        perhaps, day; or ``table``, a CSV, and its columns ``image`` and ``date``. None if images have no dates.

    Raises
    ------
    InputError
        If an image has no date, or one that is not in the calendar; the message names the file and what was found.
    """
    if not settings:
        return [""] * len(images)
    if settings.get("pattern"):
        return _dates_of_names(images, settings["pattern"])
    return _dates_of_table(images, settings["table"], settings.get("image", "image"), settings.get("date", "date"))


def find_places(images: Sequence[str], pattern: str | None) -> list[str]:
    """Place of each image, or empty text for each if no pattern is given.

    Parameters
    ----------
    images : paths below their folder.
    pattern : regular expression of file names, or else of paths, with a group named place, or one group without a name.

    Raises
    ------
    InputError
        If the pattern is none, or has no place for some image: it would be assigned apart from its own place.
    """
    if pattern is None:
        return [""] * len(images)
    compiled = _compiled(pattern, "place_pattern")
    if not compiled.groups:
        raise InputError(f"place_pattern {pattern!r} has no group; put the place in one, as in ^(?P<place>[a-z]+)_")
    group = "place" if "place" in compiled.groupindex else 1
    found = [_search(compiled, image) for image in images]
    places = [(match and match[group]) or "" for match in found]
    _refuse_without(images, [not place for place in places], "place", f"place_pattern {pattern!r} finds one")
    return places


def _dates_of_names(images: Sequence[str], pattern: str) -> list[str]:
    compiled = _compiled(pattern, "dates.pattern")
    missing = [group for group in ("year", "month") if group not in compiled.groupindex]
    if missing:
        raise InputError(f"dates.pattern {pattern!r} has no group named {' or '.join(missing)}; write (?P<year>…).")
    found = [_search(compiled, image) for image in images]
    _refuse_without(images, [match is None for match in found], "date", f"dates.pattern {pattern!r} finds one")
    return [_iso(match, f"image {image}", match[0]) for image, match in zip(images, found, strict=True)]


def _dates_of_table(images: Sequence[str], path: str | Path, image: str, day: str) -> list[str]:
    table = read_user_table(path, "table of dates", [day], "one image per row")
    for column in (image, day):
        if column not in table:
            raise InputError(
                f"table of dates {path}: there is no column '{column}'; it has {', '.join(table.columns)}. Name the "
                "columns in dates.image and dates.date."
            )
    dated = table[table[day].notna()]
    nameless = dated.index[dated[image].isna()]
    if len(nameless):
        raise InputError(f"table of dates {path}, row {nameless[0] + 1}: has a date, but no image in column '{image}'.")
    rows = pd.DataFrame({"row": dated.index + 1, "image": dated[image]})
    names = match_images(rows, images, f"table of dates {path}")
    found = {}
    for row, name in names.items():
        text = table.at[row, day]
        found[name] = _iso(ISO.fullmatch(text), f"table of dates {path}, row {row + 1}, image {name}", text)
    without = [name not in found for name in images]
    _refuse_without(images, without, "date", f"the table of dates {path} has one")
    return [found[name] for name in images]


def _iso(match: re.Match[str] | None, where: str, text: str) -> str:
    """ISO text of a date found by a pattern."""
    parts = match.groupdict() if match else {}
    year, month, day = (parts.get(name) for name in ("year", "month", "day"))
    try:
        if len(year or "") != 4:
            raise ValueError("a year has four digits")
        found = date(int(year), int(month), int(day or 1))
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise ValueError(f"its year is not from {FIRST_YEAR} to {LAST_YEAR}")
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{where}: '{text}' is not a date ({error}); expected one such as 2019-03-21 or 2019-03. Mend it."
        ) from error
    return found.isoformat() if day else found.isoformat()[:7]


def _search(pattern: re.Pattern[str], image: str) -> re.Match[str] | None:
    """Where a pattern is found: in the file's name, else in its path below the folder of images."""
    return pattern.search(PurePosixPath(image).name) or pattern.search(image)


def _compiled(pattern: str, key: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise InputError(f"{key} {pattern!r} is no regular expression ({error}).") from error


def _refuse_without(images: Sequence[str], wrong: Sequence[bool], what: str, source: str) -> None:
    lost = [image for image, is_wrong in zip(images, wrong, strict=True) if is_wrong]
    if lost:
        raise InputError(
            f"{len(lost)} of {len(images)} images have no {what}: {some(lost)}. Every image needs one if {source} for "
            f"others. Add it, rename the images or remove them, or leave the {what}s out of the settings."
        )


def some(names: Sequence[str], most: int = NAMED, between: str = ", ") -> str:
    """The first few of some names, and how many more there are."""
    rest = len(names) - most
    return between.join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
