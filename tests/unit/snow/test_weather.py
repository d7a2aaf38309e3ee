"""Weather files of the snow study: what is read, refused by name, warned about, and joined with snow."""

import numpy as np
import pandas as pd
import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.snow.climate.lagged_weather import label_unit, lagged_means, read_joined, read_snow_and_weather
from climate_indicators.snow.climate.weather import read_weather, weather_summary
from refusals import raises_naming
from snow_weather_files import PUBLISHED, UNITS, VARIABLES, daily_weather, export, needs_published, write

TMAX, TMIN, WATER, SNOWFALL, HUMIDITY = VARIABLES


def checks(findings):
    return {one["check"]: one["count"] for one in findings}


def spoil(tmp_path, column, value, row=40):
    table = daily_weather(1).astype({column: object})
    table.loc[row, column] = value
    return write(table, tmp_path / "weather.csv")


def test_export_and_plain_form_hold_the_same(tmp_path):
    table = daily_weather(1)
    plain = read_weather(write(table, tmp_path / "plain.csv"), VARIABLES)
    exported = read_weather(export(table, tmp_path / "export.csv"), VARIABLES)
    pd.testing.assert_frame_equal(plain[0], exported[0])
    assert plain[1] == exported[1] == []
    np.testing.assert_array_equal(plain[0][TMAX], table[TMAX])
    unit_line = (tmp_path / "plain.csv").read_text().split("\n", 1)
    (tmp_path / "units.csv").write_text(f"{unit_line[0]}\niso8601,°C,°C,mm,cm,%\n{unit_line[1]}", encoding="utf-8")
    pd.testing.assert_frame_equal(read_weather(tmp_path / "units.csv", VARIABLES)[0], plain[0])


def test_hourly_block_before_the_daily_one_is_passed_over(tmp_path):
    table = daily_weather(1)
    text = export(table, tmp_path / "export.csv").read_text(encoding="utf-8")
    head, body = text.split("\n\n")
    hourly = "time,temperature_2m (°C)\n2010-01-01T00:00,1.0\n2010-01-01T01:00,2.0"
    (tmp_path / "both.csv").write_text(f"{head}\n\n{hourly}\n\n{body}", encoding="utf-8")
    assert len(read_weather(tmp_path / "both.csv", VARIABLES)[0]) == len(table)
    (tmp_path / "turned.csv").write_text(f"{head}\n\n{body}\n{hourly}\n", encoding="utf-8")
    assert len(read_weather(tmp_path / "turned.csv", VARIABLES)[0]) == len(table)


@pytest.mark.parametrize(("column", "unit", "words"), [
    (WATER, "inch", "precipitation_unit=mm"), (SNOWFALL, "inch", "expected cm"),
    (TMAX, "°F", "temperature_unit=celsius"), (TMIN, "F", "expected °C"),
])  # fmt: skip
def test_units_in_the_header_are_refused_by_name(tmp_path, column, unit, words):
    path = export(daily_weather(1), tmp_path / "export.csv", UNITS | {column: unit})
    with raises_naming(InputError, "export.csv", f"'{column}'", f"'{unit}'", words):
        read_weather(path, VARIABLES)


def test_fahrenheit_and_inches_without_a_unit_are_found_by_the_values(tmp_path):
    table = daily_weather(2)
    hot = table.assign(**{name: table[name] * 1.8 + 32 for name in (TMAX, TMIN)})
    with raises_naming(InputError, "hot.csv", "°"):
        read_weather(write(hot, tmp_path / "hot.csv"), VARIABLES)
    inches = table.assign(**{WATER: table[WATER] / 25.4, SNOWFALL: table[SNOWFALL] / 2.54})
    with raises_naming(InputError, "inches.csv"):
        read_weather(write(inches, tmp_path / "inches.csv"), VARIABLES)


@pytest.mark.parametrize(("column", "value", "names"), [
    (TMAX, "warm", ["line 42", "'warm'"]),
    (WATER, "1;5", ["line 42", "1;5"]),
    (TMAX, "inf", ["inf"]),
    (WATER, -0.5, ["line 42", "0 to 2000 mm"]),
    (HUMIDITY, 104, ["0 to 100 %"]),
    (HUMIDITY, -1, ["0 to 100 %"]),
    (TMIN, 45, ["temperature_2m_max"]),
    (TMAX, 71, ["-95 to 60 °C", "celsius"]),
])  # fmt: skip
def test_bad_values_are_refused_by_column_and_line(tmp_path, column, value, names):
    with raises_naming(InputError, "weather.csv", column, *names):
        read_weather(spoil(tmp_path, column, value), VARIABLES)


def test_decimal_commas_are_refused(tmp_path):
    path = tmp_path / "commas.csv"
    path.write_text(f"time,{TMAX}\n2010-01-01,1.5\n2010-01-02,1,5\n")
    with raises_naming(InputError, "line 3", "3 values", "2"):
        read_weather(path, [TMAX])


