"""Daily weather against a server that answers as Open-Meteo's archive does."""

import math

import numpy as np
import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.download.weather.open_meteo import fetch_weather, place_of, years_between
from climate_indicators.download.weather.open_meteo_response import WeatherRequest, read_answer
from climate_indicators.snow.climate.weather import read_weather
from servers.faulty import Fault
from servers.sessions import quick_session
from servers.weather import WeatherServer, mountain

NAMES = ("temperature_2m_max", "temperature_2m_min", "precipitation_sum", "snowfall_sum", "relative_humidity_2m_mean")
PLACE = {"latitude": 27.98, "longitude": 86.83}


@pytest.fixture
def server():
    with WeatherServer(mountain) as one:
        yield one


@pytest.fixture
def fetch(server, tmp_path):
    session = quick_session()

    def run(first="2019-07-01", last="2021-03-10", **more):
        request = WeatherRequest(**(PLACE | {"first": first, "last": last, "variables": NAMES} | more))
        path = tmp_path / "weather.csv"
        return fetch_weather(session, server.endpoint, request, tmp_path / "kept", path), path

    return run


def test_table_is_read_by_the_climate_part_with_all_days_and_nulls(server, fetch):
    fetched, path = fetch()
    assert (fetched, server.asked_years()) == (3, ["2019", "2020", "2021"])
    table, findings = read_weather(path, NAMES)
    assert [str(table["date"].iloc[at].date()) for at in (0, -1)] == ["2019-07-01", "2021-03-10"]
    assert len(table) == 184 + 366 + 69
    for name in NAMES:
        expected = np.array([mountain(name, day) for day in table["date"]])
        np.testing.assert_allclose(table[name], expected, rtol=1e-6)
    # only the nulls are remarked upon: days complete, units right, timezone that of the place
    assert [(row["check"], row["count"]) for row in findings] == [("empty values", 21)]
    head = path.read_text().splitlines()
    assert head[0] == "latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation"
    assert head[1] == "28.0,86.8,5050.0,20700,Asia/Kathmandu,GMT+5:45"
    assert head[3].startswith("time,temperature_2m_max (°C),temperature_2m_min (°C),precipitation_sum (mm),")


@pytest.mark.filterwarnings("error")
def test_place_is_the_middle_of_an_area(server, fetch, root):
    place = place_of(None, None, root / "config/examples/langtang.geojson")
    assert place == pytest.approx((28.2, 85.6), abs=0.2)
    # numbers like those of the settings: the same place, given there, has the same folder of kept years
    assert [type(number) for number in place] == [float, float]
    fetched, path = fetch(latitude=place[0], longitude=place[1])
    assert fetched == 3 and path.read_text().splitlines()[1].startswith("28.2,85.")
    assert place_of(1.5, None, root / "config/examples/langtang.geojson") == (1.5, place[1])


def test_days_can_be_those_of_utc(fetch):
    assert ",0,GMT,GMT" in fetch(timezone="GMT")[1].read_text().splitlines()[1]


def test_year_that_was_fetched_is_not_asked_for_again(server, fetch):
    first = fetch()[1].read_bytes()
    server.requests.clear()
    fetched, path = fetch()
    assert (fetched, server.requests, path.read_bytes()) == (0, [], first)
    fetch(last="2022-02-01")
    assert server.asked_years() == ["2021", "2022"], "a year that was cut short is asked for whole"


def test_run_that_broke_off_goes_on_where_it_was(server, fetch):
    server.fail("/v1/archive", Fault(), Fault(), *[Fault(status=500)] * 3)
    with pytest.raises(InputError, match=r"^weather at 27.98° N, 86.83° E, 2021-01-01 to 2021-03-10: .*answered 500"):
        fetch()
    server.requests.clear()
    assert fetch()[0] == 1
    assert server.asked_years() == ["2021"]


def test_error_inside_an_answer_is_survived(server, fetch):
    server.fail(
        "/v1/archive", Fault(status=200, body=b"latitude\nUnexpected error while streaming data: timeoutReached")
    )
    assert fetch(last="2019-08-01")[0] == 1
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"last": "2031-01-01"}, "2026-01-01 to 2026-12-31: .*400.*'end_date' is out of allowed range"),
        ({"variables": ("temperature_2m_maximum",)}, "invalid value temperature_2m_maximum"),
    ],
    ids=["future", "unknown variable"],
)
def test_refusal_of_the_archive_is_shown_and_not_tried_again(server, fetch, more, message):
    server.value = lambda name, day: 0.0
    with pytest.raises(InputError, match=message):
        fetch(first="2025-01-01", **({"last": "2025-02-01"} | more))
    assert len(server.requests) <= 2


def test_other_unit_than_asked_for_is_refused_and_not_kept(server, fetch, tmp_path):
    server.units = {"precipitation_sum": "inch"}
    with pytest.raises(InputError, match="precipitation_sum has the unit 'inch', expected mm"):
        fetch()
    assert not list((tmp_path / "kept").rglob("*.csv"))


def test_variable_without_any_value_stays_empty(server, fetch):
    server.value = lambda name, day: math.nan if name == "snowfall_sum" else mountain(name, day)
    server.units = {"snowfall_sum": "undefined"}
    table, _ = read_weather(fetch()[1], NAMES)
    assert table["snowfall_sum"].isna().all() and table["precipitation_sum"].notna().all()


