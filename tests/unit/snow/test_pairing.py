"""Pairs of radar and optical scenes, and the regime of a date."""

import numpy as np
import pandas as pd
import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.core.hydrological_year import hydro_years, season_names
from climate_indicators.snow.climate.snow_wetness import read_temperature, regime_of_dates
from climate_indicators.snow.scenes.pairing import pair_scenes, scene_path
from climate_indicators.snow.scenes.table import read_scenes
from refusals import raises_naming


def scenes(*rows):
    """Rows such as ("radar", "2019-03-01", "48") as a table of scenes."""
    table = pd.DataFrame([(*row, "")[:3] for row in rows], columns=["sensor", "date", "orbit"])
    plain = table["date"].str.replace("-", "")
    table["scene"] = np.where(table["sensor"] == "radar", plain + "_o" + table["orbit"], plain)
    return table.assign(date=pd.to_datetime(table["date"]), year=table["date"].str[:4])


def pairs_of(table, max_days=3):
    pairs, alone = pair_scenes(table, max_days)
    return list(zip(pairs["radar"], pairs["optical"], pairs["days_apart"], strict=True)), alone["scene"].tolist()


def test_a_radar_scene_takes_the_nearest_optical_scene():
    table = scenes(("radar", "2019-03-10", "48"), ("optical", "2019-03-08"), ("optical", "2019-03-11"))
    assert pairs_of(table) == ([("20190310_o48", "20190311", 1)], ["20190308"])


def test_of_two_equally_near_the_earlier_is_taken():
    table = scenes(("radar", "2019-03-10", "48"), ("optical", "2019-03-12"), ("optical", "2019-03-08"))
    assert pairs_of(table)[0] == [("20190310_o48", "20190308", -2)]


def test_an_optical_scene_serves_each_orbit_once_and_the_nearest_scene_of_it():
    table = scenes(
        ("optical", "2019-03-10"),
        ("radar", "2019-03-08", "48"),
        ("radar", "2019-03-11", "48"),
        ("radar", "2019-03-12", "121"),
    )
    pairs, alone = pairs_of(table)
    assert pairs == [("20190311_o48", "20190310", -1), ("20190312_o121", "20190310", -2)]
    assert alone == ["20190308_o48"]


def test_the_limit_of_days_is_kept_to_the_day():
    table = scenes(("radar", "2019-03-10", "48"), ("optical", "2019-03-13"), ("radar", "2019-05-10", "48"))
    assert pairs_of(table, 3)[0] == [("20190310_o48", "20190313", 3)]
    _, alone = pair_scenes(table, 3)
    assert alone.set_index("scene")["days_apart"].to_dict() == {"20190510_o48": 58}
    with raises_naming(InputError, "2 days", "2 radar and 1 optical", "3 days", "snow.pairs.max_days"):
        pair_scenes(table, 2)


def test_no_scene_of_one_kind_is_refused():
    with raises_naming(InputError, "0 optical", "snow.pairs.max_days"):
        pair_scenes(scenes(("radar", "2019-03-10", "48")), 3)


def test_a_pair_has_one_orbit_and_names_its_season_and_year():
    rng = np.random.default_rng(0)
    days = pd.Timestamp("2018-08-01") + pd.to_timedelta(rng.choice(400, 120, replace=False), "D")
    radar = [("radar", f"{day:%Y-%m-%d}", orbit) for day, orbit in zip(days[:70], ["48", "121"] * 35, strict=True)]
    table = scenes(*radar, *[("optical", f"{day:%Y-%m-%d}") for day in days[70:]])
    pairs, alone = pair_scenes(table, 4)
    assert len(pairs) > 20 and pairs["radar"].is_unique
    assert (pairs["radar"].str.split("_o").str[1] == pairs["orbit"]).all()
    assert not pairs.duplicated(["optical", "orbit"]).any() and pairs.duplicated("optical").any()
    assert (pairs["days_apart"].abs() <= 4).all()
    assert sorted([*pairs["radar"], *set(pairs["optical"]), *alone["scene"]]) == sorted(table["scene"])
    october = pairs[pairs["date"].dt.month == 10].iloc[0]
    assert october["season"] == "SON" and october["hydro_year"] == october["date"].year + 1


def test_seasons_and_hydrological_years():
    dates = pd.Series(pd.to_datetime(["2018-12-31", "2019-03-01", "2019-08-31", "2019-09-30", "2019-10-01"]))
    assert season_names(dates).tolist() == ["DJF", "MAM", "JJA", "SON", "SON"]
    assert hydro_years(dates).tolist() == [2019, 2019, 2019, 2019, 2020]
    assert hydro_years(dates, 1).tolist() == dates.dt.year.tolist()


def test_the_table_of_scenes_keeps_names_as_text(tmp_path):
    (tmp_path / "scenes.csv").write_text(
        "scene,sensor,path,date,year,orbit,cloud_mask\n"
        "20190310_o048,radar,a.tif,2019-03-10,2019,048,\n20190311,optical,b.tif,2019-03-11,2019,,\n"
    )
    table = read_scenes(tmp_path / "scenes.csv")
    assert table["scene"].tolist() == ["20190310_o048", "20190311"]
    assert table["orbit"].tolist() == ["048", ""] and table["year"].tolist() == ["2019", "2019"]


def test_a_scene_is_looked_up_in_the_folder_of_its_year(tmp_path):
    for year in ("2018", "2019"):
        (tmp_path / year).mkdir()
    (tmp_path / "2019" / "a.tif").touch()
    folders = [tmp_path / "2018", tmp_path / "2019"]
    assert scene_path(folders, 2019, "a") == tmp_path / "2019" / "a.tif"
    with raises_naming(FileNotFoundError, "a.tif", "2018"):
        scene_path(folders, "2018", "a")


def weather(values, start="2019-04-01"):
    return pd.DataFrame({"date": pd.date_range(start, periods=len(values)), "temperature_2m_max": values})


def test_the_regime_follows_from_the_date_and_the_two_days_before():
    dates = ["2019-04-03", "2019-04-04", "2019-04-05", "2019-04-06"]
    table = weather([0.0, 0, 14.9, 0.1, 0, 0])
    # means of three days: 4.97, 5.0, 5.0, 0.03
    assert regime_of_dates(dates, table) == ["dry", "wet", "wet", "dry"]
    assert regime_of_dates(dates, table, wet_above_c=4.9)[0] == "wet"


def test_a_regime_is_unknown_without_weather_and_uses_what_there_is():
    table = weather([np.nan, 9.0, np.nan, np.nan, np.nan])
    assert regime_of_dates(["2019-04-04", "2019-04-05", "2019-05-30"], table) == ["wet", "unknown", "unknown"]
    assert regime_of_dates(["2019-04-04"], None) == ["unknown"]
    two_places = pd.concat([weather([0.0]), weather([12.0])])
    assert regime_of_dates(["2019-04-01"], two_places) == ["wet"]


def test_temperature_is_read_through_the_checks_of_weather(tmp_path):
    lines = ["date,temperature_2m_max (°C)", "2019-04-01,3.5", "2019-04-02,7"]
    (tmp_path / "weather.csv").write_text("\n".join(lines) + "\n")
    assert read_temperature(tmp_path / "weather.csv")["temperature_2m_max"].tolist() == [3.5, 7.0]
    (tmp_path / "weather.csv").write_text("\n".join([lines[0], "2019-04-01,warm"]) + "\n")
    with pytest.raises(InputError, match="warm"):
        read_temperature(tmp_path / "weather.csv")
