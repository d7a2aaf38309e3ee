"""The climate part of the snow study on a series with a planted warming and a planted relation, through the rules."""

import numpy as np
import pandas as pd
import pytest

from runs import jobs_of, run
from snow_weather_files import daily_weather, write

pytestmark = pytest.mark.slow
# °C per decade; km² of snow per °C of the day's highest temperature
WARMING, SLOPE = 1.5, -0.8
YEARS = 14
VARIABLES = ["temperature_2m_max", "precipitation_sum"]
RESULTS = {
    "snow_weather.csv", "weather.csv", "weather_checks.csv", "snow_series.png", "season_years.csv",
    "season_trends.csv", "snow_seasons.png", "regressions.csv", "multiple_regression.csv", "regressions.png",
    "partial_regressions.png", "conclusions.csv",
}  # fmt: skip


def series(folder, weather):
    """Snow of every sixth day that follows the day's weather, with noise that has a memory, as a CSV in ``folder``."""
    rng = np.random.default_rng(4)
    days = weather.iloc[::6]
    noise = np.zeros(len(days))
    steps = rng.normal(0, 1.5, len(days))
    for day in range(1, len(days)):
        noise[day] = 0.5 * noise[day - 1] + steps[day]
    area = 40 + SLOPE * days.temperature_2m_max + noise
    assert (area > 0).all()
    dates = days.time.dt.strftime("%Y-%m-%d")
    pd.DataFrame({"date": dates, "snow_area_km2": area.round(3)}).to_csv(folder / "snow.csv", index=False)


def study(*weathers, **climate):
    """Configuration of a site for each file of weather, named as the file."""
    site = {"source": "series", "snow": "snow.csv", "measure": "snow_area_km2"}
    sites = {name: site | {"weather": f"{name}.csv"} for name in weathers}
    return {"snow": {"sites": sites, "climate": {"variables": VARIABLES} | climate}}


@pytest.fixture(scope="module")
def finished_series(tmp_path_factory):
    """Folder of a finished run; tests only read it."""
    folder = tmp_path_factory.mktemp("snow")
    weather = daily_weather(YEARS, WARMING, seed=5)
    write(weather, folder / "weather.csv")
    series(folder, weather)
    text, passed = run(folder, study("weather"))
    assert passed, text
    return folder


def table(folder, name):
    return pd.read_csv(folder / f"results/snow/weather/{name}.csv")


def test_a_run_makes_every_result_and_a_second_one_has_nothing_to_do(finished_series):
    assert {path.name for path in (finished_series / "results/snow/weather").iterdir()} == RESULTS
    text, passed = run(finished_series, study("weather"))
    assert passed and "Nothing to be done" in text, text


def test_snow_and_weather_are_joined_by_day(finished_series):
    joined = table(finished_series, "snow_weather").set_index("date")
    weather = table(finished_series, "weather").set_index("date")
    assert len(joined) == -(-len(weather) // 6) and joined.index.isin(weather.index).all()
    np.testing.assert_allclose(joined.temperature_2m_max, weather.temperature_2m_max[joined.index])
    day = joined.index[10]
    week = weather.temperature_2m_max.loc[:day].iloc[-7:].mean()
    np.testing.assert_allclose(joined.temperature_2m_max_mean_7d[day], week, rtol=1e-6)


def test_the_planted_warming_is_in_its_intervals(finished_series):
    trends = table(finished_series, "season_trends").set_index(["quantity", "season"])
    warming = trends.loc[("temperature_2m_max", "all")]
    assert warming.theil_sen_lower < WARMING < warming.theil_sen_upper
    assert warming.deseasonalized_lower < WARMING < warming.deseasonalized_upper
    assert warming.theil_sen_lower > 0 and warming.deseasonalized_lower > 0 and warming.n_years == YEARS
    snow = trends.loc[("snow_area_km2", "all")]
    assert snow.deseasonalized_upper < 0


def test_the_planted_slope_is_in_its_intervals_and_the_conclusions_say_both(finished_series):
    single = table(finished_series, "regressions").set_index(["variable", "lag_days"])
    multiple = table(finished_series, "multiple_regression").set_index("variable")
    for row in (single.loc[("temperature_2m_max", 0)], multiple.loc["temperature_2m_max"]):
        assert row.lower < SLOPE < row.upper < 0
    assert multiple.significant["temperature_2m_max"]
    rain = multiple.loc["precipitation_sum"]
    assert rain.lower < 0 < rain.upper and not rain.significant
    statements = table(finished_series, "conclusions").statement
    words = "Snow-covered area: smaller where the highest temperature is higher ("
    assert statements.str.startswith(words).sum() == 1
    trends = table(finished_series, "season_trends").query("quantity == 'temperature_2m_max'")
    rising = trends[trends.p_adjusted < 0.05].season
    assert len(rising) >= 3 and trends.p_value.lt(0.05).all()
    for season in trends.season:
        name = "Highest temperature" + ("" if season == "all" else f" in {season}")
        claim = "rises (" if season in set(rising) else "no significant trend ("
        assert statements.str.startswith(f"{name}: {claim}").sum() == 1, season


def test_the_first_month_of_the_year_reruns_seasons_and_conclusions_only(finished_series):
    text, passed = run(finished_series, study("weather", year_start_month=10), "--dry-run")
    assert passed and jobs_of(text) == {"snow_seasons", "snow_conclusions", "overview", "manifest"}, text


def inches(weather, path):
    write(weather.rename(columns={"precipitation_sum": "precipitation_sum (inch)"}), path)


def words(weather, path):
    weather = weather.astype({"precipitation_sum": object})
    weather.loc[30, "precipitation_sum"] = "trace"
    write(weather, path)


def shifted(weather, path):
    write(weather, path, dates="%Y-%m-%dT18:15")


BAD = {
    "inches": (inches, ["column 'precipitation_sum'", "the unit 'inch', expected mm", "precipitation_unit=mm"]),
    "words": (words, ["column 'precipitation_sum', line 32 (2010-01-31)", "found 'trace', expected a number", "1 of"]),
    "shifted": (shifted, ["column 'date'", "2010-01-01T18:15", "Midnight was written in UTC", "UTC+05:45"]),
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """A run of a site for each bad file of weather: its folder and its text."""
    folder = tmp_path_factory.mktemp("refused")
    weather = daily_weather(3, seed=1)
    series(folder, weather)
    for name, (spoil, _) in BAD.items():
        spoil(weather, folder / f"{name}.csv")
    text, passed = run(folder, study(*BAD), "--keep-going")
    assert not passed, text
    return folder, text


@pytest.mark.long
@pytest.mark.parametrize("name", BAD)
def test_bad_weather_ends_in_one_message_that_names_the_file(refused, name):
    folder, text = refused
    log = (folder / f"logs/snow/{name}/snow_weather.log").read_text()
    message = next(line for line in log.splitlines() if " ERROR " in line)
    for word in (f"{name}.csv", *BAD[name][1]):
        assert word in message and word in text, log
    assert not list((folder / f"results/snow/{name}").rglob("*")), "results stand, or half-written files"
