"""Seasonal cycle with its spread over the years."""

import numpy as np
import pandas as pd
import pytest

from climate_indicators.ocean.indicators.seasons import seasonal_cycle

MONTHS = [f"{year}-{month:02d}" for year in (2000, 2001, 2002) for month in range(1, 13)]


def coverage(percents, **keys):
    columns = {"scaler": "frozen", "zone": "global", "month": MONTHS[: len(percents)], "label": 1, "biome": "ICE I"}
    return pd.DataFrame(columns | keys | {"percent": percents})


def test_mean_and_spread_over_the_years():
    year = np.repeat([10.0, 20.0, 60.0], 12)
    cycle = seasonal_cycle(coverage(year + np.tile(np.arange(12), 3)))
    assert cycle["calendar_month"].tolist() == list(range(1, 13)) and (cycle["n_years"] == 3).all()
    np.testing.assert_allclose(cycle["mean_percent"], 30 + np.arange(12))
    np.testing.assert_allclose(cycle["sd_percent"], np.std([10, 20, 60], ddof=1))
    np.testing.assert_allclose(cycle["min_percent"], 10 + np.arange(12))
    np.testing.assert_allclose(cycle["max_percent"], 60 + np.arange(12))


def test_one_year_has_no_spread_and_a_started_year_counts_where_it_is():
    cycle = seasonal_cycle(coverage(np.arange(14.0)))
    assert cycle["n_years"].tolist() == [2, 2] + [1] * 10
    assert cycle["sd_percent"].notna().tolist() == [True, True] + [False] * 10
    assert cycle["mean_percent"].iloc[0] == pytest.approx(6)


def test_scalers_zones_and_biomes_are_kept_apart():
    table = pd.concat(
        [
            coverage(np.full(36, 1.0), scaler="monthly"),
            coverage(np.full(36, 2.0), zone="arctic"),
            coverage(np.full(36, 3.0), label=2, biome="SUBTR I"),
        ]
    )
    means = seasonal_cycle(table).groupby(["scaler", "zone", "biome"])["mean_percent"].unique().to_dict()
    assert means == {
        ("frozen", "arctic", "ICE I"): [2],
        ("frozen", "global", "SUBTR I"): [3],
        ("monthly", "global", "ICE I"): [1],
    }
