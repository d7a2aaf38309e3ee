"""Tables as CSV: those of the workflow, whose names of things stay text, and those of users, checked and named."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from climate_indicators.logs import InputError

# what stands for a missing number or date; a place or an image may be called NA
MISSING = ["NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None"]
WIDE = (b"\xff\xfe", b"\xfe\xff")  # how UTF-16 begins


def read_table(path: str | Path, **options: Any) -> pd.DataFrame:
    """Read a table that `climate_indicators.files.write_csv` wrote.

    Only empty cells are missing: a site or glacier may be called NULL or NA, which pandas takes for missing values.

    Parameters
    ----------
    path : of the CSV.
    options : of `pandas.read_csv`, such as ``dtype`` for names that look like numbers.
    """
    return pd.read_csv(path, **{"keep_default_na": False, "na_values": [""]} | options)


def read_user_table(path: str | Path, what: str, numbers: Iterable[str] = (), expected: str = "a row") -> pd.DataFrame:
    """Read a user's CSV as text; blanks around cells and names of columns are taken off.

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
        If the file cannot be read, is not in UTF-8, is empty, or has no row below its header; the message names it.
    """
    try:
        with open(path, "rb") as stream:
            if stream.read(2) in WIDE:
                raise InputError(f"{what} {path} is in UTF-16; expected UTF-8. Save it as CSV UTF-8 with commas.")
        with warnings.catch_warnings():
            # more cells than columns: pandas would drop the last ones, or take the first column for an index
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path, dtype=str, encoding="utf-8-sig", skipinitialspace=True, index_col=False, keep_default_na=False
            )
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
        missing[column] |= text[column].isin(MISSING)
    return text.mask(missing, float("nan"))
