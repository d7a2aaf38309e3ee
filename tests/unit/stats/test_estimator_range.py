"""Distance of the bounds from a range of estimates: equation of Imbens and Manski, limits, coverage in simulation."""

import numpy as np
import pytest
from scipy import stats

from climate_indicators.stats.estimator_range import reach_beyond_range


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95])
def test_alike_estimates_keep_the_two_sided_reach_and_distant_ones_have_the_one_sided(confidence):
    two_sided, one_sided = stats.norm.ppf([(1 + confidence) / 2, confidence])
    found = reach_beyond_range(np.array([3.0, 3.0, 0.0]), np.array([0.0, 1e3, 1.0]), confidence)
    assert found == pytest.approx([3, 3 * one_sided / two_sided, 0], abs=1e-9)


def test_equation_6_of_imbens_and_manski():
    reach, gap = 2.0, np.array([0.1, 0.7, 2.0])
    standard = reach / stats.norm.ppf(0.975)
    bound = reach_beyond_range(np.full(3, reach), gap, 0.95) / standard
    np.testing.assert_allclose(stats.norm.cdf(bound + gap / standard) - stats.norm.cdf(-bound), 0.95)
    assert (np.diff(bound) < 0).all()


@pytest.mark.parametrize("gap", [0.0, 1.0, 5.0])
def test_coverage_at_either_end_of_the_range(gap):
    error = np.random.default_rng(0).standard_normal(20_000)
    reach = float(reach_beyond_range(stats.norm.ppf(0.975), gap, 0.95))
    for truth in (0.0, gap):
        assert np.mean((error - reach <= truth) & (truth <= gap + error + reach)) == pytest.approx(0.95, abs=0.005)