@pytest.mark.parametrize(("form", "words"), [
    ("%Y-%m-%dT18:15", "UTC+05:45"), ("%Y-%m-%d 23:00:00", "UTC+01:00"), ("%Y-%m-%dT22:00:00Z", "UTC+02:00"),
    ("%Y-%m-%dT05:00:00+00:00", "UTC−05:00"), ("%d.%m.%Y", "2024-03-21"),
])  # fmt: skip
def test_shifted_dates_are_refused_with_the_timezone_to_ask_for(tmp_path, form, words):
    path = write(daily_weather(1), tmp_path / "shifted.csv", form)
    with raises_naming(InputError, "shifted.csv", "'date'", "line 2", words):
        read_weather(path, VARIABLES)


def test_summer_time_and_hours_are_told_apart(tmp_path):
    table = daily_weather(1)
    times = np.where((table["time"].dt.month > 3) & (table["time"].dt.month < 11), "T22:00", "T23:00")
    table.assign(time=table["time"].dt.strftime("%Y-%m-%d") + times).to_csv(tmp_path / "summer.csv", index=False)
    with pytest.raises(InputError, match="timezone=auto"):
        read_weather(tmp_path / "summer.csv", VARIABLES)
    hours = table.assign(time=pd.date_range("2010-01-01", periods=len(table), freq="h"))
    with raises_naming(InputError, "hours"):
        read_weather(write(hours, tmp_path / "hours.csv", "%Y-%m-%dT%H:%M"), VARIABLES)


def test_days_of_another_timezone_are_warned_about(tmp_path):
    table = daily_weather(1)
    far = export(table, tmp_path / "far.csv", offset=0, zone="GMT")
    (message,) = [one["message"] for one in read_weather(far, VARIABLES)[1]]
    assert "86.8° with GMT (UTC+0 h)" in message and "timezone=auto" in message
    utc = write(table, tmp_path / "utc.csv", "%Y-%m-%d 00:00:00+00:00")
    assert checks(read_weather(utc, VARIABLES)[1]) == {"timezone": len(table)}


def test_missing_days_and_empty_cells_are_counted_and_stay_empty(tmp_path):
    table = daily_weather(1)
    table.loc[5, WATER] = np.nan
    path = export(table.drop(index=range(100, 107)), tmp_path / "gaps.csv")
    path.write_text(path.read_text(encoding="utf-8").replace("NaN", "null"), encoding="utf-8")
    found, findings = read_weather(path, VARIABLES)
    assert checks(findings) == {"missing days": 7, "empty values": 1}
    assert np.isnan(found.loc[5, WATER]) and found[WATER].isna().sum() == 1
    assert "the first is 2010-04-11" in findings[0]["message"]


def test_repeated_rows_are_dropped_and_different_ones_kept(tmp_path):
    table = daily_weather(1)
    twice = pd.concat([table, table.iloc[[3, 4]]])
    found, findings = read_weather(write(twice, tmp_path / "twice.csv"), VARIABLES)
    assert len(found) == len(table) and checks(findings) == {"repeated rows": 2}
    joined = twice.assign(snow_pixels=1000).reset_index(drop=True)
    joined.loc[len(joined) - 1, HUMIDITY] += 0.01
    data = read_joined(write(joined, tmp_path / "joined.csv"), "snow_pixels", VARIABLES)
    assert checks(data.findings)["pooled places"] == 1 and checks(data.findings)["repeated rows"] == 1
    assert len(data.table) == len(table) + 1


@pytest.mark.parametrize(("text", "names"), [
    ("", ["empty"]), ("a,b\n1,2\n", ["'date'", "'time'"]),
    (f"time,{TMIN}\n2010-01-01,1\n", [f"'{TMAX}'", f"time, {TMIN}"]),
    (f"time,{TMAX}\n", ["header"]), (f"time,{TMAX},{TMAX}\n2010-01-01,1,2\n", ["2 columns"]),
])  # fmt: skip
def test_files_without_what_is_needed_are_refused(tmp_path, text, names):
    (tmp_path / "bad.csv").write_text(text)
    with raises_naming(InputError, "bad.csv", *names):
        read_weather(tmp_path / "bad.csv", [TMAX])


