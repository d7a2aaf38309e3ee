"""Tables as CSV: tables of the workflow with names as text, and user tables with checks."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from climate_indicators.core.errors import InputError

# codes for missing numbers or dates; a place or an image may be named NA
MISSING = ["NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None"]
# common codes for missing values; real values are never exactly equal
GAPS = (-9999.0, -99999.0, -32768.0, 1e20)
WIDE = (b"\xff\xfe", b"\xfe\xff")  # how UTF-16 begins


def read_table(path: str | Path, **options: Any) -> pd.DataFrame:
    """Read a table that `climate_indicators.core.atomic_files.write_csv` wrote.

    Only empty cells are missing: a site or glacier may be called NULL or NA, which pandas takes for missing values.

    Parameters
    ----------
    path : of the CSV.
    options : of `pandas.read_csv`, such as ``dtype`` for names that look like numbers.
    """
    return pd.read_csv(path, **{"keep_default_na": False, "na_values": [""]} | options)


def read_user_table(path: str | Path, what: str, numbers: Iterable[str] = (), expected: str = "a row") -> pd.DataFrame:
    """Read a user's CSV as text; spaces around cells and column names are removed.

    Parameters
    ----------
    path : of the CSV, UTF-8, with commas and a header line.
    what : the table, for messages: "carbon table".
    numbers : columns of numbers or dates, in which NA, NaN, null and the like are missing. In all columns empty cells
        are missing.
    expected : what one row is, for messages.

    Returns
    -------
    Text, or NaN where nothing is given, index from 0 for the first row below the header.

    Raises
    ------
    InputError
        If the file cannot be read, is not in UTF-8, is empty, has no row below its header, is divided by other signs
        than commas, or has a column of ``numbers`` twice or a number in it that stands for a missing value (-9999); the
        message names it.
    """
    try:
        with open(path, "rb") as stream:
            if stream.read(2) in WIDE:
                raise InputError(f"{what} {path} is in UTF-16; expected UTF-8. Save it as CSV UTF-8 with commas.")
        with warnings.catch_warnings():
            # more cells than columns: pandas would drop the last ones, or take the first column for an index
            warnings.simplefilter("error", pd.errors.ParserWarning)
            options: dict[str, Any] = {"dtype": str, "encoding": "utf-8-sig", "skipinitialspace": True}
            header = pd.read_csv(path, header=None, nrows=1, keep_default_na=False, **options).iloc[0]
            _check_header([name.strip() for name in header], numbers, f"{what} {path}")
            table = pd.read_csv(path, index_col=False, keep_default_na=False, **options)
    except MemoryError as error:
        raise InputError(f"{what} {path} does not fit into the memory of this machine.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{what} {path} is no text in UTF-8 ({error.reason}). Save it as CSV UTF-8.") from error
    except pd.errors.EmptyDataError as error:
        raise InputError(f"{what} {path} is empty; expected a header line and {expected} below it.") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise InputError(
            f"{what} {path} cannot be read as a CSV ({' '.join(str(error).split())}). Save it with commas between "
            "columns, text with commas in double quotes, and a header line."
        ) from error
    except OSError as error:
        raise InputError(f"{what} {path} cannot be opened ({error.strerror or error}). Correct the path.") from error
    table.columns = [str(name).strip() for name in table.columns]
    if table.empty:
        names = ", ".join(table.columns)
        raise InputError(f"{what} {path} has no row below its header ({names}); expected {expected}. Add the data.")
    text = table.astype("object").map(lambda cell: cell.strip() if isinstance(cell, str) else "")
    missing = text == ""
    for column in set(numbers) & set(text):
        _refuse_gaps(text[column], f"{what} {path}")
        missing[column] |= text[column].isin(MISSING)
    return text.mask(missing, float("nan"))


def _check_header(names: Sequence[str], needed: Iterable[str], where: str) -> None:
    """Reject a header that is divided by other signs than commas, or has a needed name twice."""
    for sign, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and sign in names[0]:
            raise InputError(
                f"{where}: its columns are divided by {word} ({names[0]}); expected commas, and points in decimal "
                "numbers. Save it as CSV with commas (in spreadsheets: English format)."
            )
    twice = [name for name in dict.fromkeys(needed) if list(names).count(name) > 1]
    if twice:
        raise InputError(
            f"{where}: the column '{twice[0]}' is there {list(names).count(twice[0])} times. Rename or remove the "
            "other ones."
        )


def _refuse_gaps(cells: pd.Series, where: str) -> None:
    """Reject codes for missing values, which would be used as values."""
    found = cells.index[pd.to_numeric(cells, errors="coerce").isin(GAPS)]
    if len(found):
        raise InputError(
            f"{where}, column '{cells.name}', row {found[0] + 1}: found {cells[found[0]]}, a code for a missing "
            f"value in many tables; {len(found)} of {len(cells)} rows are like that. Leave the cells empty."
        )