@pytest.mark.parametrize("lagging", [NAMES, ("precipitation_sum",)], ids=["all", "one variable"])
def test_year_whose_last_days_are_not_known_yet_is_asked_for_again(server, fetch, lagging):
    server.value = lambda name, day: math.nan if name in lagging and str(day) > "2021-03-07" else mountain(name, day)
    fetch()
    server.requests.clear()
    server.value = mountain
    fetched, path = fetch()
    assert (fetched, server.asked_years()) == (1, ["2021"])
    assert read_weather(path, NAMES)[0]["precipitation_sum"].notna().all()
    assert fetch()[0] == 0


def test_kept_years_of_another_clock_are_fetched_again_by_that_of_now(server, fetch, caplog):
    """The archive cuts days by the clock of the day of asking: years asked for in winter and in summer differ."""
    server.zone, server.offset_s = ("Europe/Zurich", "GMT+1"), 3600
    fetch()
    server.offset_s = 7200
    server.requests.clear()
    fetched, path = fetch(last="2022-06-30")
    assert (fetched, sorted(server.asked_years())) == (4, ["2019", "2020", "2021", "2022"])
    assert ",7200,Europe/Zurich," in path.read_text()
    assert fetch(last="2022-06-30")[0] == 0, "all are of one clock now"


def test_years_of_two_clocks_an_hour_apart_are_named(server, fetch, monkeypatch, caplog):
    real = server.message
    server.zone, server.offset_s = ("Europe/Zurich", "GMT+1"), 3600

    def message(names, first, last, place, offset):
        return real(names, first, last, place, offset + 3600 * (first[:4] == "2020"))

    monkeypatch.setattr(server, "message", message)
    fetch()
    (said,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "2020-01-01 to 2020-12-31" in said and "Europe/Zurich (+2 h)" in said


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [("elevation", 4100.0, "4100 m.*5050 m.*weather.model"), ("zone", ("Asia/Kolkata", "x"), "Kolkata.*Kathmandu")],
)
def test_years_of_different_heights_or_timezones_are_refused(server, fetch, monkeypatch, name, value, message):
    real = server.message

    def changed(names, first, last, place, offset):
        with monkeypatch.context() as patch:
            if first[:4] == "2020":
                patch.setattr(server, name, value)
            return real(names, first, last, place, offset)

    monkeypatch.setattr(server, "message", changed)
    with pytest.raises(InputError, match=f"^weather at 27.98° N, 86.83° E, 2019-07-01 to 2021-03-10: .*{message}"):
        fetch()


def test_years_of_two_cells_are_fetched_again_and_named_if_they_stay_so(server, fetch, monkeypatch, caplog):
    fetch(last="2020-12-31")
    server.cell = 0.1
    server.requests.clear()
    assert fetch()[0] == 3 and sorted(server.asked_years()) == ["2019", "2020", "2021"]
    assert not [record for record in caplog.records if record.levelname == "WARNING"]
    real = server.message

    def moved(names, first, last, place, offset):
        return real(names, first, last, (place[0] - 0.2 * (first[:4] == "2022"), place[1]), offset)

    monkeypatch.setattr(server, "message", moved)
    fetch(last="2022-12-31")
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(said) == 3 and "28.1, 86.8" in said[0] and "27.9, 86.8" in said[0]


@pytest.mark.parametrize("body", [b"{}", b"\xff" * 16, b"", b"time,temperature_2m_max\n2019-07-01,3"])
def test_answer_of_another_kind_is_refused(server, fetch, body):
    server.fail("/v1/archive", Fault(status=200, body=body))
    with pytest.raises(InputError, match="2019-12-31: the answer"):
        fetch()


def test_days_of_another_timezone_and_another_place_are_refused(server, fetch, monkeypatch):
    real = server.message

    def later(names, first, last, place, offset):
        return real(names, "2019-07-02", last, place, offset)

    def west(names, first, last, place, offset):
        return real(names, first, last, (place[0], -place[1]), offset)

    for changed, message in ((later, "183 days from 2019-07-02"), (west, "28, -86.8")):
        monkeypatch.setattr(server, "message", changed)
        with pytest.raises(InputError, match=message):
            fetch()


def test_damaged_year_is_fetched_again(server, fetch, tmp_path):
    fetch()
    broken = sorted((tmp_path / "kept").rglob("*.csv"))[1]
    broken.write_bytes(broken.read_bytes()[:-9])
    server.requests.clear()
    assert fetch()[0] == 1 and server.asked_years() == ["2020"]


def test_no_damage_of_a_kept_year_ends_in_more_than_its_being_fetched_again(server):
    days = "2019-07-01", "2019-08-10"
    request = WeatherRequest(**PLACE, first=days[0], last=days[1], variables=NAMES)
    whole = server.message(NAMES, *days, tuple(PLACE.values()), 20700)
    assert len(read_answer(whole, request, *days).table) == 41
    # the last byte is the end of the last line
    cut = [whole[:size] for size in range(0, len(whole) - 1, 3)]
    turned = [whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :] for at in range(len(whole))]
    refused = 0
    for damaged in (*cut, *turned):
        try:
            read_answer(damaged, request, *days)
        except InputError:
            refused += 1
    assert refused > len(cut)


def test_key_is_sent_from_the_environment_and_never_shown(server, fetch, monkeypatch):
    server.key = "marker"
    monkeypatch.setenv("OPEN_METEO_KEY", "wrong-marker")
    with pytest.raises(InputError, match=r"401 Unauthorized \(The supplied API key \.\.\. is invalid\)"):
        fetch()
    monkeypatch.setenv("OPEN_METEO_KEY", "marker")
    assert fetch()[0] == 3


def test_period_is_cut_at_the_years():
    assert list(years_between("2019-07-01", "2021-03-10")) == [
        ("2019-07-01", "2019-12-31"),
        ("2020-01-01", "2020-12-31"),
        ("2021-01-01", "2021-03-10"),
    ]
