"""Batched regressions against statsmodels, one cell at a time."""

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.outliers_influence import variance_inflation_factor

from climate_indicators.ocean.biomes.regression import Status, cell_means, regress


@pytest.fixture
def sample():
    """Forty cells of 5 to 70 points in physical units, drivers correlated, target noisy."""
    rng = np.random.default_rng(3)
    cells = np.sort(rng.integers(0, 40, 1400))
    shared = rng.normal(size=1400)
    sst = 15 + 0.3 * cells + rng.normal(size=1400) + shared
    dic = 2050 + 12 * rng.normal(size=1400) - 15 * shared
    alk = 2300 + 9 * rng.normal(size=1400) + 4 * shared
    fco2 = 12.7 * sst + 1.35 * dic - 1.06 * alk + 30 * rng.normal(size=1400)
    return np.array([sst, dic, alk]), fco2, cells


def test_slopes_p_values_r2_and_vif_equal_those_of_statsmodels(sample):
    drivers, target, cells = sample
    found = regress(drivers, target, cells, 41)
    for cell in range(40):
        inside = cells == cell
        design = sm.add_constant(drivers[:, inside].T)
        fit = sm.OLS(target[inside], design).fit()
        np.testing.assert_allclose(found.slopes[:, cell], fit.params[1:], rtol=1e-8)
        np.testing.assert_allclose(found.p_values[:, cell], fit.pvalues[1:], rtol=1e-8, atol=1e-14)
        np.testing.assert_allclose(found.r2[cell], fit.rsquared, rtol=1e-8)
        vif = [variance_inflation_factor(design, column) for column in (1, 2, 3)]
        np.testing.assert_allclose(found.vif[:, cell], vif, rtol=1e-8)
        kept = (fit.pvalues[1:] <= 0.04).all()
        assert found.status[cell] == (Status.KEPT if kept else Status.NOT_SIGNIFICANT)
        assert found.n_points[cell] == inside.sum()
    assert found.status[40] == Status.NO_POINTS and np.isnan(found.slopes[:, 40]).all()
    assert {Status.KEPT, Status.NOT_SIGNIFICANT} <= set(found.status[:40].tolist())


def test_condition_number_is_that_of_the_standardized_drivers(sample):
    drivers, target, cells = sample
    found = regress(drivers, target, cells, 40)
    inside = drivers[:, cells == 7]
    standard = (inside - inside.mean(axis=1, keepdims=True)) / inside.std(axis=1, keepdims=True)
    assert found.condition[7] == pytest.approx(np.linalg.cond(standard.T), rel=1e-9)


def test_a_nearly_exact_relation_keeps_its_slopes(sample):
    drivers, _, cells = sample
    target = 12.7 * drivers[0] + 1.35 * drivers[1] - 1.06 * drivers[2] + 300
    found = regress(drivers, target, cells, 40)
    np.testing.assert_allclose(found.slopes, np.repeat([[12.7], [1.35], [-1.06]], 40, axis=1), rtol=1e-9)
    assert (found.status == Status.KEPT).all() and (found.r2 > 1 - 1e-12).all()


def test_samples_with_a_gap_are_left_out(sample):
    drivers, target, cells = sample
    holed = drivers.copy()
    holed[1, ::5] = np.nan
    whole = np.arange(len(cells)) % 5 != 0
    found = regress(holed, target, cells, 40)
    expected = regress(drivers[:, whole], target[whole], cells[whole], 40)
    np.testing.assert_array_equal(found.slopes, expected.slopes)
    np.testing.assert_array_equal(found.status, expected.status)


def test_every_reason_of_rejection_is_told():
    rng = np.random.default_rng(0)
    cells = np.repeat([0, 2, 3, 4], [4, 20, 20, 20])
    drivers = rng.normal(size=(3, 64))
    drivers[1, cells == 2] = 2000.0  # does not vary
    drivers[2, cells == 3] = 2 * drivers[0, cells == 3] - drivers[1, cells == 3]
    target = drivers.sum(axis=0)
    target[cells == 4] = rng.normal(size=20)
    found = regress(drivers, target, cells, 5)
    assert found.status.tolist() == [
        Status.TOO_FEW_POINTS,
        Status.NO_POINTS,
        Status.DEPENDENT_DRIVERS,
        Status.DEPENDENT_DRIVERS,
        Status.NOT_SIGNIFICANT,
    ]
    assert np.isnan(found.slopes[:, :4]).all()


def test_a_month_without_any_value_has_no_cell():
    found = regress(np.full((3, 10), np.nan), np.zeros(10), np.zeros(10, int), 2)
    assert (found.status == Status.NO_POINTS).all() and (found.n_points == 0).all()


def test_a_control_does_not_decide(sample):
    drivers, target, cells = sample
    noise = np.random.default_rng(1).normal(size=(1, drivers.shape[1]))
    with_control = regress(np.vstack([drivers, noise]), target, cells, 40, tested=3)
    strict = regress(np.vstack([drivers, noise]), target, cells, 40)
    assert (with_control.status == Status.KEPT).sum() > (strict.status == Status.KEPT).sum()


def test_unsorted_cells_are_refused(sample):
    drivers, target, cells = sample
    with pytest.raises(ValueError, match="ascending"):
        regress(drivers, target, cells[::-1], 40)


def test_cell_means_are_weighted_and_skip_gaps():
    values = np.array([[1.0, 3.0, 10.0, np.nan, 7.0]])
    means = cell_means(values, np.array([0, 0, 1, 1, -1]), np.array([1.0, 3.0, 2.0, 5.0, 9.0]), 3)
    np.testing.assert_array_equal(means, [[2.5, 10.0, np.nan]])
