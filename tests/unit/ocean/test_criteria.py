"""Scores of cuts, and the choice among them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import calinski_harabasz_score, silhouette_score

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.biomes.alternatives import fixed_cut
from climate_indicators.ocean.biomes.criteria import (
    CRITERIA,
    DENSITY,
    GRIDS,
    PARAMETERS,
    PUBLISHED,
    calinski_harabasz,
    choose,
    cut_table,
    gap_statistic,
    published_criteria,
    silhouettes,
    stabilities,
)
from climate_indicators.ocean.biomes.cuts import density_cut, published_cut, scaled_delta_dist
from climate_indicators.ocean.biomes.ward import standardize, ward
from refusals import raises_naming

FAST = {"sample": 400, "references": 3, "bootstraps": 3, "bootstrap_cells": 400}


def blobs(centers, size=250, spread=0.5, seed=0):
    rng = np.random.default_rng(seed)
    cells = np.concatenate([rng.normal(center, spread, (size, 3)) for center in centers])
    return ward(standardize(cells)[0])


@pytest.fixture(scope="module")
def four():
    return blobs([(0, 0, 0), (6, 0, 1), (0, 6, 2), (7, 7, 3)])


@pytest.fixture(scope="module")
def cloud():
    return blobs([(0, 0, 0)], size=600)


def within(tree, labels):
    groups = [tree.values[labels == label] for label in np.unique(labels)]
    return sum(((group - group.mean(axis=0)) ** 2).sum() for group in groups)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_every_criterion_chooses_the_planted_blobs(four, criterion):
    table, cut = cut_table(four, DENSITY, criterion=criterion, **FAST)
    assert cut.k == 4
    assert table["chosen"].sum() == 1 and table.loc[table["chosen"], "k"].item() == 4
    assert [len(set(cut.labels[250 * blob : 250 * blob + 250])) for blob in range(4)] == [1] * 4


@pytest.mark.parametrize("mode", [PUBLISHED, DENSITY])
def test_table_has_a_row_for_each_point_of_the_grid(four, mode):
    table, chosen = cut_table(four, mode, scale_by_cells=True, **FAST)
    names = list(PARAMETERS[mode])
    assert list(table.columns) == [
        "mode", *names, "k", "silhouette", "gap", "gap_sd", "calinski_harabasz", "stability", "published_bic",
        "published_aic", "smallest_share", "chosen",
    ]  # fmt: skip
    assert len(table) == 16 and not table[names].duplicated().any()
    assert {name: tuple(table[name].unique()) for name in names} == GRIDS[mode]
    for place in (0, 7, 15):
        row = table.iloc[place]
        first, second = row[names]
        cut = (
            published_cut(four, scaled_delta_dist(four.n_cells, first), second)
            if mode == PUBLISHED
            else density_cut(four, first, second)
        )
        counts = np.bincount(cut.labels)[1:]
        assert row["k"] == cut.k
        assert row["smallest_share"] == pytest.approx(counts.min() / four.n_cells)
        assert row["calinski_harabasz"] == pytest.approx(calinski_harabasz_score(four.values, cut.labels))
        assert row["published_bic"] == pytest.approx(
            -2 * np.log(counts / four.n_cells).sum() + 3 * np.log(four.n_cells)
        )
        if row["chosen"]:
            np.testing.assert_array_equal(chosen.labels, cut.labels)


def test_same_seed_same_table(four):
    first, second = (cut_table(four, DENSITY, seed=5, **FAST)[0] for _ in range(2))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_a_cloud_may_be_one_biome_by_the_gap_only(cloud):
    grid = {"max_density_ratio": [0.8, 1.0], "compactness": [0.5]}
    for criterion, k in (("gap", 1), ("silhouette", None)):
        table, cut = cut_table(cloud, DENSITY, grid, criterion=criterion, **FAST)
        assert table["k"].iloc[0] == 1 and np.isnan(table["silhouette"].iloc[0])
        assert np.isnan(table["calinski_harabasz"].iloc[0])
        assert cut.k == (k or table["k"].iloc[1])
    table, cut = cut_table(cloud, DENSITY, {"max_density_ratio": [0.8], "compactness": [0.5]}, **FAST)
    assert cut.k == 1 and table["chosen"].all(), "where the grid holds nothing else"


def test_ties_go_to_fewer_clusters_then_to_the_first():
    table = pd.DataFrame({"k": [5, 3, 3, 2, 1], "silhouette": [0.6, 0.59, 0.595, 0.5, np.nan]})
    assert choose(table, "silhouette") == 1
    assert choose(pd.DataFrame({"k": [5, 3, 1], "stability": [0.6, 0.4, 1.0]}), "stability") == 0
    assert choose(pd.DataFrame({"k": [1, 1], "silhouette": [np.nan, np.nan]}), "silhouette") == 0


def test_gap_takes_the_first_number_that_the_next_does_not_clearly_exceed():
    table = pd.DataFrame({"k": [7, 4, 2, 4, 3], "gap": [2.9, 2.0, 1.0, 1.9, 1.5], "gap_sd": 0.05})
    assert choose(table, "gap") == 0
    assert choose(table.assign(gap_sd=[1.0, 0.05, 0.05, 0.05, 0.05]), "gap") == 1
    assert choose(table.assign(gap_sd=0.6), "gap") == 2


def test_silhouettes_are_scikit_learns(four):
    labels = [fixed_cut(four, count) for count in (2, 4, 7)] + [np.ones(four.n_cells, int)]
    found = silhouettes(four.values, labels, four.n_cells, np.random.default_rng(0))
    assert found[:3] == pytest.approx([silhouette_score(four.values, each) for each in labels[:3]])
    assert np.isnan(found[3])
    sampled = silhouettes(four.values, labels[:1], 300, np.random.default_rng(0))
    assert sampled == pytest.approx(found[:1], abs=0.05)


def test_gap_is_that_of_tibshirani(four):
    """Against references clustered by cutting their trees, with the same random numbers."""
    counts = [1, 2, 4, 5]
    spread = [within(four, fixed_cut(four, count)) for count in counts]
    gap, gap_sd = gap_statistic(four, counts, spread, 4, 300, np.random.default_rng(7))
    rng = np.random.default_rng(7)
    axes = np.linalg.svd(four.values, full_matrices=False)[2].T
    box = four.values @ axes
    logs = []
    for _ in range(4):
        reference = ward(rng.uniform(box.min(axis=0), box.max(axis=0), (300, 3)))
        logs.append([np.log(within(reference, fixed_cut(reference, count)) / 300) for count in counts])
    np.testing.assert_allclose(gap, np.mean(logs, axis=0) - np.log(np.array(spread) / four.n_cells))
    np.testing.assert_allclose(gap_sd, np.std(logs, axis=0) * np.sqrt(1 + 1 / 4))
    assert choose(pd.DataFrame({"k": counts, "gap": gap, "gap_sd": gap_sd}), "gap") == 2
    assert np.isnan(gap_statistic(four, counts, spread, 0, 300, rng)).all()


def test_calinski_harabasz_is_scikit_learns(four):
    labels = fixed_cut(four, 3)
    assert calinski_harabasz(four, 3, within(four, labels)) == pytest.approx(
        calinski_harabasz_score(four.values, labels)
    )


def test_stability_tells_real_from_forced_clusters(four, cloud):
    def stability(tree, mode, **point):
        settings = {"mode": mode, "points": [point], "min_share": 0.01, "scale_by_cells": True}
        cut = density_cut(tree, **point) if mode == DENSITY else published_cut(
            tree, scaled_delta_dist(tree.n_cells, point["delta_dist"]), point["delta_var"]
        )  # fmt: skip
        return stabilities(tree, [cut.labels], settings, 4, 400, np.random.default_rng(0))[0]

    assert stability(four, DENSITY, max_density_ratio=0.8, compactness=0.1) == 1
    assert stability(cloud, DENSITY, max_density_ratio=0.8, compactness=0.1) == 1
    assert stability(cloud, PUBLISHED, delta_dist=25, delta_var=0.1) < 0.6


def test_published_criteria_by_hand():
    labels = np.array([1] * 4 + [2] * 2 + [3] * 2)
    total = -2 * (np.log(1 / 2) + 2 * np.log(1 / 4))
    assert published_criteria(labels) == pytest.approx((total + 3 * np.log(8), total + 6))


def test_unknown_settings_are_refused_by_name(four):
    with raises_naming(InputError, "'papr'"):
        cut_table(four, "papr")
    with raises_naming(InputError, "'eye'"):
        cut_table(four, PUBLISHED, criterion="eye")
    with raises_naming(InputError, "'gap'", "0 resamples"):
        cut_table(four, PUBLISHED, criterion="gap", references=0)
    with raises_naming(InputError, "delta_dist", "delta_var", "1 values"):
        cut_table(four, PUBLISHED, {"delta_dist": [25]})
