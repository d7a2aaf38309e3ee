"""A mountain whose snow line follows the season, and clouds that hide its heights."""

import numpy as np

from climate_indicators.snow.climate.cloud_gaps import Sample


def mountain(seed, clouds, years=5, size=40):
    """Sample of maps every eight days, and the true share of snow of each.

    Snow lies above a line that moves with the season and the weather, lower on northern slopes, with a ragged edge.
    ``clouds``: ``heights`` (a base of clouds on half of the days), ``half by height`` (single pixels, more often high
    ones), ``always`` (the heights are never seen), or ``none``.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size
    hills = sum(
        rng.uniform(0.3, 1) * np.exp(-((x - rng.uniform()) ** 2 + (y - rng.uniform()) ** 2) / rng.uniform(0.01, 0.08))
        for _ in range(8)
    )
    height = 1000 + 2200 * (hills / hills.max())
    north, east = np.gradient(height)
    snowy = (height + 300 * north / np.hypot(north, east).max()).ravel()
    height, days = height.ravel(), np.arange(0, int(365 * years), 8)
    line = 2100 - 1300 * np.cos(2 * np.pi * (days - 30) / 365.25)
    weather = np.zeros(len(days))
    for day in range(1, len(days)):
        weather[day] = 0.8 * weather[day - 1] + rng.normal(0, 120)
    snow = snowy + rng.normal(0, 80, (len(days), len(snowy))) > (line + weather)[:, None]
    classes = snow.astype("uint8")
    for day in range(len(days)):
        if clouds == "none" or (clouds != "always" and rng.random() < 0.45):
            continue
        base = rng.uniform(1500, 2600)
        hidden = height + rng.normal(0, 100, len(height)) > base
        if clouds == "half by height":
            odds = (height - np.median(height)) / 300 + rng.normal(0.5, 1)
            hidden = rng.random(len(height)) < 1 / (1 + np.exp(-odds))
        classes[day, hidden] = 255
    dates = np.datetime64("2015-01-01") + days.astype("timedelta64[D]")
    return Sample(classes, np.full(len(snowy), 1 / len(snowy)), dates), snow.mean(axis=1)


def rows_of(sample):
    """What `cover.cover_rows` says of the maps of a sample."""
    rows = []
    for number, classes in enumerate(sample.classes):
        seen, snow = (classes != 255).mean(), (classes == 1).mean()
        rows.append({
            "scene": str(number), "snow_area_km2": 10 * snow, "snow_fraction": snow / seen if seen else np.nan,
            "valid_fraction": seen, "least_fraction": snow, "most_fraction": snow + 1 - seen,
        })  # fmt: skip
    return rows
