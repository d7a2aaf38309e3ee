"""Marks of input files: other content gives another mark, another folder or a copy does not."""

import os
import shutil

import pytest

from climate_indicators.workflow_tools import input_marks
from climate_indicators.workflow_tools.input_marks import MAX_READ_BYTES, SHOWN, SMALL_BYTES


def marks(*paths):
    """Marks as a later run of the workflow sees them."""
    input_marks._size.cache_clear()
    input_marks._mark.cache_clear()
    return input_marks.marks(map(str, paths))


def written(path, size, byte=b"a", time=1_600_000_000):
    path.write_bytes(byte * size)
    os.utime(path, (time, time))
    return path


def test_small_files_are_told_apart_by_content_whatever_their_dates(tmp_path):
    path = written(tmp_path / "aoi.gpkg", 1000)
    first = marks(path)
    assert first[0].startswith("aoi.gpkg 1000 bytes ") and len(first) == 1
    assert marks(written(path, 1000, time=1_700_000_000)) == first  # touched
    assert marks(written(path, 1000, time=1_500_000_000)) == first  # as old as before the outputs
    assert marks(written(path, 1000, b"b")) != first  # same size and date
    assert marks(written(path, 1001)) != first


def test_large_files_are_told_apart_by_size_and_date(tmp_path):
    path = written(tmp_path / "tile.tif", SMALL_BYTES + 1)
    first = marks(path)
    assert marks(written(path, SMALL_BYTES + 1, b"b", time=1_500_000_000)) != first  # an older file in its place
    assert marks(written(path, SMALL_BYTES + 2)) != first
    os.utime(path, (1_600_000_000, 1_600_000_000.4))  # file systems keep different fractions of a second
    assert marks(written(path, SMALL_BYTES + 1)) == first


def test_a_copy_in_another_folder_has_the_same_marks(tmp_path):
    small, large = written(tmp_path / "a.csv", 10), written(tmp_path / "b.tif", SMALL_BYTES + 1)
    (tmp_path / "copy").mkdir()
    copies = [shutil.copy2(path, tmp_path / "copy") for path in (small, large)]
    assert marks(small, large) == marks(*reversed(copies))


def test_files_that_a_shapefile_is_read_with_count(tmp_path):
    path = written(tmp_path / "rgi.shp", 10)
    written(tmp_path / "rgi.dbf", 10)
    first = marks(path)
    written(tmp_path / "rgi.dbf", 10, b"b")
    assert marks(path) != first
    written(tmp_path / "rgi.aux.xml", 5)  # a viewer's notes are no input
    assert len(marks(path)) == 2


def test_folders_count_with_all_that_is_in_them(tmp_path):
    (tmp_path / "model" / "inner").mkdir(parents=True)
    written(tmp_path / "model" / "config.json", 10)
    written(tmp_path / "model" / "inner" / "weights.h5", 20)
    first = marks(tmp_path / "model")
    assert len(first) == 2
    written(tmp_path / "model" / "inner" / "weights.h5", 20, b"b")
    assert marks(tmp_path / "model") != first


def test_many_files_have_one_line(tmp_path):
    paths = [written(tmp_path / f"{number}.jpg", 10) for number in range(SHOWN + 1)]
    (first,) = marks(*paths)
    assert first.startswith(f"{SHOWN + 1} files ")
    written(paths[3], 10, b"b")
    assert marks(*paths) != [first]
    assert len(marks(*paths[:SHOWN])) == SHOWN


def test_of_many_large_photographs_not_all_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(input_marks, "MAX_READ_BYTES", 25)
    paths = [written(tmp_path / f"{number}.jpg", 10) for number in range(3)]
    few, many = marks(*paths[:2]), marks(*paths)
    written(paths[0], 10, b"b")
    assert marks(*paths[:2]) != few and marks(*paths) == many
    written(paths[0], 10, b"b", time=1_500_000_000)
    assert marks(*paths) != many
    assert MAX_READ_BYTES > SMALL_BYTES


def test_a_missing_file_is_left_for_snakemake_to_name(tmp_path):
    assert marks(tmp_path / "none.tif") == ["none.tif missing"]


@pytest.mark.parametrize("count", [0, 1])
def test_what_is_named_twice_counts_once(tmp_path, count):
    path = written(tmp_path / "a.csv", 10)
    assert marks(*[path] * (2 * count)) == marks(*[path] * count)
