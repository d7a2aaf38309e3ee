"""Other groupings of the slopes, and area-weighted agreement."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score, mutual_info_score

from climate_indicators.ocean.biomes.alternatives import (
    agreement_table,
    by_size,
    fixed_cut,
    gaussian_mixture,
    hdbscan,
    weighted_ami,
)
from climate_indicators.ocean.biomes.ward import standardize, ward

RNG = np.random.default_rng(8)
TRUTH = np.repeat([1, 2, 3], [500, 300, 120])
CELLS = standardize(np.array([(0, 0, 0), (8, 0, 1), (0, 9, 2)])[TRUTH - 1] + RNG.normal(0, 0.8, (920, 3)))[0]
AREA = RNG.uniform(0.2, 2, 920)


@pytest.mark.parametrize("sample", [300, 10_000])
def test_methods_find_blobs_and_number_them_by_size(sample):
    for labels in (
        fixed_cut(ward(CELLS), 3),
        gaussian_mixture(CELLS, 6, sample),
        hdbscan(CELLS, 0.05, sample),
    ):
        seen = labels > 0
        assert seen.mean() > 0.85
        np.testing.assert_array_equal(labels[seen], TRUTH[seen])


def test_mixture_takes_the_lowest_bic():
    assert set(gaussian_mixture(np.random.default_rng(0).normal(size=(400, 3)))) == {1}


def test_hdbscan_leaves_out_noise():
    noise = np.random.default_rng(1).uniform(-15, 15, (60, 3))
    labels = hdbscan(np.concatenate([CELLS, noise]), 0.05)
    assert (labels[920:] == 0).mean() > 0.8


def test_same_seed_same_labels():
    for method in (gaussian_mixture, hdbscan):
        np.testing.assert_array_equal(method(CELLS, sample=300, seed=4), method(CELLS, sample=300, seed=4))


def test_by_size_keeps_noise():
    assert by_size(np.array([7, 0, 3, 3, 0, 0, 0, 5])).tolist() == [3, 0, 1, 1, 0, 0, 0, 2]


def test_equal_weights_give_scikit_learns_ami():
    rng = np.random.default_rng(2)
    for k in (2, 5, 9):
        first = rng.integers(1, k + 1, 400)
        second = np.where(rng.uniform(size=400) < 0.5, first, rng.integers(1, 4, 400))
        expected = adjusted_mutual_info_score(first, second)
        assert weighted_ami(first, second, np.full(400, 7.3)) == pytest.approx(expected, abs=1e-12)


def test_weights_count_as_repeated_cells_do():
    """The part that is mutual information equals that of cells repeated; chance is that of the cells there are."""
    rng = np.random.default_rng(3)
    first, second, weight = rng.integers(1, 4, 3000), rng.integers(1, 4, 3000), rng.integers(1, 5, 3000)
    second = np.where(rng.uniform(size=3000) < 0.6, first, second)
    repeated = adjusted_mutual_info_score(np.repeat(first, weight), np.repeat(second, weight))
    assert weighted_ami(first, second, weight) == pytest.approx(repeated, abs=2e-3)
    assert mutual_info_score(first, second) > 0.1


def test_agreement_where_the_area_is_counts():
    first = np.repeat([1, 2, 1, 2], 50)
    second = np.concatenate([first[:100], np.tile([1, 2], 50)])
    heavy_where_alike = np.repeat([9.0, 1.0], 100)
    alike = weighted_ami(first, second, heavy_where_alike)
    assert alike > weighted_ami(first, second, np.ones(200)) > weighted_ami(first, second, heavy_where_alike[::-1])


def test_chance_gives_none_and_the_same_gives_one():
    rng = np.random.default_rng(5)
    weight = rng.lognormal(0, 1, 500)
    scores = [weighted_ami(rng.integers(1, 9, 500), rng.integers(1, 9, 500), weight) for _ in range(40)]
    assert abs(np.mean(scores)) < 0.01
    labels = rng.integers(1, 5, 500)
    assert weighted_ami(labels, 10 - labels, weight) == pytest.approx(1)
    assert weighted_ami(np.ones(5, int), np.ones(5, int), np.ones(5)) == 1
    assert weighted_ami(np.ones(500, int), labels, weight) == pytest.approx(0)
    assert np.isnan(weighted_ami(np.zeros(5, int), np.ones(5, int), np.ones(5)))


def test_agreement_table():
    noisy = TRUTH.copy()
    noisy[:100] = 0
    table = agreement_table({"exact": TRUTH, "noisy": noisy}, TRUTH, AREA, truth=np.where(TRUTH == 3, 2, TRUTH))
    assert table.columns.tolist() == ["method", "k", "share_labeled", "ami_with_biomes", "ami_with_truth"]
    assert table["k"].tolist() == [3, 3]
    assert table["share_labeled"].tolist() == pytest.approx([1, AREA[100:].sum() / AREA.sum()])
    assert table["ami_with_biomes"].tolist() == pytest.approx([1, 1])
    assert (table["ami_with_truth"] < 0.95).all()
    assert "ami_with_truth" not in agreement_table({"exact": TRUTH}, TRUTH, AREA)
