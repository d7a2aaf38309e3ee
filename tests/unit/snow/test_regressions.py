"""Regressions of snow on weather, the sentences made of them, and their figures."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from climate_indicators.plotting.snow.regressions import partial_figure, regressions_figure
from climate_indicators.plotting.snow.seasons import snow_seasons_figure
from climate_indicators.plotting.snow.series import broken_line, snow_series_figure
from climate_indicators.plotting.style import save_figure
from climate_indicators.snow.climate.hac import effective_number, hac_fit, season_columns
from climate_indicators.snow.climate.lagged_weather import read_joined, read_snow_and_weather
from climate_indicators.snow.climate.regressions import multiple_regression, single_regressions
from climate_indicators.snow.climate.report_text import conclusions, number_text
from climate_indicators.snow.climate.seasons import season_trends, yearly_values
from climate_indicators.snow.climate.weather import findings_table
from snow_weather_files import PUBLISHED, VARIABLES, daily_weather, needs_published, write

TMAX, TMIN, WATER, SNOWFALL, HUMIDITY = VARIABLES
TRUE = {TMAX: -300.0, WATER: 40.0, HUMIDITY: 0.0}


def planted(seed, years=4):
    """Snow that follows three variables, with noise that has a memory."""
    table = daily_weather(years, seed=seed).rename(columns={"time": "date"})
    rng = np.random.default_rng(seed + 1000)
    noise = np.zeros(len(table))
    for day, step in enumerate(rng.normal(0, 800, len(table))):
        noise[day] = 0.6 * noise[day - 1] + step
    table["snow_pixels"] = 50_000 + sum(slope * table[name] for name, slope in TRUE.items()) + noise
    return table


def demo(tmp_path):
    weather = daily_weather(6, warming=1.0)
    snow = weather.iloc[::8]
    values = (60_000 - 2_000 * snow[TMIN]).clip(0)
    snow = pd.DataFrame({"date": snow["time"].dt.strftime("%Y-%m-%d"), "snow_pixels": values.round()})
    snow = snow[~snow["date"].str.startswith("2012-0")]
    snow.to_csv(tmp_path / "snow.csv", index=False)
    path = write(weather, tmp_path / "weather.csv")
    return read_snow_and_weather(tmp_path / "snow.csv", path, "snow_pixels", VARIABLES, lags=[7, 30])


def tables(data, lags=(7, 30)):
    trends = season_trends([(data.table, ["snow_pixels"]), (data.weather, VARIABLES)])
    single = single_regressions(data.table, "snow_pixels", VARIABLES, lags)
    return findings_table(data.findings), trends, single, multiple_regression(data.table, "snow_pixels", VARIABLES)[0]


@pytest.mark.long
def test_planted_coefficients_lie_inside_their_intervals():
    inside, robust, classic = 0, [], []
    for seed in range(40):
        rows, _ = multiple_regression(planted(seed), "snow_pixels", list(TRUE))
        inside += sum(row.lower <= TRUE[row.variable] <= row.upper for row in rows.itertuples())
        robust.append(rows["se_hac"][0])
        classic.append(rows["se_classic"][0])
    assert inside >= 107, "intervals of 95 % hold fewer than 107 of 120 coefficients"
    assert np.mean(robust) > 1.2 * np.mean(classic), "the memory of the noise is not seen"


def test_numbers_agree_with_statsmodels():
    table = planted(0)
    rows, partials = multiple_regression(table, "snow_pixels", list(TRUE))
    design = sm.add_constant(table[list(TRUE)])
    fit = sm.OLS(table["snow_pixels"], design).fit()
    np.testing.assert_allclose(rows["coefficient"], fit.params.iloc[1:])
    np.testing.assert_allclose(rows["se_classic"], fit.bse.iloc[1:])
    assert rows["vif"][0] == pytest.approx(1 / (1 - sm.OLS(design[TMAX], design.drop(columns=TMAX)).fit().rsquared))
    scaled = table.drop(columns="date")
    scaled = (scaled - scaled.mean()) / scaled.std()
    alone = sm.OLS(scaled["snow_pixels"].astype(float), scaled[list(TRUE)].astype(float)).fit()
    np.testing.assert_allclose(rows["standardized"], alone.params)
    for partial, row in zip(partials, rows.itertuples(), strict=True):
        slope = np.polyfit(partial.variable_left, partial.snow_left, 1)[0]
        assert slope == pytest.approx(row.coefficient)
        assert np.corrcoef(partial.variable_left, partial.snow_left)[0, 1] == pytest.approx(row.partial_r)


def test_robust_errors_are_those_of_newey_and_west_where_values_are_many():
    ours, newey_west = [], []
    for seed in range(12):
        table = planted(seed)
        ours.append(multiple_regression(table, "snow_pixels", list(TRUE))[0]["se_hac"])
        fit = sm.OLS(table["snow_pixels"], sm.add_constant(table[list(TRUE)])).fit()
        newey_west.append(fit.get_robustcov_results("HAC", maxlags=40).bse[1:])
    ratio = np.mean(np.square(ours), axis=0) / np.mean(np.square(newey_west), axis=0)
    assert (ratio > 0.6).all() and (ratio < 1.6).all()


def test_effective_number_of_values():
    rng = np.random.default_rng(0)
    steps = rng.normal(size=4000)
    memory = np.zeros(4000)
    for place in range(1, 4000):
        memory[place] = 0.5 * memory[place - 1] + steps[place]
    assert effective_number(memory) == pytest.approx(4000 / 3, rel=0.25)
    assert effective_number(steps) == pytest.approx(4000, rel=0.25)
    assert effective_number(np.ones(50)) == 50


def test_robust_intervals_cover_under_memory():
    """Of a slope against time, the worst case: both sides go together."""
    inside = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        noise = np.zeros(100)
        for place, step in enumerate(rng.normal(size=100)):
            noise[place] = 0.6 * noise[place - 1] + step
        fit = hac_fit(noise, np.column_stack([np.ones(100), np.linspace(-1, 1, 100)]), 10)
        inside += fit.lower[1] <= 0 <= fit.upper[1]
    assert 0.91 <= inside / 200 <= 0.99


def test_robust_errors_of_few_values_and_many_columns_are_not_too_small():
    """The residuals of a design with many columns are small: their variance must be made up for that."""
    rng = np.random.default_rng(1)
    dates = pd.Series(pd.date_range("2015-01-01", periods=24, freq="73D"))
    design = np.column_stack([np.ones(24), season_columns(dates, np.zeros(24)), rng.normal(size=24)])
    fits = [hac_fit(rng.normal(size=24), design, 5) for _ in range(600)]
    squares = np.mean([fit.se_hac[-1] ** 2 for fit in fits])
    assert squares == pytest.approx(np.var([fit.coefficients[-1] for fit in fits]), rel=0.2)
    assert np.mean([fit.p_hac[-1] < 0.05 for fit in fits]) < 0.08
    assert fits[0].freedom[-1] < 4


SHAPES = ["sine", "peaked", "melt at once"]


def shared_season(seed, shape):
    """Twelve years of snow and temperature, every 12 days, that share a season and nothing else."""
    rng = np.random.default_rng(seed)
    dates = pd.Series(pd.date_range("2012-01-03", "2023-12-28", freq="12D"))
    phase = 2 * np.pi * dates.dt.day_of_year.to_numpy() / 365.25
    day = dates.dt.day_of_year.to_numpy()
    temperature = {"sine": -np.cos(phase), "peaked": np.exp(-2 * (1 + np.cos(phase)))}.get(shape, 0)
    snow = -temperature
    if shape == "melt at once":  # snow grows from October to April and melts in 20 days; summer is a plateau
        since = (day - 290) % 365
        snow = np.clip(np.where(since < 195, since / 195, 1 - (since - 195) / 20), 0, 1)
        temperature = np.tanh(-2.5 * np.cos(phase))
    return pd.DataFrame(
        {
            "date": dates,
            TMAX: 10 * temperature + rng.normal(0, 1, len(dates)),
            "snow_pixels": 40_000 + 30_000 * snow + rng.normal(0, 1_500, len(dates)),
        }
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shared_season_alone_is_no_relation(shape):
    """Levels of calendar months, or three harmonics of snow that melts at once, leave a season that both share."""
    p_values, too_simple = [], []
    for seed in range(60):
        table = shared_season(seed, shape)
        row = single_regressions(table, "snow_pixels", [TMAX]).iloc[0]
        assert row.p_value < 1e-4
        p_values.append(row.p_deseasonalized)
        waves = np.column_stack([np.ones(len(table)), season_columns(table["date"], np.zeros(len(table)))])
        months = pd.get_dummies(table["date"].dt.month).to_numpy("float64")
        season = waves if shape == "melt at once" else months
        fit = hac_fit(table["snow_pixels"].to_numpy(), np.column_stack([season, table[TMAX]]), 12)
        too_simple.append(fit.p_hac[-1])
    assert np.mean(np.array(p_values) < 0.05) < 0.12
    assert np.mean(np.array(too_simple) < 0.05) > 0.25


def test_a_relation_without_the_season_is_found():
    table = shared_season(3, "sine")
    table["snow_pixels"] -= 900 * np.random.default_rng(3).normal(0, 1, len(table))
    table[TMAX] += (40_000 - table["snow_pixels"]) / 1e4
    row = single_regressions(table, "snow_pixels", [TMAX]).iloc[0]
    assert row.p_deseasonalized < 0.01 and row.slope_deseasonalized < 0


def test_a_relation_by_the_season_alone_vanishes_without_it():
    table = daily_weather(6).rename(columns={"time": "date"})
    usual = table.groupby(table["date"].dt.month)[TMAX].transform("mean")
    table["snow_pixels"] = 40_000 - 1_500 * usual + np.random.default_rng(1).normal(0, 3_000, len(table))
    row = single_regressions(table, "snow_pixels", [TMAX]).iloc[0]
    assert row.r < -0.5 and row.p_value < 1e-4
    assert abs(row.r_deseasonalized) < 0.1 and row.p_deseasonalized > 0.01


def test_lags_and_variables_that_cannot_be_fitted_are_noted(tmp_path):
    table = planted(0)[["date", "snow_pixels", TMAX, WATER]].assign(**{f"{TMAX}_mean_7d": np.nan, WATER: 1.0})
    rows = single_regressions(table, "snow_pixels", [TMAX], [7])
    assert rows["note"].str.contains("daily weather").tolist() == [False, True] and np.isnan(rows["r"][1])
    multiple, partials = multiple_regression(table, "snow_pixels", [TMAX, WATER])
    assert multiple["note"].tolist() == ["", "the variable does not change"] and len(partials) == 1
    few, none = multiple_regression(table.head(4), "snow_pixels", [TMAX])
    assert "not fitted" in few["note"][0] and none == []
    save_figure(partial_figure(none, "snow_pixels", "test"), tmp_path / "none.png")
    assert (tmp_path / "none.png").stat().st_size > 2000
    same, _ = multiple_regression(table.assign(**{TMIN: table[TMAX]}), "snow_pixels", [TMAX, TMIN])
    assert same["note"].str.contains("not fitted").all()


def test_a_lagged_mean_that_drives_the_snow_is_found(tmp_path):
    data = demo(tmp_path)
    data.table["snow_pixels"] = 90_000 - 2_000 * data.table[f"{TMAX}_mean_30d"]
    rows = single_regressions(data.table, "snow_pixels", [TMAX], [7, 30]).set_index("lag_days")
    assert rows.loc[30, "slope"] == pytest.approx(-2000) and rows["r"].abs().idxmax() == 30
    assert rows.loc[30, "n"] == data.table[f"{TMAX}_mean_30d"].notna().sum() < len(data.table)


def test_every_claim_has_its_p_value(tmp_path):
    table = conclusions(*tables(demo(tmp_path)), "snow_pixels")
    claims = table[table["p_value"].notna()]
    assert len(claims) > 60 and claims["statement"].str.contains(r"p [=<] [\d.]+").all()
    assert (claims["significant"] == (claims["p_adjusted"] < 0.05)).all()
    assert (claims["p_adjusted"] >= claims["p_value"]).all()
    assert not table[table["p_value"].isna()]["significant"].any()
    assert not table["evidence"].str.contains("nan").any()
    calm = claims[~claims["significant"]]
    assert calm["statement"].str.contains("no significant").all() and len(calm)
    loud = claims[claims["significant"]]
    assert not loud["statement"].str.contains("no significant").any()
    winter = table[table["statement"].str.startswith("Number of snow pixels in DJF")]
    assert len(winter) == 1 and f"{len(claims)} tests" in table["statement"].iloc[-1]


@pytest.mark.parametrize("seed", [5, 8, 13])
def test_some_low_p_values_of_many_tests_are_no_finding(seed):
    """Weather that has nothing to do with the snow, where two to six of ten p-values are below 0.05 by chance."""
    table = daily_weather(8, seed=seed).rename(columns={"time": "date"})[::9]
    table["snow_pixels"] = np.random.default_rng(seed + 99).normal(40_000, 5_000, len(table))
    single = single_regressions(table, "snow_pixels", VARIABLES)
    multiple, _ = multiple_regression(table, "snow_pixels", VARIABLES)
    trends = season_trends([(table, ["snow_pixels"])])
    assert (single[["p_value", "p_deseasonalized"]] < 0.05).to_numpy().sum() >= 2
    found = conclusions(findings_table([]), trends, single, multiple, "snow_pixels")
    claims = found[found["topic"].str.contains("regression") & found["p_value"].notna()]
    assert claims["statement"].str.contains("no significant relation").all()
    assert "and 0 are significant" in found["statement"].iloc[-1]


def test_numbers_of_sentences():
    assert [number_text(value) for value in (-9137.68, 0.0631, 0.0, -1e-12)] == ["−9,138", "+0.0631", "0", "0.00000000"]


def test_lines_break_where_dates_are_missing():
    dates = np.array(["2020-01-01", "2020-01-08", "2020-01-15", "2020-06-01"], "datetime64[D]")
    drawn, values = broken_line(dates, np.arange(4))
    assert len(drawn) == 5 and np.isnan(values[3]) and dates[2] < drawn[3] < dates[3]


def test_figures_are_drawn_and_alike_twice(tmp_path):
    data = demo(tmp_path)
    trends = tables(data)[1]
    years = pd.concat([yearly_values(data.table, ["snow_pixels"]), yearly_values(data.weather, [TMAX])])
    single = single_regressions(data.table, "snow_pixels", VARIABLES)
    partials = multiple_regression(data.table, "snow_pixels", VARIABLES)[1]

    def figures():
        return [
            snow_series_figure(data.table, data.weather, "snow_pixels", VARIABLES, "test"),
            snow_seasons_figure(data.table, data.weather, years, trends, "snow_pixels", TMAX, "test"),
            regressions_figure(data.table, single, "snow_pixels", "test"),
            partial_figure(partials, "snow_pixels", "test"),
        ]

    labels = {axes.get_xlabel() for axes in figures()[2].axes}
    assert {"highest temperature (°C)", "precipitation (mm)", "snowfall (cm)", "relative humidity (%)"} < labels
    for number, pair in enumerate(zip(figures(), figures(), strict=True)):
        paths = [tmp_path / f"{number}_{place}.png" for place in range(2)]
        for figure, path in zip(pair, paths, strict=True):
            save_figure(figure, path, dpi=60)
        assert paths[0].read_bytes() == paths[1].read_bytes()


@needs_published
def test_the_published_regressions():
    data = read_joined(PUBLISHED, "snow_pixels", VARIABLES, {"snow_pixels": "snow_pixel_count"})
    rows = single_regressions(data.table, "snow_pixels", VARIABLES)
    assert rows["r"].round(3).tolist() == [-0.498, -0.516, 0.080, 0.263, -0.281]
    assert rows["slope"][0].round(1) == -9137.7
    # the classic p-value would call precipitation significant
    assert rows["p_classic"][2] < 0.05 < rows["p_value"][2]
    table = conclusions(*tables(data, ()), "snow_pixels")
    snow = table[table["statement"].str.startswith("Number of snow pixels in")]
    assert len(snow) == 4 and snow["statement"].str.contains("no significant trend").all()
    assert table["evidence"].str.contains("254 dates").any()
