"""Sensors, years and files of a site's scenes, asked before any job."""

import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.snow.scenes.years import scene_years

ROWS = [
    "radar,s1/a.tif,2019-06-12,",
    "optical,s2/a.tif,2019-06-12,clouds/a.tif",
    "optical,s2/b.tif,2020-06-12,clouds/b.tif",
]


def table(folder, rows):
    path = folder / "scenes.csv"
    path.write_text("\n".join(["sensor,path,date,cloud_mask", *rows]) + "\n")
    return str(path)


def test_years_and_files_of_a_table(tmp_path):
    assert scene_years(table(tmp_path, ROWS)) == [
        ("radar", "2019", [f"{tmp_path}/s1/a.tif"]),
        ("optical", "2019", [f"{tmp_path}/s2/a.tif", f"{tmp_path}/clouds/a.tif"]),
        ("optical", "2020", [f"{tmp_path}/s2/b.tif", f"{tmp_path}/clouds/b.tif"]),
    ]


@pytest.mark.parametrize(
    ("row", "change", "place", "other"),
    [
        (2, ("s2/b.tif", "s2/a.tif"), "line 4, column path", "line 3, column path"),  # one scene on two dates
        (1, ("s2/a.tif", "s1/a.tif"), "line 3, column path", "line 2, column path"),  # radar and optical
        (2, ("clouds/b", "s2/b"), "line 4, column cloud_mask", "line 4, column path"),  # its own cloud mask
        (2, ("clouds/b", "./clouds/../clouds/a"), "line 4, column cloud_mask", "line 3, column cloud_mask"),
    ],
)
def test_a_file_has_one_role_in_a_table(tmp_path, row, change, place, other):
    rows = list(ROWS)
    rows[row] = rows[row].replace(*change)
    path = table(tmp_path, rows)
    with pytest.raises(InputError) as caught:
        scene_years(path)
    assert str(caught.value).startswith(f"{path}, {place}: found ") and f"which {path}, {other} names" in str(
        caught.value
    )
