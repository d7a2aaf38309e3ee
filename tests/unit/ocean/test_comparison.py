"""Intervals of a classifier's score, and of the lead of one over another, from few blocks of cells."""

import numpy as np
import pytest

from climate_indicators.ocean.classifier.comparison import difference, f1_interval
from climate_indicators.ocean.classifier.skill import macro_f1


def blocks_of_cells(rng, n_blocks, world):
    """Blocks of four classes and the labels of two models, whose errors come in blocks; block, true and two called."""
    parts = []
    for number in range(n_blocks):
        n, hard = rng.integers(6, 40), rng.standard_normal()
        true = rng.choice(4, n, p=rng.dirichlet(np.ones(4))) + 1
        called = []
        for skill in (2.2, 1.9):
            if world == "fronts":
                right = 0.8 if rng.random() < 0.15 or hard > 1 else 0.999
            else:
                right = 1 / (1 + np.exp(-(skill + hard + 0.5 * rng.standard_normal())))
            called.append(np.where(rng.random(n) > right, np.where(true == 4, 3, true + 1), true))
        parts.append((np.full(n, number), true, *called))
    return [np.concatenate(values) for values in zip(*parts, strict=True)]


@pytest.mark.parametrize(("world", "n_blocks"), [("everywhere", 5), ("everywhere", 12), ("fronts", 12)])
def test_intervals_over_few_blocks_hold_the_score_as_often_as_they_say(world, n_blocks):
    """Nominal 95 %; the quantiles of the draws alone hold it in 75 to 88 %, and are a point where no cell is wrong."""
    rng = np.random.default_rng(0)
    _, true, first, second = blocks_of_cells(rng, 4000, world)
    score, lead = macro_f1(true, first), macro_f1(true, first) - macro_f1(true, second)
    held, known = np.zeros(2), np.zeros(2)
    for number in range(120):
        blocks, true, first, second = blocks_of_cells(rng, n_blocks, world)
        intervals = f1_interval(true, first, blocks, number), difference(true, first, second, blocks, number)[1:]
        for place, (value, (lower, upper)) in enumerate(zip((score, lead), intervals, strict=True)):
            known[place] += np.isfinite(lower)
            held[place] += lower <= value <= upper
    assert (known > 60).all() and (held / known > 0.9).all()


def test_a_perfect_score_on_few_blocks_has_no_interval():
    true = np.repeat([1, 2, 3], 40)
    assert np.isnan(f1_interval(true, true, np.arange(120) // 10, 0)).all()
