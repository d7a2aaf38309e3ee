"""Tables as CSV: names that pandas would take for missing values, and files of users that cannot be read."""

import re

import numpy as np
import pandas as pd
import pytest

from climate_indicators.carbon.images.dates import find_dates
from climate_indicators.carbon.series.comparison import read_ground_truth
from climate_indicators.carbon.series.series import read_series
from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import InputError
from climate_indicators.core.tables import read_table, read_user_table
from climate_indicators.snow.scenes.table import read_scene_list
from env_files import ROOT
from refusals import raises_naming

IDS = ["NULL", "NA", "null", "nan", "None", "n/a"]


def test_names_that_pandas_takes_for_missing_stay_and_numbers_stay_missing(tmp_path):
    """A glacier called NULL vanished from its table."""
    table = pd.DataFrame({"glacier_id": IDS, "area_km2": [1.5, np.nan, 2, 3, 4, 5], "flag": ["", *"abcde"]})
    write_csv(table, tmp_path / "areas.csv")
    found = read_table(tmp_path / "areas.csv")
    assert found["glacier_id"].tolist() == IDS
    assert found["area_km2"].dtype == "float64" and found["area_km2"].isna().tolist() == [False, True] + 4 * [False]
    assert found["flag"].isna().tolist() == [True] + 5 * [False]


def test_no_script_reads_a_table_in_which_names_may_vanish():
    calls = []
    for path in sorted(path for part in ("src", "scripts") for path in (ROOT / part).rglob("*.py")):
        for call in re.finditer(r"pd\.read_csv\((?:[^()]|\([^()]*\))*\)", path.read_text()):
            if "keep_default_na" not in call[0]:
                calls.append(f"{path.name}: {call[0]}")
    assert calls == []


def save(path, content):
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


BAD = {
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
    "another code": ("größe,b\n1,2\n".encode("latin-1"), "UTF-8"),
    "empty": ("", "empty"),
    "blank": ("\n\n", "empty"),
    "header alone": ("a,b\n", "(a, b)"),
    "one row of three cells": ("a,b\n1,2\n3,4,5\n", "line 3"),
    "rows of three cells": ("a,b\nx,1,5\ny,2,5\n", "CSV"),
    "an open quote": ('a,b\n"1,2\n', "CSV"),
}


@pytest.mark.parametrize(("content", "said"), BAD.values(), ids=BAD)
def test_table_of_a_user_that_cannot_be_read_is_named(tmp_path, content, said):
    path = save(tmp_path / "carbon.csv", content)
    with raises_naming(InputError, "carbon table", path, said):
        read_user_table(path, "carbon table")
    readers = [
        lambda: read_ground_truth(path, "a", "b"),
        lambda: find_dates(["x.png"], {"table": path, "image": "a", "date": "b"}),
        lambda: read_scene_list(path),
    ]
    for reader in readers:
        with pytest.raises(InputError, match=f"{path}"):
            reader()


def test_folder_or_missing_file_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere.csv"):
        with raises_naming(InputError, "carbon table", path):
            read_user_table(path, "carbon table")


def test_cells_are_text_without_blanks_and_only_numbers_may_be_called_missing(tmp_path):
    path = save(tmp_path / "a.csv", "\ufeffimage , carbon,date\n 007 , NA ,2019-03\nNA,1.5, \nNULL,n/a,null\n")
    table = read_user_table(path, "carbon table", ["carbon", "date", "other"])
    assert table.columns.tolist() == ["image", "carbon", "date"]
    assert table["image"].tolist() == ["007", "NA", "NULL"]
    assert table["carbon"].isna().tolist() == [True, False, True]
    assert table["date"].isna().tolist() == [False, True, True]
    series = read_series(table, "carbon", None)
    assert series.values.tolist() == [1.5] and series.n_excluded == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("image;date;carbon\na;2019-03-01;1,5\n", ("semicolons", "image;date;carbon")),
        ("sep=;\nimage;date;carbon\na;2019-03-01;1,5\n", ("semicolons",)),
        ("image\tdate\tcarbon\na\t2019-03-01\t1.5\n", ("tabs",)),
        ("image,carbon, carbon\na,1,100\n", ("'carbon'", "2 times")),
        ("image,carbon,carbon \na,1,100\n", ("'carbon'", "2 times")),
        ("image,carbon\na,1\nb,-9999\nc,-9999.0\n", ("'carbon'", "row 2", "2 of 3")),
    ],
)
def test_tables_that_look_good_and_are_not_are_refused(tmp_path, text, words):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read_user_table(path, "carbon table", ["carbon", None])
    assert all(word in str(error.value) for word in (str(path), *words)), str(error.value)


def test_a_column_that_is_not_asked_for_may_be_there_twice(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("image,note,note,carbon\na,-9999,y,1\n")
    assert read_user_table(path, "carbon table", ["carbon"]).carbon.tolist() == ["1"]
