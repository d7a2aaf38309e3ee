"""Retrieval, geometry, the test of the translated copy and planes: exact cases, controls, and figures of them."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from climate_indicators.plotting.snow.embeddings import domain_shift_figure, plane_figure, retrieval_figure
from climate_indicators.plotting.style import save_figure
from climate_indicators.snow.embeddings.bootstrap import mean_interval, ratio_interval
from climate_indicators.snow.embeddings.domain_shift import cloud_distance, domain_shift, probe_hits
from climate_indicators.snow.embeddings.projection import projection_table
from climate_indicators.snow.embeddings.retrieval import (
    chance_recall,
    geometry_table,
    partner_ranks,
    retrieval_table,
    uniformity,
)

PLACES = np.arange(240) % 24
FIT = PLACES % 3 > 0


def clouds():
    """A cloud that is no ball, a translation and a rotation."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(240, 6)) * np.linspace(0.5, 2, 6)
    return points, rng.normal(size=6) * 3, np.linalg.qr(rng.normal(size=(6, 6)))[0], rng


def value(found, measure, state, column="value"):
    return found.table.set_index(["measure", "state"]).loc[(measure, state), column]


def test_a_translated_copy_is_recognized():
    points, shift, _, rng = clouds()
    found = domain_shift(points, points + shift + rng.normal(0, 0.1, points.shape), PLACES, FIT, ~FIT)
    assert found.kind == "translated" and "are translated copies of each other" in found.sentence
    assert value(found, "pair_distance", "translated", "share_removed") > 0.98
    assert value(found, "cloud_distance", "translated", "share_removed") > 0.98
    assert value(found, "probe_accuracy", "before") > 0.95
    assert abs(value(found, "probe_accuracy", "translated") - 0.5) < 0.1


def test_a_rotated_copy_is_recognized_as_rotated_not_translated():
    points, shift, turn, _ = clouds()
    found = domain_shift(points, points @ turn + shift, PLACES, FIT, ~FIT)
    assert found.kind == "rotated" and "not translated copies of each other, but rotated ones" in found.sentence
    assert value(found, "pair_distance", "rotated") == pytest.approx(0, abs=1e-12)
    assert value(found, "pair_distance", "translated") > 0.5
    assert value(found, "pair_distance", "rotated_shuffled") > 0.5
    # the gap that a plot shows is gone although the pairs are no copies
    assert value(found, "cloud_distance", "translated", "share_removed") > 0.7
    assert "without bringing each partner to its own" in found.sentence


def test_unrelated_clouds_are_neither_though_the_translation_removes_their_gap():
    points, shift, _, rng = clouds()
    found = domain_shift(points, rng.permutation(points) + shift, PLACES, FIT, ~FIT)
    assert found.kind == "unrelated" and "no more alike than those of shuffled pairs" in found.sentence
    assert value(found, "cloud_distance", "translated", "share_removed") > 0.8
    for state in ("translated", "rotated", "rotated_shuffled"):
        assert value(found, "pair_distance", state) == pytest.approx(1, abs=0.2)


def test_related_clouds_are_no_copies_and_equal_ones_have_no_gap():
    points, shift, _, rng = clouds()
    found = domain_shift(points, points + shift + 1.2 * rng.normal(size=points.shape), PLACES, FIT, ~FIT)
    assert found.kind == "related" and 0.1 < value(found, "pair_distance", "translated") < 0.7
    same = domain_shift(points, points, PLACES, FIT, ~FIT)
    assert same.kind == "same" and "lie together already" in same.sentence
    assert np.isnan(value(same, "cloud_distance", "translated", "share_removed"))


def test_the_translation_is_fitted_on_other_pairs_than_it_is_measured_on():
    points, shift, _, _ = clouds()
    moved = points + np.where(FIT[:, None], shift, -shift)
    found = domain_shift(points, moved, PLACES, FIT, ~FIT)
    assert found.kind != "translated"
    assert value(found, "pair_distance", "translated", "share_removed") < 0


@pytest.mark.parametrize(
    ("fit", "test", "words"),
    [
        (FIT, PLACES == 0, "10 test pairs of 1 places"),
        (FIT, np.arange(240) < 9, "9 test pairs"),
        (np.arange(240) < 11, ~FIT, "80 test pairs of 8 places and 11 pairs to fit with"),
    ],
)
def test_too_few_pairs_give_no_verdict(fit, test, words):
    points, shift, _, _ = clouds()
    found = domain_shift(points, points + shift, PLACES, fit, test)
    assert found.kind == "unknown" and "cannot be said" in found.sentence and words in found.sentence
    assert found.table.value.isna().all() and len(found.table) == 1


