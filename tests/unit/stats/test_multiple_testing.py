"""Adjusted p-values of many tests and the verdicts and sentences that follow from them."""

import numpy as np
import pandas as pd
import pytest

from climate_indicators.stats.multiple_testing import adjust_table, adjusted_p
from climate_indicators.stats.trends import adjusted_trends, trend_row

YEARS = np.arange(2000, 2020)


def test_adjusted_p_values_are_those_of_the_formula():
    # p times the number of tests over its rank, and no smaller one for a larger p
    found = adjusted_p(np.array([0.01, np.nan, 0.04, 0.03]))
    np.testing.assert_allclose(found[[0, 2, 3]], [0.03, 0.04, 0.04])
    assert np.isnan(found[1])
    assert np.isnan(adjusted_p(np.array([np.nan]))).all() and adjusted_p(np.array([])).shape == (0,)
    assert adjusted_p(np.array([0.03])) == pytest.approx(0.03), "one test is not adjusted"


def test_families_are_adjusted_apart_and_columns_together():
    table = pd.DataFrame({"family": ["a", "b", "a"], "p_value": [0.03, 0.03, 0.5], "p_other": [0.9, 0.8, 0.7]})
    apart = adjust_table(table, 0.05, ["family"])
    assert apart["p_adjusted"].tolist() == pytest.approx([0.06, 0.03, 0.5])
    assert apart["significant"].tolist() == [False, True, False]
    columns = {"p_value": ("p_adjusted", "significant"), "p_other": ("p_other_adjusted", "significant_other")}
    both = adjust_table(table, 0.05, columns=columns)
    assert both["p_adjusted"].iloc[0] == pytest.approx(adjusted_p(np.array([0.03, 0.03, 0.5, 0.9, 0.8, 0.7]))[0])
    assert not both[["significant", "significant_other"]].any().any()
    assert "p_adjusted" not in table, "the table given is not changed"


def test_many_trends_of_noise_give_few_findings_however_they_depend():
    """Of 40 families of 20 trends without a change, hardly one has a finding; without adjustment, a third have."""
    rng = np.random.default_rng(0)
    adjusted, alone = 0, 0
    for _ in range(40):
        shared = rng.normal(size=20)
        rows = [
            trend_row(f"series {number}", "m", YEARS, rng.choice([-1, 1]) * shared + rng.normal(size=20), np.zeros(20))
            for number in range(20)
        ]
        table = pd.DataFrame(rows)
        alone += table["significant"].any()
        adjusted += adjusted_trends(table)["significant"].any()
    assert adjusted <= 4 and alone >= 10


def test_sentences_follow_the_adjusted_p_value():
    rng = np.random.default_rng(5)
    weak = 0.18 * np.arange(20) + rng.normal(size=20)
    rows = [trend_row("weak change", "m", YEARS, weak, np.zeros(20))]
    assert 0.005 < rows[0]["p_value"] < 0.05 and "Weak change rose" in rows[0]["sentence"]
    rows += [trend_row("noise", "m", YEARS, rng.normal(size=20), np.zeros(20)) for _ in range(30)]
    rows += [trend_row("strong change", "m", YEARS, np.arange(20.0) + rng.normal(size=20), np.zeros(20))]
    rows += [trend_row("short", "m", YEARS[:3], [1.0, 2.0, 3.0], np.zeros(3))]
    table = adjusted_trends(pd.DataFrame(rows))
    sentence = table["sentence"].iloc[0]
    assert "no significant trend" in sentence and "adjusted for 32 tests" in sentence
    assert "excludes 0, since it is that of one test alone" in sentence
    assert table["significant"].iloc[-2] and "Strong change rose" in table["sentence"].iloc[-2]
    assert np.isnan(table["p_adjusted"].iloc[-1]) and not table["significant"].iloc[-1]
    assert table["sentence"].iloc[-1] == rows[-1]["sentence"]
