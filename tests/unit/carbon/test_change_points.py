"""Changes of level: planted ones are found beside trend and season, noise has about as many as asked for."""

import numpy as np
import pytest

from cases import shortened
from climate_indicators.carbon.series.change_points import (
    MIN_SEGMENT,
    MIN_VALUES,
    ChangePoint,
    change_points,
    regressors,
    shape_of,
)

N = 96
MONTHS = np.arange(N)


def series(seed, step=0.0, half_life=np.inf, at=60):
    """Trend of 0.05 and a season of ±5 beside noise of 1, with one change."""
    noise = np.random.default_rng(seed).normal(0, 1, N)
    change = step * shape_of(ChangePoint(at, step, 0.0, half_life), MONTHS)
    return 0.05 * MONTHS + 5 * np.sin(2 * np.pi * MONTHS / 12) + noise + change


def search(values, **settings):
    return change_points(values, season=MONTHS % 12, draws=199, **settings)


def test_noise_with_trend_and_season_has_no_change_in_most_series():
    """A significance of 5 % over 200 series: 10 are expected, 18 or more would come in one of 100 tries."""
    assert sum(bool(search(series(seed))) for seed in range(200)) < 18


def test_a_stricter_significance_has_fewer_false_changes():
    assert sum(bool(search(series(seed), significance=0.01)) for seed in range(100)) <= 4


@pytest.mark.parametrize("half_life", [np.inf, 18.0, 6.0])
def test_planted_changes_are_found_where_they_are(half_life):
    hits = 0
    for seed in range(30):
        found = search(series(seed, -5.0, half_life))
        hits += any(abs(one.position - 60) <= 1 and one.size < -2.5 for one in found)
    assert hits >= 27


def test_two_steps_are_found_in_order():
    values = series(0, -6.0, at=30) + 6.0 * (MONTHS >= 70)
    found = search(values)
    assert [abs(one.position - place) <= 1 for one, place in zip(found, (30, 70), strict=True)] == [True, True]
    assert found[0].size < -4 and found[1].size > 4


def test_a_straight_line_and_a_season_alone_have_no_change():
    assert search(0.05 * MONTHS + 5 * np.sin(2 * np.pi * MONTHS / 12)) == []
    assert search(np.full(N, 7.0)) == [] and search(np.zeros(N)) == []


def test_a_step_without_noise_is_found_alone():
    found = change_points(np.where(np.arange(60) >= 25, 3.0, 1.0), draws=99)
    assert [(one.position, one.half_life) for one in found] == [(25, np.inf)]
    assert found[0].size == pytest.approx(2.0)


def test_too_few_values_have_no_change():
    assert change_points(np.r_[np.zeros(11), np.full(MIN_VALUES - 12, 9.0)]) == []


def test_changes_keep_away_from_the_ends_and_from_one_another():
    values = np.random.default_rng(5).normal(0, 1, N).cumsum()
    places = [0, *(one.position for one in change_points(values, significance=0.9, draws=39)), N]
    assert len(places) > 2 and min(np.diff(places)) >= MIN_SEGMENT


def test_the_same_seed_gives_the_same_changes():
    values = series(3, -3.0)
    assert search(values, seed=7) == search(values, seed=7)


def test_shape_halves_and_begins_at_its_place():
    shape = shape_of(ChangePoint(2, 1.0, 0.0, 6.0), np.array([1, 2, 8, 14]))
    np.testing.assert_allclose(shape, [0, 1, 0.5, 0.25])
    assert shape_of(ChangePoint(2, 1.0, 0.0), np.array([1, 2, 900])).tolist() == [0, 1, 1]


def test_regressors_span_line_and_season():
    assert regressors(np.arange(5.0)).shape == (5, 2)
    with_season = regressors(np.arange(24.0), np.arange(24) % 12)
    assert with_season.shape == (24, 13) and np.linalg.matrix_rank(with_season) == 13


def autoregression(seed, n, phi):
    noise = np.random.default_rng(seed).normal(0, np.sqrt(1 - phi**2), n + 60)
    for place in range(1, n + 60):
        noise[place] += phi * noise[place - 1]
    return noise[60:]


@pytest.mark.parametrize("phi", shortened([0.0, 0.3, 0.6], 0.6))
def test_memory_makes_no_false_changes(phi):
    """At 36 months the search that took one estimate of the memory for true found changes in 10 and 29 % of series."""
    months = np.arange(36)
    found = sum(bool(change_points(autoregression(seed, 36, phi), draws=99, seed=seed)) for seed in range(120))
    assert found <= 0.13 * 120
    with_season = autoregression(1, 36, phi) + 50 * (months % 12 == 6)
    assert all(one.size < 10 for one in change_points(with_season, season=months % 12, draws=99))


def test_a_clear_change_is_found_in_spite_of_memory():
    hits = 0
    for seed in range(30):
        values = autoregression(seed, 84, 0.6) - 5.0 * (np.arange(84) >= 56)
        hits += any(abs(one.position - 56) <= 1 for one in change_points(values, draws=99, seed=seed))
    assert hits >= 24
