"""Ward tree and the statistics of its nodes."""

import numpy as np
import pytest
import xarray as xr
from scipy.cluster.hierarchy import linkage

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.biomes.ward import (
    labels_from_nodes,
    linkage_dataset,
    standardize,
    tree_from_dataset,
    tree_of,
    ward,
)
from refusals import raises_naming


@pytest.fixture(scope="module")
def tree():
    return ward(standardize(np.random.default_rng(3).normal(size=(60, 3)) * [1, 5, 0.1])[0])


def below(merges, node):
    """Cells below a node, by following the merges."""
    n = len(merges) + 1
    return [node] if node < n else [cell for child in merges[node - n, :2] for cell in below(merges, int(child))]


def test_standardized_slopes_have_mean_0_and_sd_1():
    slopes = np.random.default_rng(0).normal(3, 2, (40, 3))
    z, mean, sd = standardize(slopes)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(z.std(axis=0, ddof=1), 1)
    np.testing.assert_allclose(z * sd + mean, slopes)


def test_too_few_cells_and_constant_slopes_are_refused():
    with raises_naming(InputError, "2 cells", "1"):
        standardize(np.ones((1, 3)))
    with raises_naming(InputError, "slope 2 of 3", "4"):
        standardize(np.column_stack([np.arange(5), np.full(5, 4.0), np.arange(5)]))
    with pytest.raises(ValueError, match="NaN"):
        standardize(np.array([[1, 2, np.nan], [3, 4, 5]]))


def test_linkage_is_scipys(tree):
    expected = linkage(tree.values, "ward")
    np.testing.assert_allclose(tree.merges[:, 2], expected[:, 2])
    np.testing.assert_array_equal(tree.merges[:, 3], expected[:, 3])


def test_statistics_of_every_node(tree):
    for node in range(2 * tree.n_cells - 1):
        cells = below(tree.merges, node)
        block = tree.values[cells]
        assert tree.members(node).tolist() == cells
        assert tree.size[node] == len(cells)
        assert tree.variance[node] == pytest.approx(np.var(block), abs=1e-12)
        np.testing.assert_allclose(tree.feature_variance[node], block.var(axis=0), atol=1e-12)
        np.testing.assert_allclose(tree.sums[node], block.sum(axis=0), atol=1e-12)
        np.testing.assert_allclose(tree.squares[node], (block**2).sum(axis=0), atol=1e-12)


def test_height_is_the_growth_of_the_sum_of_squares(tree):
    def squares(node):
        return tree.size[node] * tree.feature_variance[node].sum()

    for node in range(tree.n_cells, tree.root + 1):
        left, right = tree.children(node)
        growth = squares(node) - squares(left) - squares(right)
        assert tree.height[node] == pytest.approx(np.sqrt(2 * growth))


def test_labels_from_nodes(tree):
    left, right = tree.children(tree.root)
    labels = labels_from_nodes(tree, [left, right])
    assert set(labels[tree.members(left)]) == {1} and set(labels[tree.members(right)]) == {2}
    assert set(labels_from_nodes(tree, [left, right], [5, 5])) == {5}
    with raises_naming(ValueError, "60"):
        labels_from_nodes(tree, [left])
    with raises_naming(ValueError, "60"):
        labels_from_nodes(tree, [tree.root, left])


def test_tree_goes_through_a_dataset(tree, tmp_path):
    path = tmp_path / "linkage.nc"
    linkage_dataset(tree).to_netcdf(path)
    with xr.open_dataset(path) as data:
        again = tree_from_dataset(data)
    for name in ("values", "merges", "order", "start", "sums", "height"):
        np.testing.assert_array_equal(getattr(again, name), getattr(tree, name))


def test_deep_chain_needs_no_recursion():
    """Cells at doubling distances make a tree as deep as it has cells."""
    values = np.column_stack([1.01 ** np.arange(3000.0), np.zeros(3000)])
    tree = ward(values)
    assert sorted(tree.members(tree.root)) == list(range(3000))


def test_linkage_of_another_number_of_cells_is_refused(tree):
    with raises_naming(ValueError, "59 cells", "58 merges"):
        tree_of(tree.values[:-1], tree.merges)
