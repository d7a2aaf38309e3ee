"""Monthly coverage of a biome, for tests."""

import numpy as np
import pandas as pd

from climate_indicators.ocean.indicators.coverage import month_names


def series(percents, first="1990-01", scaler="frozen", zone="global", biome="SUBTR I"):
    months = month_names(np.datetime64(first) + np.arange(len(percents)))
    columns = {"scaler": scaler, "zone": zone, "month": months, "label": 1, "biome": biome, "percent": percents}
    return pd.DataFrame(columns).assign(lower_percent=0.0, upper_percent=100.0, area_km2=1.0)


def monthly(years, slope=0.0, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    place = np.arange(12 * years)
    return 40 + 10 * np.sin(2 * np.pi * place / 12) + slope * place / 12 + rng.normal(0, noise, len(place))