def test_snow_is_joined_by_date_and_place(tmp_path):
    near, far = daily_weather(1, seed=1), daily_weather(1, seed=2)
    both = pd.concat([near.assign(place="near"), far.assign(place="far")])
    weather = write(both, tmp_path / "weather.csv")
    snow = pd.DataFrame({
        "date": ["2010-02-10", "2010-02-10", "2010-05-01", "2031-01-01"], "place": ["near", "far", "far", "far"],
        "snow_pixels": [5, 7, 9, 1], "snow_area_km2": [0.5, 0.7, 0.9, 0.1], "snow_fraction": [0.05, 0.07, 0.09, 0.01],
    })  # fmt: skip
    snow.to_csv(tmp_path / "snow.csv", index=False)
    data = read_snow_and_weather(tmp_path / "snow.csv", weather, "snow_area_km2", VARIABLES, lags=[7])
    assert checks(data.findings)["snow without weather"] == 1 and "pooled places" not in checks(data.findings)
    table = data.table.set_index(["date", "place"])
    assert table.loc[("2010-02-10", "far"), TMAX].item() == far.loc[40, TMAX]
    assert table.loc[("2010-02-10", "near"), f"{TMAX}_mean_7d"].item() == pytest.approx(near.loc[34:40, TMAX].mean())
    snow.drop(columns="place").to_csv(tmp_path / "nowhere.csv", index=False)
    with raises_naming(InputError, "far, near", "nowhere.csv", "'place'"):
        read_snow_and_weather(tmp_path / "nowhere.csv", weather, "snow_pixels", VARIABLES)
    snow.assign(date="1990-01-01", snow_pixels=range(4)).to_csv(tmp_path / "early.csv", index=False)
    with raises_naming(InputError, "early.csv"):
        read_snow_and_weather(tmp_path / "early.csv", weather, "snow_pixels", VARIABLES)
    snow.assign(snow_fraction=1.2).to_csv(tmp_path / "much.csv", index=False)
    with raises_naming(InputError, "much.csv"):
        read_snow_and_weather(tmp_path / "much.csv", weather, "snow_pixels", VARIABLES)


def test_lagged_means_need_most_of_their_days():
    weather = pd.DataFrame({"date": pd.date_range("2010-01-01", periods=20), TMAX: np.arange(20.0)})
    means = lagged_means(weather, [TMAX], 5)[f"{TMAX}_mean_5d"]
    assert means.isna().sum() == 3 and means[3] == 1.5 and means[10] == 8
    gaps = lagged_means(weather.drop(index=[9, 10]), [TMAX], 5).set_index("date")[f"{TMAX}_mean_5d"]
    assert np.isnan(gaps["2010-01-12"]) and gaps["2010-01-15"] == np.mean([11, 12, 13, 14])
    assert label_unit(f"{HUMIDITY}_mean_30d") == ("relative humidity, mean of 30 days", "%")


@needs_published
def test_the_published_table_and_its_pooled_places():
    data = read_joined(PUBLISHED, "snow_pixels", VARIABLES, {"snow_pixels": "snow_pixel_count"}, [7, 30])
    assert len(data.table) == 895 and data.table["date"].nunique() == 479
    pooled = next(one for one in data.findings if one["check"] == "pooled places")
    assert pooled["severity"] == "warning" and "temperature_2m_max differs on 254 dates" in pooled["message"]
    assert "At least 3 places" in pooled["message"]
    assert data.table[f"{TMAX}_mean_7d"].isna().all() and checks(data.findings)["lag of 7 days"] == 895


def test_what_clouds_hide_is_said_with_the_series(tmp_path):
    """The climate part warns where bounds of the snow cover are wide, and where only seen pixels are counted."""
    weather = write(daily_weather(1), tmp_path / "weather.csv")
    dates = daily_weather(1)["time"].iloc[::10]
    snow = pd.DataFrame({"date": dates.dt.strftime("%Y-%m-%d"), "snow_fraction": 0.4, "snow_pixels": 40})
    snow = snow.assign(valid_fraction=0.8, snow_lower=0.38, snow_upper=0.42)

    def found(table, measure="snow_fraction"):
        table.to_csv(tmp_path / "snow.csv", index=False)
        findings = read_snow_and_weather(tmp_path / "snow.csv", weather, measure, VARIABLES).findings
        return [(row["severity"], row["message"]) for row in findings if row["check"] == "snow under clouds"]

    ((severity, message),) = found(snow)
    assert severity == "info" and "20 % of the area is unseen" in message and "4 points apart" in message
    ((severity, message),) = found(snow.assign(snow_upper=0.6))
    assert severity == "warning" and "22 points apart" in message
    ((severity, message),) = found(snow, "snow_pixels")
    assert severity == "warning" and "Analyze snow_fraction" in message
    assert found(snow.assign(valid_fraction=1.0)) == found(snow[["date", "snow_fraction"]]) == []


def test_the_summary_counts_days_and_gaps_and_refuses_weather_of_other_years(tmp_path):
    table = daily_weather(1)
    table.loc[3:7, WATER] = np.nan
    path = write(table, tmp_path / "weather.csv")
    weather, _ = read_weather(path, VARIABLES)
    days = weather["date"].iloc[[5, 90]] + pd.Timedelta(hours=10)
    summary = weather_summary(weather, VARIABLES, days, path).set_index("variable")
    assert (summary.n_days == len(table)).all()
    assert summary.n_missing.to_dict() == dict.fromkeys(VARIABLES, 0) | {WATER: 5}
    assert summary.loc[TMAX, "maximum"] == pytest.approx(table[TMAX].max()) and summary.loc[TMAX, "unit"] == "°C"
    later = days + pd.Timedelta(days=4000)
    with raises_naming(InputError, "weather.csv", "scenes"):
        weather_summary(weather, VARIABLES, later, path)