def test_equal_runs_give_equal_tables():
    points, shift, turn, _ = clouds()
    first, second = (domain_shift(points, points @ turn + shift, PLACES, FIT, ~FIT, seed=4).table for _ in range(2))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_cloud_distance_is_zero_for_copies_and_one_for_distant_points():
    points = np.random.default_rng(1).normal(size=(50, 3))
    assert cloud_distance(points, points) == pytest.approx(0, abs=1e-12)
    assert cloud_distance(np.zeros((5, 2)), np.ones((5, 2))) == pytest.approx(1)
    assert cloud_distance(np.zeros((5, 2)), np.zeros((5, 2))) == 0


def test_the_probe_is_fitted_at_other_places():
    # each place has a direction of its own in which its clouds differ: nothing is learnt from other places
    points, places = np.zeros((40, 10)), np.arange(40) // 4
    assert probe_hits(points, points + 5 * np.eye(10)[places], places).mean() < 0.8
    assert probe_hits(points, points + 5, places).mean() == 1


def test_ranks_and_chance_by_hand():
    points = np.eye(4)
    assert partner_ranks(points, points, np.arange(4)).tolist() == [1, 1, 1, 1]
    assert partner_ranks(points, np.roll(points, 1, axis=0), np.arange(4)).tolist() == [4, 4, 4, 4]
    # all the same: every wrong one stands before the right one
    assert partner_ranks(np.ones((4, 2)), np.ones((4, 2)), np.arange(4)).tolist() == [4, 4, 4, 4]
    # two radar chips of one color chip: either finds it
    assert partner_ranks(points[[0, 1]], points[[1, 0]], np.array([5, 5])).tolist() == [1, 1]
    assert chance_recall(np.arange(10), 1) == pytest.approx(0.1)
    assert chance_recall(np.arange(10), 5) == pytest.approx(0.5)
    assert chance_recall(np.array([0, 0, 1, 2]), 1) == pytest.approx((2 * 0.5 + 2 * 0.25) / 4)
    assert chance_recall(np.arange(3), 5) == 1


def sphere(n, noise, seed=0):
    rng = np.random.default_rng(seed)
    radar = rng.normal(size=(n, 8))
    rgb = radar + noise * rng.normal(size=radar.shape)
    return [(points / np.linalg.norm(points, axis=1, keepdims=True)).astype("float32") for points in (radar, rgb)]


def retrieval():
    radar, rgb = sphere(240, 0.6)
    split = np.where(PLACES % 4 < 2, 1, PLACES % 4).astype("uint8")
    return radar, rgb, split, retrieval_table(radar, rgb, np.arange(240), PLACES, split)


def test_recall_lies_in_its_interval_above_chance_and_candidates_are_of_the_part():
    radar, rgb, split, table = retrieval()
    assert list(table.part) == ["test", "test", "validation", "validation", "train", "train"]
    assert table.n.tolist() == [60, 60, 60, 60, 120, 120]
    assert (table.chance_at_1 * table.n).round(6).eq(1).all()
    for k in (1, 5):
        assert table[f"recall_at_{k}"].between(table[f"recall_at_{k}_lower"], table[f"recall_at_{k}_upper"]).all()
    assert (table.recall_at_1_lower > table.chance_at_1).all() and (table.recall_at_5 > table.recall_at_1).all()
    unrelated = retrieval_table(radar, rgb[::-1].copy(), np.arange(240), PLACES, split)
    assert (unrelated.recall_at_5 < 0.25).all()


def test_geometry_of_known_points():
    radar, rgb = sphere(30, 0.0)
    split = np.full(30, 3, "uint8")
    row = geometry_table(radar, rgb, split).iloc[0]
    assert row.alignment == row.modality_gap == 0 and row.cosine_partners == pytest.approx(1)
    assert row.uniformity_radar == row.uniformity_rgb < -1
    opposite = geometry_table(np.tile([1.0, 0.0], (30, 1)), np.tile([-1.0, 0.0], (30, 1)), split).iloc[0]
    assert (opposite.alignment, opposite.modality_gap, opposite.cosine_others) == (4, 2, -1)
    assert uniformity(np.array([[1.0, 0.0], [-1.0, 0.0]])) == pytest.approx(-8)


