"""Forecast of the monthly carbon: when it is made, how it is measured, and what it says of itself."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from climate_indicators.carbon.series.forecast import carbon_forecast, rolling_origins
from climate_indicators.carbon.series.forecast_intervals import excluded_checks, half_widths
from climate_indicators.carbon.series.forecast_models import NAIVE, SEASONAL_NAIVE, naive
from climate_indicators.carbon.series.series import read_series
from climate_indicators.carbon.series.trends import trend_table
from climate_indicators.plotting.carbon.forecast import carbon_forecast_figure
from climate_indicators.plotting.carbon.series import carbon_series_figure
from climate_indicators.plotting.style import save_figure


def series(values, first="2010-01-01"):
    days = pd.date_range(first, periods=len(values), freq="MS").strftime("%Y-%m-%d")
    return read_series(pd.DataFrame({"day": days, "carbon": values}), "carbon", "day")


@pytest.fixture(scope="module")
def seasonal():
    rng = np.random.default_rng(0)
    months = np.arange(108)
    return series(200 + 0.8 * months + 30 * np.sin(2 * np.pi * months / 12) + rng.normal(0, 3, 108))


@pytest.fixture(scope="module")
def forecast(seasonal):
    return carbon_forecast(seasonal, "t")


def test_trend_and_season_are_forecast_better_than_naively(forecast):
    skill = forecast.skill.set_index("method")
    assert skill.mae["model"] < skill.mae["seasonal naive"] < skill.mae["naive"]
    assert skill.beats_naive.all() and forecast.verdict.startswith("The forecast beats")
    assert 0.8 <= skill.coverage_95["model"] <= 1


def test_the_months_to_come_follow_the_last_one_and_intervals_are_nested(forecast):
    values = forecast.values
    assert values.kind.value_counts().to_dict() == {"history": 108, "held back": 12, "forecast": 12}
    coming = values[values.kind == "forecast"]
    assert coming.month.tolist() == [f"2019-{month:02d}" for month in range(1, 13)]
    assert ((coming.lower_95 < coming.lower_80) & (coming.upper_80 < coming.upper_95)).all()
    true = 200 + 0.8 * np.arange(108, 120) + 30 * np.sin(2 * np.pi * np.arange(108, 120) / 12)
    assert ((coming.lower_95 < true) & (true < coming.upper_95)).mean() >= 0.8


@pytest.mark.long
def test_what_cannot_be_beaten_is_said():
    walk = carbon_forecast(series(1000 + np.cumsum(np.random.default_rng(3).normal(0, 1, 96))), "t")
    assert not walk.skill.beats_naive.any() and "does NOT beat" in walk.verdict


@pytest.mark.parametrize(("carbon", "words"), [
    (read_series(pd.DataFrame({"carbon": np.arange(200.0)}), "carbon"), "no dates"),
    (series(np.arange(40.0)), "months"),
    (series(np.where((np.arange(96) > 40) & (np.arange(96) < 50), np.nan, np.arange(96.0))), "in a row have no value"),
])  # fmt: skip
def test_a_series_that_cannot_be_forecast_is_refused_in_words(carbon, words):
    refused = carbon_forecast(carbon)
    assert refused.skill.method.tolist() == ["refused"] and words in refused.verdict
    assert refused.values.forecast.isna().all()


def test_naive_forecasts():
    values = np.arange(24.0)
    assert naive(NAIVE, values, 3)[0].tolist() == [23, 23, 23]
    assert naive(SEASONAL_NAIVE, values, 3)[0].tolist() == [12, 13, 14]


def test_origins_leave_months_to_learn_from_and_to_test_on():
    origins = rolling_origins(108, 12)
    assert 30 <= len(origins) <= 40 and origins[0] >= 36 and origins[-1] == 96


@pytest.mark.long
def test_the_same_series_gives_the_same_forecast(seasonal, forecast):
    pd.testing.assert_frame_equal(carbon_forecast(seasonal, "t").values, forecast.values)


def errors_of(values, ahead=1, apart=100):
    """Errors of origins so far apart that they have nothing in common, of alternating sign."""
    signs = np.where(np.arange(len(values)) % 2, 1.0, -1.0)
    columns = {"origin": apart * np.arange(len(values)), "ahead": ahead, "error": signs * values}
    return pd.DataFrame(columns | {"spans_change": False})


def enlarged(value, freedom, probability):
    one = (1 + probability) / 2
    return value * stats.t.ppf(one, freedom) / stats.norm.ppf(one)


def test_half_width_is_the_finite_sample_quantile_of_the_errors_of_a_lead():
    errors = np.arange(1.0, 40.0)
    found = half_widths(errors_of(errors), np.ones(1), [0.95, 0.8])[:, 0]
    assert found[0] == pytest.approx(enlarged(38, 39, 0.95)), "the 38th of 39: 40 · 0.95"
    assert found[1] == pytest.approx(enlarged(32, 39, 0.8)), "the 32nd of 39: 40 · 0.8"
    both = pd.concat([errors_of(errors), errors_of(10 * errors, 7)])
    widths = half_widths(both, np.ones(7), [0.95])[0]
    assert widths[6] == pytest.approx(10 * widths[0], rel=0.01), "each lead has its own"
    six = half_widths(errors_of(np.ones(6)), np.ones(1), [0.95])
    assert six[0, 0] == pytest.approx(stats.t.ppf(0.975, 6))
    assert np.isnan(half_widths(errors_of(np.ones(4)), np.ones(1), [0.95])).all()


def test_leads_with_few_errors_are_joined_in_proportion_to_the_models_standard_errors():
    few = pd.concat([errors_of(np.full(10, 2.0)), errors_of(np.full(10, 6.0), 2)])
    first, second = half_widths(few, np.array([1.0, 3.0]), [0.95])[0]
    assert second == pytest.approx(3 * first) and first > 2
    tenfold = half_widths(few, np.array([10.0, 30.0]), [0.95])[0]
    assert tenfold.tolist() == pytest.approx([first, second]), "only the proportions of the standard errors count"


def test_errors_that_follow_one_another_count_for_fewer():
    rng = np.random.default_rng(0)
    alone = errors_of(np.abs(rng.normal(size=40)))
    alike = alone.assign(origin=np.arange(40), error=np.repeat(alone["error"].to_numpy()[::8], 8))
    assert half_widths(alone, np.ones(1), [0.95])[0, 0] < 1.1 * alone["error"].abs().max()
    assert half_widths(alike, np.ones(1), [0.95])[0, 0] > 1.2 * alike["error"].abs().max()


def test_errors_over_a_change_of_level_do_not_count_where_others_are_left():
    usual, over = errors_of(np.ones(30)), errors_of(np.full(10, 50.0)).assign(spans_change=True)
    widths = [half_widths(one, np.ones(1), [0.95])[0, 0] for one in (usual, pd.concat([usual, over]))]
    assert widths[0] == pytest.approx(widths[1])
    assert half_widths(pd.concat([usual[:10], over]), np.ones(1), [0.95])[0, 0] > 50


def test_intervals_hold_what_they_say_where_the_model_is_wrong_about_its_errors():
    """Standard errors are half of the true ones and do not grow with the lead: normal intervals hold 50 to 67 %."""
    inside, plain, leads = [], [], (1, 6, 12)
    for seed in range(200):
        rng = np.random.default_rng(seed)
        noise = rng.normal(size=160)
        for place in range(1, 160):
            noise[place] += 0.6 * noise[place - 1]
        rows = [
            (at, lead, noise[at + lead - 1] * (1 + lead / 12), False)
            for at in range(40, 75) for lead in leads if at + lead <= 75
        ]  # fmt: skip
        errors = pd.DataFrame(rows, columns=["origin", "ahead", "error", "spans_change"])
        future = np.array([abs(noise[110 + lead]) * (1 + lead / 12) for lead in leads])
        inside.append(future <= half_widths(errors, np.full(12, 0.6), [0.95])[0, [0, 5, 11]])
        plain.append(future <= 1.96 * 0.6)
    shares = np.mean(inside, axis=0)
    assert (shares >= 0.9).all() and (shares <= 0.985).all(), shares
    assert np.mean(plain) < 0.75


@pytest.mark.long
@pytest.mark.slow
def test_months_to_come_lie_inside_the_intervals_as_often_as_they_say():
    """Ten series with a season, five with a step in the past. Before, all months of all series were inside."""
    inside = []
    for seed, lag1 in enumerate([0.0, 0.6] * 5):
        noise = np.random.default_rng(seed).normal(size=146)
        for place in range(1, 146):
            noise[place] += lag1 * noise[place - 1]
        months = np.arange(96)
        values = 100 + 8 * np.isin(months % 12, [5, 6]) - 6.0 * (seed < 5) * (months >= 56) + noise[50:]
        found = carbon_forecast(series(values[:84])).values.query("kind == 'forecast'")
        inside.append((found["lower_95"].to_numpy() <= values[84:]) & (values[84:] <= found["upper_95"].to_numpy()))
    assert 0.9 <= np.mean(inside) <= 0.985, np.mean(inside)


def test_the_test_of_an_interval_does_not_use_its_own_errors():
    """One origin is far worse than all others: intervals made without it cannot hold it."""
    origins = np.repeat(np.arange(36, 96), 12)
    columns = {"origin": origins, "ahead": np.tile(np.arange(1, 13), 60), "error": 1.0, "spread": 1.0}
    errors = pd.DataFrame(columns | {"spans_change": False})
    errors.loc[errors["origin"] == 60, "error"] = 50.0
    found = excluded_checks(errors, 12, (80, 95))
    assert (found.loc[errors["origin"] == 60, "in_95"] == 0).all()
    assert (found.loc[errors["origin"] != 60, "in_95"] == 1).all()


@pytest.mark.long
def test_coverage_is_told_with_and_without_horizons_that_span_a_change():
    rng = np.random.default_rng(4)
    values = 100 + 10 * np.sin(2 * np.pi * np.arange(96) / 12) + rng.normal(0, 1, 96)
    values[66:] -= 15
    skill = carbon_forecast(series(values), "t", 6).skill.set_index("method").loc["model"]
    assert skill.coverage_95_no_change > skill.coverage_95
    assert "where no change of level lies in the forecast months" in skill.verdict


@pytest.mark.parametrize("dated", [True, False])
def test_figures_are_drawn_with_and_without_dates(seasonal, forecast, dated, tmp_path):
    carbon = seasonal if dated else read_series(pd.DataFrame({"carbon": seasonal.values}), "carbon")
    drawn = forecast if dated else carbon_forecast(carbon)
    first = carbon_series_figure(carbon, trend_table(carbon), "carbon", "t", "here")
    second = carbon_forecast_figure(drawn, "carbon", "t", "here")
    for number, figure in enumerate((first, second)):
        save_figure(figure, tmp_path / f"{number}.png")
        assert (tmp_path / f"{number}.png").stat().st_size > 5000
    labels = {axes.get_xlabel() for axes in first.axes}
    assert ("row order" in labels) != dated
