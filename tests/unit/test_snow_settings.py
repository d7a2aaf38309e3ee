"""Settings of the snow study that do not go together."""

from pathlib import Path

import pytest

from climate_indicators.settings import SettingsError, check

SCHEMA = Path(__file__).resolve().parents[2] / "config" / "schema.yaml"


def study(**site):
    return {"snow": {"sites": {"alp": site}}}


def test_settings_that_go_together_pass():
    assert check(study(source="table", table="a.csv", columns={"snow_fraction": "share"}), SCHEMA)
    climate = check(study(source="series", snow="snow.csv", weather="weather.csv"), SCHEMA)["snow"]["climate"]
    assert climate["lags_days"] == [7, 30] and climate["variables"][0] == "temperature_2m_max"


@pytest.mark.parametrize(
    ("site", "words"),
    [
        ({"source": "table"}, "snow.sites.alp.table: missing; source: table needs it"),
        ({"source": "series", "snow": "a.csv"}, "snow.sites.alp.weather: missing; source: series needs it"),
        (
            {"source": "table", "table": "a.csv", "weather": "b.csv"},
            "snow.sites.alp.weather: has no effect with source: table; remove it, or set source: series",
        ),
        (
            {"source": "table", "table": "a.csv", "columns": {"snow_pixels": "n"}},
            "snow.sites.alp.columns.snow_pixels: no such column is used; those that are: date, place,",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_named(site, words):
    with pytest.raises(SettingsError) as error:
        check(study(**site), SCHEMA)
    assert words in str(error.value)
