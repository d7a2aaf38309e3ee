"""The published cut, quirks included, and the repaired one."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from climate_indicators.ocean.biomes.cuts import MIN_GROUP, consolidate, density_cut, published_cut, scaled_delta_dist
from climate_indicators.ocean.biomes.density_separation import DensitySeparation, valley
from climate_indicators.ocean.biomes.ward import standardize, ward


def blobs(centers, size=50, spread=0.3, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(center, spread, (size, 3)) for center in centers])


def published_rules(values, merges, delta_dist, delta_var):
    """The rules as they are told, with lists that are scanned: clusters of cells in the order of acceptance."""
    n = len(values)

    def cells(node):
        found, waiting = [], [node]
        while waiting:
            one = waiting.pop(0)
            if one < n:
                found.append(one)
            else:
                waiting += [int(merges[one - n][0]), int(merges[one - n][1])]
        return found

    def height(node):
        return 0.0 if node < n else merges[node - n][2]

    def variance(node):
        return np.var(np.array([values[cell] for cell in cells(node)]).ravel())

    head, left_stack, right_stack, accepted = 2 * n - 2, [], [], []
    while True:
        for side in (0, 1):
            child = int(merges[head - n][side])
            if child < n:
                accepted.append(cells(child))
                continue
            height_differs = abs(height(head) - height(child)) > delta_dist
            variance_differs = abs(variance(head) - variance(child)) > delta_var
            if height_differs and variance_differs:
                (left_stack if side == 0 else right_stack).append(child)
            else:
                accepted.append(cells(child))
        if left_stack:
            head = left_stack.pop(-1)
        elif right_stack:
            head = right_stack.pop(-1)
        else:
            break
    labels = np.zeros(n, int)
    for number, cluster in enumerate(accepted):
        labels[cluster] = number + 1
    return labels


@pytest.mark.parametrize("delta_dist", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("delta_var", [0.0, 0.05, 0.4])
def test_paper_cut_is_the_published_one_on_random_trees(delta_dist, delta_var):
    found = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        centers = rng.normal(0, 3, (rng.integers(1, 6), 3))
        cells = centers[rng.integers(0, len(centers), 70)] + rng.standard_t(4, (70, 3))
        tree = ward(standardize(cells)[0])
        cut = published_cut(tree, delta_dist, delta_var)
        np.testing.assert_array_equal(
            cut.labels, published_rules(tree.values.tolist(), tree.merges.tolist(), delta_dist, delta_var)
        )
        found.add(cut.k)
    assert min(found) >= 2, "the root is always split"
    # without thresholds every cell is a cluster of its own
    assert found == {70} if delta_dist == delta_var == 0 else len(found) > 1


def test_two_tight_blobs_are_four_clusters():
    tree = ward(blobs([(-10, 0, 0), (10, 0, 0)]))
    cut = published_cut(tree, 25, 0.1)
    assert cut.k == 4
    left, right = tree.children(tree.root)
    assert set(cut.labels[tree.members(left)]) == {1, 2}, "clusters of the left side are accepted first"
    assert set(cut.labels[tree.members(right)]) == {3, 4}


def test_loose_child_just_below_its_parent_is_not_split():
    tree = ward(blobs([(0, -6.5, 0), (0, 6.5, 0), (10, -2, 0), (10, 2, 0)]))
    cut = published_cut(tree, 25, 0.1)
    far, far_too, near, near_too = (set(cut.labels[50 * blob : 50 * blob + 50]) for blob in range(4))
    assert far == far_too and len(far) == 1, "two blobs 13 apart are left merged"
    assert near != near_too and not near & near_too, "and two that are 4 apart are split"


def test_a_child_that_is_a_cell_is_a_cluster():
    values = np.concatenate([blobs([(0, 0, 0)]), [[90.0, 0, 0]]])
    cut = published_cut(ward(values), 1e9, 0)
    assert cut.k == 2 and (cut.labels == cut.labels[-1]).sum() == 1


def test_height_threshold_scales_with_the_square_root_of_the_cells():
    assert scaled_delta_dist(10_725) == 25
    assert scaled_delta_dist(10_725 // 4) == pytest.approx(12.5, rel=1e-3)
    once = blobs([(-1, 0, 0), (1, 0, 0), (0, 3, 0)], spread=0.6)
    doubled = np.concatenate([once, once, once, once])
    for values in (once, doubled):
        cut = published_cut(ward(values), scaled_delta_dist(len(values), 60), 0.05)
        assert cut.k == published_cut(ward(once), scaled_delta_dist(len(once), 60), 0.05).k


def planted(count, seed, cells=1500, bridge=0.06):
    """Long blobs of unequal sizes and spreads in random places, and noise strewn along lines between them."""
    rng = np.random.default_rng(seed)
    sizes = np.maximum(rng.dirichlet(np.full(count, 2.0)) * cells, 0.03 * cells).astype(int)
    spreads = rng.uniform(0.3, 1.0, count)
    centers = []
    while len(centers) < count:
        place = rng.uniform(-1, 1, 3) * 7.5 * count ** (1 / 3)
        gaps = [3.25 * (spreads[len(centers)] + spread) for spread in spreads[: len(centers)]]
        if all(np.linalg.norm(place - other) > gap for other, gap in zip(centers, gaps, strict=True)):
            centers.append(place)
    parts, truth = [], []
    for label, (center, size, spread) in enumerate(zip(centers, sizes, spreads, strict=True), 1):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        parts.append(center + (rng.normal(size=(size, 3)) * [1.26, 0.89, 0.89] * spread) @ turn.T)
        truth += [label] * size
    for _ in range(int(bridge * cells) if count > 1 else 0):
        one, other = rng.choice(count, 2, replace=False)
        share = rng.uniform()
        parts.append((1 - share) * centers[one] + share * centers[other] + rng.normal(0, 0.3, (1, 3)))
        truth.append(0)
    return np.concatenate(parts), np.array(truth)


@pytest.mark.parametrize("count", [1, 2, 4, 7])
@pytest.mark.parametrize("seed", range(5))
def test_robust_cut_finds_planted_blobs(count, seed):
    slopes, truth = planted(count, seed)
    cut = density_cut(ward(standardize(slopes)[0]), 0.8, 0.1)
    assert cut.k == count
    known = truth > 0
    assert adjusted_mutual_info_score(truth[known], cut.labels[known]) > 0.95


@pytest.mark.parametrize("cells", [600, 6000])
def test_robust_cut_holds_for_other_numbers_of_cells(cells):
    for count in (1, 4):
        slopes, _ = planted(count, 11, cells)
        assert density_cut(ward(standardize(slopes)[0]), 0.8, 0.2).k == count


def clouds(seed, cells=800):
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=(cells, 3))
    return {
        "normal": normal,
        "uniform": rng.uniform(size=(cells, 3)),
        "heavy tails": rng.standard_t(4, (cells, 3)),
        "dependent": np.column_stack([normal[:, 0], 2 * normal[:, 1], -1.9 * normal[:, 1] + 0.05 * normal[:, 2]]),
        "long": np.column_stack([rng.uniform(-6, 6, cells), normal[:, 1:]]),
    }


def test_one_cloud_of_any_shape_is_one_biome_and_paper_splits_it():
    for seed in range(3):
        for name, cloud in clouds(seed).items():
            tree = ward(standardize(cloud)[0])
            assert density_cut(tree, 0.8, 0.2).k == 1, name
            assert published_cut(tree, scaled_delta_dist(len(cloud)), 0.1).k >= 2


def test_robust_cut_repairs_the_quirks():
    for centers in ([(-10, 0, 0), (10, 0, 0)], [(0, -6.5, 0), (0, 6.5, 0), (10, -2, 0), (10, 2, 0)]):
        cut = density_cut(ward(blobs(centers)), 0.8, 0.2)
        assert cut.k == len(centers)
        assert all(len(set(cut.labels[50 * blob : 50 * blob + 50])) == 1 for blob in range(len(centers)))


def test_robust_cut_knows_no_units():
    slopes, _ = planted(4, 3)
    plain = density_cut(ward(standardize(slopes)[0]), 0.8, 0.2)
    other = density_cut(ward(standardize(slopes * [1000.0, 0.001, -7.0] + [5, -3, 80])[0]), 0.8, 0.2)
    np.testing.assert_array_equal(plain.labels, other.labels)
    # nor what the tree's values are divided by
    np.testing.assert_array_equal(plain.labels, density_cut(ward(standardize(slopes)[0] * 50), 0.8, 0.2).labels)


def test_outliers_are_no_biome_and_hide_none():
    slopes, truth = planted(4, 2)
    far = np.random.default_rng(5).normal(0, 1, (8, 3)) + [90, -60, 70]
    cut = density_cut(ward(standardize(np.concatenate([slopes, far]))[0]), 0.8, 0.05)
    assert cut.k == 4
    assert np.bincount(cut.labels)[1:].min() > 0.02 * len(slopes)


def test_compact_groups_are_left_whole():
    """Two pairs of blobs: within a pair they are as near, on the scale of all cells, as compactness says."""
    tree = ward(blobs([(-9, -9, -9), (-9, -6, -9), (9, 9, 9), (9, 6, 9)], size=150))
    assert density_cut(tree, 0.8, 0.1).k == 4
    slack = 1.01 * np.sqrt(tree.feature_variance[list(tree.children(tree.root))] / tree.feature_variance[-1]).max()
    assert density_cut(tree, 0.8, slack).k == 2


def test_without_valleys_a_continuum_is_divided_until_it_is_compact():
    rng = np.random.default_rng(4)
    along = rng.uniform(0, 10, 1500)
    tree = ward(standardize(np.column_stack([along, along, -along]) + rng.normal(0, 0.3, (1500, 3)))[0])
    assert density_cut(tree, 0.9, 0.3).k == 1
    cut = density_cut(tree, 1.0, 0.3)
    assert 4 <= cut.k <= 8
    for label in range(1, cut.k + 1):
        assert (tree.values[cut.labels == label].std(axis=0) <= 0.3 * tree.values.std(axis=0)).all()


def test_labels_fall_by_size_and_nodes_hold_them():
    tree = ward(standardize(planted(7, 1)[0])[0])
    cut = density_cut(tree, 0.8, 0.2)
    counts = np.bincount(cut.labels)[1:]
    assert (np.diff(counts) <= 0).all() and counts.min() >= MIN_GROUP
    for node, label in zip(cut.nodes, cut.node_labels, strict=True):
        assert set(cut.labels[tree.members(node)]) == {label}
    assert tree.size[cut.nodes].sum() == tree.n_cells


def test_few_cells_are_one_biome():
    assert density_cut(ward(np.eye(3)), 0.8, 0.2).k == 1


def test_consolidated_borders_lie_half_way_between_the_means():
    values = np.concatenate([blobs([(0, 0, 0), (2, 0, 0)], size=800, spread=0.6), blobs([(0, 9, 0)], size=200)])
    askew = np.where(values[:, 1] > 5, 3, np.where(values[:, 0] < 1.7, 1, 2))
    labels = consolidate(values, askew)
    means = np.array([values[labels == label].mean(axis=0) for label in (1, 2, 3)])
    nearest = 1 + ((values[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(labels, nearest)
    truth = np.repeat([1, 2, 3], [800, 800, 200])
    assert (askew == truth).mean() < 0.9 < 0.94 < (labels == truth).mean()
    np.testing.assert_array_equal(consolidate(values, labels), labels)
    assert set(consolidate(values, np.ones(len(values), int))) == {1}


def test_valley_of_two_groups():
    rng = np.random.default_rng(1)
    one, touching, apart = (rng.normal((place, 0, 0), 1, (3000, 3)) for place in (0, 1, 7))
    assert valley(one, apart) < 0.25
    assert valley(one, touching) == 1
    assert valley(one, apart) == pytest.approx(valley(apart, one))
    assert valley(one * 1e6, apart * 1e6) == pytest.approx(valley(one, apart))
    few = valley(one[:40], apart[:40])
    assert few > valley(one, apart), "few cells are less sure"


def test_valleys_are_computed_once_and_symmetric():
    tree = ward(blobs([(-10, 0, 0), (10, 0, 0)]))
    valleys, (left, right) = DensitySeparation(tree), tree.children(tree.root)
    assert valleys.between((left,), (right,)) == valleys.between((right,), (left,)) < 0.8
    assert valleys.distance((left,), (right,)) == pytest.approx(20, abs=0.3)