def test_intervals_are_over_places():
    values = np.repeat([0.0, 1.0], 50)
    few, many = (mean_interval(values, np.arange(100) // size) for size in (25, 1))
    assert few[1] - few[0] > 2 * (many[1] - many[0]) and many[0] < 0.5 < many[1]
    assert np.isnan(mean_interval(values, np.arange(100) // 50)).all(), "two places are too few"


def test_places_that_do_not_differ_give_no_interval():
    """All partners found at each of three places: an interval of no width would claim certainty."""
    values = np.repeat([0.0, 1.0], 50)
    assert np.isnan(ratio_interval(2 * values + 1, values * 4 + 2, PLACES[:100])).all()
    assert np.isnan(mean_interval(np.ones(30), np.repeat([0, 1, 2], 10))).all()


@pytest.mark.parametrize("count", [3, 5, 7])
def test_intervals_over_few_places_hold_the_truth(count):
    """Percentiles of the bootstrap alone hold it in 72, 84 and 86 %."""
    rng = np.random.default_rng(count)
    inside = 0
    for _ in range(300):
        places = np.repeat(np.arange(count), rng.integers(8, 40, count))
        lower, upper = mean_interval(rng.random(len(places)) < rng.beta(4, 4, count)[places], places)
        inside += lower <= 0.5 <= upper
    assert 0.90 <= inside / 300 <= 0.99


def planes(n=40):
    radar, rgb = sphere(n, 0.3)
    table = projection_table(radar, rgb, np.arange(n) + 7, 1)
    return table.assign(snow_fraction=np.linspace(0, 1, len(table)), season="DJF", date="2019-01-01")


def test_planes_are_the_same_again_and_name_their_pairs():
    table = planes()
    pd.testing.assert_frame_equal(table, planes(), check_exact=True)
    assert sorted(table.number.unique()) == list(range(7, 47)) and len(table) == 80
    assert table.perplexity.eq((80 - 1) / 3).all()
    assert np.isfinite(table[["tsne_1", "tsne_2"]]).all(axis=None)
    together = np.concatenate(sphere(40, 0.3))
    variance = np.linalg.svd(together - together.mean(axis=0), compute_uv=False) ** 2
    assert table.pca_1_share.iloc[0] == pytest.approx(variance[0] / variance.sum(), rel=1e-4)
    assert table.pca_1.var(ddof=0) == pytest.approx(variance[0] / 80, rel=1e-4)
    assert projection_table(*(points[:4] for points in sphere(40, 0.3)), np.arange(4), 1).empty


def test_figures_say_what_the_tables_hold(tmp_path):
    points, shift, turn, _ = clouds()
    found = domain_shift(points, points @ turn + shift, PLACES, FIT, ~FIT)
    figure = domain_shift_figure(found.table, "demo")
    assert "but rotated ones" in " ".join(figure.get_suptitle().split())
    shown = [bar.get_width() for bar in figure.axes[2].patches]
    assert shown == pytest.approx(found.table.query("measure == 'probe_accuracy'").value.tolist())
    few = domain_shift(points, points, PLACES, np.arange(240) < 11, ~FIT)
    history = pd.DataFrame({"epoch": [1, 2], "loss": [3.0, 2.0], "val_loss": [3.1, 2.5], "temperature": [0.07, 0.06]})
    table = retrieval()[3]
    bars = retrieval_figure(table, history, "demo")
    heights = [bar.get_height() for bar in bars.axes[0].patches]
    by_direction = [*table.query("direction == 'radar->rgb'").recall_at_1]
    assert heights[:3] == pytest.approx(by_direction)
    pictures = {
        "shift": figure, "few": domain_shift_figure(few.table, "demo"), "bars": bars,
        "tsne": plane_figure(planes(), "tsne", "demo"), "pca": plane_figure(planes().head(0), "pca", "demo"),
    }  # fmt: skip
    assert "mislead" in pictures["tsne"].get_suptitle()
    for name, picture in pictures.items():
        save_figure(picture, tmp_path / f"{name}.png")
        assert imread(tmp_path / f"{name}.png").std() > 0.01
