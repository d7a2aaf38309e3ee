"""Reading a CSV of daily values as text, plain or as Open-Meteo exports it, with dates and numbers checked by name."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from climate_indicators.core.errors import InputError

DATE, PLACE = "date", "place"
# default column names
SYNONYMS = {DATE: ("date", "time"), PLACE: ("place", "location_id")}
NULLS = {"", "null", "nan", "na", "none"}


@dataclass(frozen=True)
class DailyTable:
    """Cells as text under canonical names, index: line in the file, from 1.

    ``units`` of the columns whose header (``precipitation_sum (mm)``) or line of units gives one; ``locations``:
    Open-Meteo's lines of location, a mapping each, none in a plain file.
    """

    path: str
    cells: pd.DataFrame
    units: dict[str, str]
    locations: list[dict[str, str]]

    def refuse(self, column: str, wrong: np.ndarray | pd.Series, expected: str, way_out: str) -> None:
        """Raise an `InputError` that names file, column and first row if any of ``wrong``, bool (n,), is true."""
        wrong = np.asarray(wrong, bool)
        if not wrong.any():
            return
        first = int(np.argmax(wrong))
        found = self.cells[column].iloc[first] or "nothing"
        dated = f" ({self.cells[DATE].iloc[first]})" if column != DATE else ""
        raise InputError(
            f"{self.path}, column '{column}', line {self.cells.index[first]}{dated}: found '{found}', expected "
            f"{expected}; {int(wrong.sum())} of {len(wrong)} rows are like that. {way_out}"
        )


def read_daily(
    path: str | Path,
    required: Sequence[str],
    optional: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    content: bytes | None = None,
) -> DailyTable:
    """Text of the wanted columns of a CSV.

    Lines of location before the header, a line of units below it, units in the header's parentheses and further
    blocks after an empty line, as Open-Meteo's export has them, are understood.

    Parameters
    ----------
    path : CSV in UTF-8, values separated by commas.
    required, optional : canonical names of columns; ``date`` is always required and ``place`` optional.
    columns : the file's name of a column, by its canonical name, where they differ.
    content : bytes of the CSV, where they are not in a file; ``path`` then only names them in messages.

    Raises
    ------
    InputError
        If the file is empty or no text, a required column is missing, or a row has another number of values than the
        header.
    """
    names = dict(columns or {})
    lines = _lines(path, Path(path).read_bytes() if content is None else content)
    place = _header_place(path, lines, required, names)
    header = [_split_unit(cell) for cell in lines[place][1]]
    found = _columns(path, [name for name, _ in header], [DATE, *required], [PLACE, *optional], names)
    units = {column: header[at][1] for column, at in found.items() if header[at][1]}
    body = []
    for number, cells in lines[place + 1 :]:
        if _split_unit(cells[found[DATE]] if len(cells) > found[DATE] else "")[0] == header[found[DATE]][0]:
            break  # the header of a further block
        if len(cells) != len(header):
            raise InputError(
                f"{path}, line {number}: found {len(cells)} values, expected {len(header)} as in the header. "
                "Write decimals with a point, and text with commas in quotation marks."
            )
        body.append((number, [cells[at].strip() for at in found.values()]))
    frame = pd.DataFrame([cells for _, cells in body], [number for number, _ in body], list(found), dtype=object)
    if len(frame) and _is_unit_line(frame.iloc[0]):
        units |= {column: text for column, text in frame.iloc[0].items() if text and column != DATE}
        frame = frame.iloc[1:]
    if frame.empty:
        raise InputError(f"{path}: there is no row below the header; expected one row per day. Add the data.")
    return DailyTable(str(path), frame, units, _locations(lines[:place]))


def numbers(table: DailyTable, column: str) -> pd.Series:
    """A column as float64, index as in the table; empty cells and ``null`` are NaN.

    Raises
    ------
    InputError
        If a cell is no finite number; the message names its line.
    """
    text = table.cells[column]
    empty = text.str.lower().isin(NULLS)
    values = pd.to_numeric(text.where(~empty), errors="coerce").astype("float64")
    way_out = "Write numbers with a point as decimal sign and no unit; leave the cell empty if there is no value."
    table.refuse(column, ~empty & ~np.isfinite(values), "a number", way_out)
    return values


def dates(table: DailyTable) -> tuple[pd.Series, bool]:
    """Days as datetime64, index as in the table, and whether they carry an offset from UTC.

    Raises
    ------
    InputError
        If a cell is no ISO date, or a time other than midnight: the days are shifted, or the table is not daily.
    """
    text = table.cells[DATE]
    parts = text.str.extract(r"^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::\d{2}(?:\.0+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$")
    days = pd.to_datetime(parts[0], format="%Y-%m-%d", errors="coerce")
    table.refuse(DATE, days.isna(), "a date such as 2024-03-21", "Write dates as YYYY-MM-DD, one in each row.")
    times = parts[1].fillna("00:00")
    shifted = times != "00:00"
    if shifted.any():
        table.refuse(DATE, shifted, "a date without time, or midnight", _timezone_advice(times, parts[2]))
    return days.rename(DATE), bool(parts[2].notna().any())


def _timezone_advice(times: pd.Series, offsets: pd.Series) -> str:
    clock = sorted(times.unique())
    minutes = [int(one[:2]) * 60 + int(one[3:]) for one in clock]
    spread = (max(minutes) - min(minutes)) if len(clock) > 1 else 0
    # summer time moves midnight by one hour, also across midnight itself
    if len(clock) > 2 or 60 < spread < 1380:
        return "The rows are hours, not days: ask Open-Meteo for daily variables, or take daily sums and means."
    first = minutes[0] if minutes[0] or len(minutes) == 1 else minutes[1]
    east = 1440 - first if first >= 600 else -first
    sign, east = ("+" if east > 0 else "−"), abs(east)
    written = "UTC" if offsets.isna().all() or offsets.isin(["Z", "+00:00", "+0000"]).all() else "another timezone"
    return (
        f"Midnight was written in {written}: the place keeps about UTC{sign}{east // 60:02d}:{east % 60:02d}, and "
        "every day would be joined with its neighbor. Ask Open-Meteo for that place's timezone (timezone=auto), or "
        "write local dates without time."
    )


def _lines(path: str | Path, content: bytes) -> list[tuple[int, list[str]]]:
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is no text in UTF-8 ({error}). Save it as CSV in UTF-8.") from error
    if not lines:
        raise InputError(f"{path} is empty; expected a header and one row per day.")
    return lines


def _header_place(path: str | Path, lines: list, required: Sequence[str], names: Mapping[str, str]) -> int:
    """The first line with a column of dates and a required one, else with a column of dates."""
    wanted = {names.get(column, column) for column in required}
    dated = {names[DATE]} if DATE in names else set(SYNONYMS[DATE])
    first = None
    for place, (_, cells) in enumerate(lines):
        here = {_split_unit(cell)[0] for cell in cells}
        if here & dated:
            if here & wanted:
                return place
            first = place if first is None else first
    if first is None:
        raise InputError(
            f"{path}: no line is a header with a column {_either(dated)}; the first line is "
            f"'{','.join(lines[0][1])[:120]}'. Separate values by commas, and name the column of dates in the settings."
        )
    return first


def _columns(
    path: str | Path, header: list[str], required: Sequence[str], optional: Sequence[str], names: Mapping[str, str]
) -> dict[str, int]:
    """Place in the header of every wanted column."""
    found = {}
    for column in [*required, *optional]:
        options = (names[column],) if column in names else SYNONYMS.get(column, (column,))
        here = [at for at, name in enumerate(header) if name in options]
        if len(here) > 1:
            raise InputError(
                f"{path}: {len(here)} columns are called {_either(options)}; expected one. Rename the others."
            )
        if here:
            found[column] = here[0]
        elif column in required or column in names:
            raise InputError(
                f"{path}: there is no column {_either(options)}; the file has {', '.join(header)}. Add the column, or "
                f"name it in the settings (columns: {column})."
            )
    return found


def _split_unit(cell: str) -> tuple[str, str]:
    name, _, unit = cell.strip().partition(" (")
    return name.strip(), unit.removesuffix(")").strip()


def _is_unit_line(cells: pd.Series) -> bool:
    """Whether the row contains units: no digits except 8601 in a date format."""
    others = cells.drop(labels=[DATE])
    texts = [cells[DATE].replace("8601", ""), *others]
    return not any(sign.isdigit() for text in texts for sign in text) and not others.str.lower().isin(NULLS).all()


def _locations(lines: list[tuple[int, list[str]]]) -> list[dict[str, str]]:
    """Lines below the first one that has a latitude, as mappings."""
    for place, (_, cells) in enumerate(lines):
        if "latitude" in cells:
            return [dict(zip(cells, row, strict=False)) for _, row in lines[place + 1 :] if len(row) == len(cells)]
    return []


def _either(names: Sequence[str] | set[str]) -> str:
    return " or ".join(f"'{name}'" for name in sorted(names))
