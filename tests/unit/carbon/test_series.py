"""The carbon series: read by row or by date, its trends, its changes of level."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from climate_indicators.carbon.estimation.estimates import seen_scale
from climate_indicators.carbon.series.change_points import change_points
from climate_indicators.carbon.series.series import direction, four_series, line, month_effects, read_series
from climate_indicators.carbon.series.trends import theil_sen_slope, trend_table, without_season
from climate_indicators.core.errors import InputError
from climate_indicators.stats.trend_tests import monotonic_trend
from refusals import raises_naming

PUBLISHED = Path(__file__).resolve().parents[4] / "shared/data/carbon_vegetation/CO2_seq.csv"


def monthly(n=96, slope=1.0, noise=3.0, seed=0):
    rng = np.random.default_rng(seed)
    months = np.arange(n)
    values = 100 + slope * months / 12 + 20 * np.sin(2 * np.pi * months / 12) + rng.normal(0, noise, n)
    return pd.DataFrame(
        {"day": pd.date_range("2012-01-15", periods=n, freq="MS").strftime("%Y-%m-%d"), "carbon": values}
    )


@pytest.mark.skipif(not PUBLISHED.exists(), reason=f"the published table is not at {PUBLISHED}")
def test_the_four_published_slopes():
    carbon = read_series(pd.read_csv(PUBLISHED), "carbon_sequestration")
    table = trend_table(carbon, window=20)
    np.testing.assert_allclose(table.slope, [10.579788, 9.874405, 8227.259802, 3.096326], atol=1e-6)
    assert set(table.axis) == {"row order"} and set(table.direction) == {"increasing"}


def test_four_series_by_hand():
    found = four_series(np.array([1.0, 3.0, 8.0, 0.0]), 2)
    assert found["moving_average"].tolist() == [2, 5.5, 4]
    assert found["running_total"].tolist() == [1, 4, 12, 12]
    assert found["running_average"].tolist() == [1, 2, 4, 3]
    assert four_series(np.ones(3), 5)["moving_average"].size == 0
    with pytest.raises(ValueError, match="window is 1"):
        four_series(np.ones(3), 1)


def test_line_and_direction():
    assert line(np.array([2.0, 3.0, 4.0]), np.array([1.0, 3.0, 5.0])) == pytest.approx((2.0, 1.0))
    values = np.array([1.0, 2.0, 3.0])
    assert [direction(slope, values) for slope in (1.0, -1.0, 0.0)] == ["increasing", "decreasing", "level"]


def test_a_series_that_ends_in_zeros_is_level_there():
    """Images without vegetation: a window of zeros has a line as any other."""
    for values in (np.zeros(40), np.r_[np.random.default_rng(0).gamma(1, 9, 60), np.zeros(20)]):
        row = trend_table(read_series(pd.DataFrame({"carbon": values}), "carbon")).iloc[0]
        assert row.short_term_slope == 0 and row.short_term_direction == "level"


def test_values_of_one_month_are_averaged_and_gaps_counted():
    days = ["2020-03-02", "2020-01-05", "2020-03-20", "2020-06-01"]
    carbon = read_series(pd.DataFrame({"day": days, "carbon": [2.0, 1.0, 4.0, np.nan]}), "carbon", "day")
    assert carbon.labels.tolist() == ["2020-01", "2020-03"] and carbon.values.tolist() == [1, 3]
    assert (carbon.n_rows, carbon.n_excluded, carbon.n_gaps, carbon.axis) == (4, 1, 1, "date")


@pytest.mark.parametrize(("table", "names"), [
    ({"other": [1.0]}, ["'carbon'", "other"]),
    ({"carbon": [1.0, "much"]}, ["much"]),
    ({"carbon": [1.0, np.inf]}, ["inf"]),
    ({"carbon": [1.0, 2.0], "day": ["2020-01-01", "spring"]}, ["spring"]),
])  # fmt: skip
def test_what_cannot_be_read_is_named(table, names):
    table = pd.DataFrame(table)
    with raises_naming(InputError, *names):
        read_series(table, "carbon", "day" if "day" in table else None)


def test_without_dates_nothing_is_said_of_time():
    carbon = read_series(pd.DataFrame({"carbon": np.random.default_rng(0).gamma(1, 10, 200)}), "carbon")
    table = trend_table(carbon, unit="kg")
    assert set(table.slope_unit) == {"kg per row"} and set(table.axis) == {"row order"}
    assert not table.sentence.str.contains("year").any()
    assert table["first"].iloc[0] == "row 1" and table["last"].iloc[0] == "row 200"


def test_with_dates_the_rate_is_a_year_and_the_season_does_not_disturb_it():
    table = trend_table(read_series(monthly(slope=3.0), "carbon", "day"), unit="t").set_index("series")
    series = table.loc["series"]
    assert series.slope_unit == "t per year" and bool(series.season_removed)
    assert series.theil_sen_lower < 3 < series.theil_sen_upper and series.theil_sen == pytest.approx(3, abs=0.5)
    assert series.significant and series.n_changes == 0


def test_sums_are_not_tested():
    table = trend_table(read_series(monthly(), "carbon", "day")).set_index("series")
    assert table.loc[["running_total", "running_average"], "test"].eq("not tested: cumulative").all()
    assert table.p_value.notna().tolist() == [True, False, False, False]
    assert not table.significant.iloc[1:].any()


def test_slopes_of_sums_of_short_series_lie_inside_their_intervals():
    """Two years of months with a season: blocks of residuals gave intervals that held 51 to 64 % of the slopes."""
    rng, n, names = np.random.default_rng(0), 24, ["moving_average", "running_total", "running_average"]
    season, inside = 5.0 * (np.arange(n) % 12 == 6), []
    expected = {name: values for name, values in four_series(100 + 0.1 * np.arange(n) + season, 12).items()}
    true = [theil_sen_slope(np.arange(len(expected[name])) / 12, expected[name]) for name in names]
    for lag1 in (0.0, 0.6) * 20:
        noise = rng.normal(size=n + 50)
        for place in range(1, n + 50):
            noise[place] += lag1 * noise[place - 1]
        days = pd.date_range("2012-01-15", periods=n, freq="MS").strftime("%Y-%m-%d")
        carbon = read_series(pd.DataFrame({"day": days, "carbon": expected["series"] + noise[50:]}), "carbon", "day")
        rows = trend_table(carbon, window=12).set_index("series").loc[names]
        inside.append((rows["theil_sen_lower"] <= true) & (true <= rows["theil_sen_upper"]))
    assert (np.mean(inside, axis=0) >= 0.85).all() and np.mean(inside) < 0.995, np.mean(inside, axis=0)


def test_too_few_values_have_no_trend_and_the_sentence_says_so():
    table = trend_table(read_series(pd.DataFrame({"carbon": [1.0, 2.0, 3.0]}), "carbon"))
    assert table.slope.isna().all() and table.sentence.str.contains("needs 5").all()


def test_a_sample_of_pairs_has_nearly_the_slope_of_all():
    rng = np.random.default_rng(2)
    places = np.arange(3000.0)
    values = 0.5 * places + rng.normal(0, 50, 3000)
    assert theil_sen_slope(places, values) == pytest.approx(0.5, abs=0.01)


def test_a_planted_step_is_found_and_noise_has_none():
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 1, 100)
    stepped = noise + 0.01 * np.arange(100)
    stepped[60:] -= 6
    found = change_points(stepped, draws=199)
    assert len(found) == 1
    assert abs(found[0].position - 60) <= 1 and found[0].size == pytest.approx(-6, abs=1.2)
    false = sum(bool(change_points(np.random.default_rng(seed).normal(0, 1, 60), draws=99)) for seed in range(40))
    assert false <= 6, "more than 15 % of series of noise have a change at a significance of 5 %"


def test_the_same_seed_gives_the_same_table():
    carbon = read_series(monthly(), "carbon", "day")
    pd.testing.assert_frame_equal(trend_table(carbon, seed=4), trend_table(carbon, seed=4))


@pytest.mark.parametrize("date", ["2019", "9999-12-31", "0001-01-01", "2019-03-0112", "201903", "43525"])
def test_what_is_no_month_is_refused(date):
    """A year alone would be January, and 9999 stands for a missing date."""
    table = pd.DataFrame({"carbon": [1.0, 2.0], "date": ["2019-03-21", date]})
    with raises_naming(InputError, "row 2", f"'{date}'"):
        read_series(table, "carbon", "date")


@pytest.mark.parametrize("date", ["2019-03", "20190321", "2019-03-21T10:00:00Z", "2019-03-21 10:00", "2019/03/21"])
def test_months_that_are_read(date):
    assert read_series(pd.DataFrame({"carbon": [1.0], "date": [date]}), "carbon", "date").labels.tolist() == ["2019-03"]


def of_places(levels, months, chosen, seed=0):
    """Images of places of different levels; ``chosen`` (places, months) are imaged; nothing changes."""
    rng = np.random.default_rng(seed)
    weather = rng.normal(0, 1, len(months))
    rows = [
        (f"{months[at]}-15", f"place{place}", levels[place] + weather[at] + rng.normal(0, 1))
        for place, at in zip(*np.nonzero(chosen), strict=True)
    ]
    return pd.DataFrame(rows, columns=["date", "place", "carbon"])


MONTHS = (np.datetime64("2010-01") + np.arange(84)).astype(str)


def test_places_that_are_imaged_ever_more_often_make_no_trend():
    """Large places are imaged rarely at first, and always at the end."""
    found, before, seeds = 0, 0, 30
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        levels = np.linspace(50, 150, 8)
        share = 0.5 + 0.45 * np.linspace(-1, 1, 8)[:, None] * np.linspace(-1, 1, 84)
        table = of_places(levels, MONTHS, rng.random((8, 84)) < share, seed)
        by_place, plain = (
            monotonic_trend(carbon.positions, without_season(carbon), removed=11)
            for carbon in (read_series(table, "carbon", "date", place) for place in ("place", None))
        )
        found += by_place.p_value < 0.05
        before += plain.p_value < 0.05
        assert abs(by_place.slope) < 0.1 * abs(plain.slope)
    assert found <= 5 and before == seeds


def test_months_of_all_places_are_plain_means_and_weights_of_places_are_equal():
    table = of_places(np.array([10.0, 20.0, 60.0]), MONTHS, np.ones((3, 84), bool))
    both = [read_series(table, "carbon", "date", place).values for place in (None, "place")]
    np.testing.assert_allclose(*both)
    doubled = pd.concat([table, table[table["place"] == "place2"]])
    np.testing.assert_allclose(read_series(doubled, "carbon", "date", "place").values, both[0])


def test_two_way_model_by_hand():
    """Place b is 10 above a; b alone shows the last month."""
    months, effects = month_effects(np.array([1, 1, 2]), np.array(["a", "b", "b"]), np.array([3.0, 13.0, 15.0]))
    assert months.tolist() == [1, 2] and effects[1] - effects[0] == pytest.approx(2)


def test_months_that_no_place_links_are_missing():
    chosen = np.zeros((3, 84), bool)
    chosen[:2, :60], chosen[2, 60:] = True, True
    carbon = read_series(of_places(np.array([1.0, 5.0, 500.0]), MONTHS, chosen), "carbon", "date", "place")
    assert len(carbon.values) == 60 and carbon.n_apart == 24 and carbon.values.max() < 100
    assert "24 months have other places" in trend_table(carbon).sentence[0]


def test_places_that_are_never_seen_again_are_plain_means():
    table = of_places(np.array([1.0]), MONTHS, np.ones((1, 84), bool)).assign(place=[f"p{n}" for n in range(84)])
    carbon = read_series(table, "carbon", "date", "place")
    assert len(carbon.values) == 84 and carbon.n_places == 0


def test_more_cloud_every_year_makes_no_trend():
    """Three points more cloud a year on land on which nothing changes; before, every series fell significantly."""
    found, before, seeds = 0, 0, 20
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        table = of_places(np.linspace(50, 150, 6), MONTHS, np.ones((6, 84), bool), seed)
        years = (pd.to_datetime(table["date"]).dt.year - 2010).to_numpy()
        seen = pd.Series(0.8 * (0.95 - 0.03 * years - rng.uniform(0, 0.1, len(table))))
        visible = table["carbon"] * seen / 0.8
        scaled = visible * seen_scale(table["place"], seen)
        p_values = [
            monotonic_trend(carbon.positions, without_season(carbon), removed=11).p_value
            for carbon in (
                read_series(table.assign(carbon=values), "carbon", "date", "place") for values in (scaled, visible)
            )
        ]
        found += p_values[0] < 0.05
        before += p_values[1] < 0.05
    assert found <= 4 and before == seeds


def test_gaps_in_a_short_record_leave_the_season_known():
    """Three years without one month in six: some calendar months have one value. Its season would be noise."""
    kept = np.sort(np.random.default_rng(3).permutation(36)[:30])
    counts = np.bincount(kept % 12, minlength=12)
    assert counts.min() == 1
    carbon = read_series(monthly(36, slope=3.0, noise=1.0).iloc[kept], "carbon", "day")
    assert carbon.season is not None
    row = trend_table(carbon).iloc[0]
    assert row.season_removed and row.significant and row.theil_sen == pytest.approx(3, abs=1)
