"""Counts of scores: every pixel is counted once, in its bin, and comes back from the file."""

import numpy as np
import pytest

from climate_indicators.core.atomic_files import sha256
from climate_indicators.stats.score_histograms import (
    INDEX,
    LOGIT,
    PROBABILITY,
    PROBABILITY_EDGES,
    ScoreCounts,
    read_scores,
    write_scores,
)
from refusals import raises_naming


def counts_of(scores, labels, edges):
    counts = ScoreCounts.empty(INDEX, [4], ["test"], edges)
    counts.add(0, np.asarray(scores), np.asarray(labels, "uint8"))
    return counts


def test_bins_agree_with_numpy_histogram():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(50, 40)), rng.integers(0, 2, (50, 40))
    edges = np.linspace(-5, 5, 21)
    counts = counts_of(scores, labels, edges).counts[0]
    for label in (0, 1):
        assert counts[label].tolist() == np.histogram(scores[labels == label], edges)[0].tolist()


def test_lower_edge_belongs_to_a_bin_and_ends_catch_what_is_beyond():
    counts = counts_of([0.0, 1.0, 2.0, -9.0, 9.0], [0, 0, 0, 1, 1], [0, 1, 2]).counts[0]
    assert counts.tolist() == [[1, 2], [1, 1]]


def test_adding_in_pieces_is_adding_at_once():
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(0, 8, (30, 30)).astype("float32"), rng.choice([0, 1, 255], (30, 30)).astype("uint8")
    whole, pieces = (ScoreCounts.empty(LOGIT, [0], ["test"]) for _ in range(2))
    whole.add(0, logits, labels)
    for rows in (slice(0, 7), slice(7, 30)):
        pieces.add(0, logits[rows], labels[rows])
    assert np.array_equal(whole.counts, pieces.counts)
    assert whole.counts.sum() == (labels != 255).sum()


def test_unknown_pixels_are_passed_over_even_if_nan():
    counts = counts_of([0.5, np.nan], [1, 255], [0, 1])
    assert counts.counts.sum() == 1


def test_nan_of_a_labeled_pixel_is_refused():
    with raises_naming(ValueError, "block 4", "1 scores", "NaN"):
        counts_of([0.5, np.nan], [1, 0], [0, 1])


def test_other_labels_are_refused():
    with pytest.raises(ValueError, match="found 2"):
        counts_of([0.5], [2], [0, 1])


@pytest.mark.parametrize("edges", [[0.0], [0.0, 0.0, 1.0], [1.0, 0.0]])
def test_edges_must_rise(edges):
    with pytest.raises(ValueError, match="rising"):
        ScoreCounts.empty(INDEX, [0], ["test"], edges)


def test_blocks_and_splits_must_agree():
    with raises_naming(ValueError, "2 blocks", "1 splits"):
        ScoreCounts.empty(LOGIT, [0, 1], ["test"])


@pytest.mark.parametrize("trees", [100, 200])
def test_no_share_of_votes_lies_on_an_edge(trees):
    shares = np.arange(trees + 1) / trees
    assert np.abs(shares[:, None] - PROBABILITY_EDGES).min() > 1e-3
    # the middle of the bin is the share itself
    place = np.searchsorted(PROBABILITY_EDGES, shares, side="right") - 1
    centers = ScoreCounts.empty(PROBABILITY, [], []).centers
    assert np.abs(centers[place] - shares).max() < 1e-12


def test_split_sums_only_its_blocks():
    counts = ScoreCounts.empty(INDEX, [3, 5, 8], ["test", "validation", "test"], [0, 1, 2])
    for place, n in enumerate((1, 10, 100)):
        counts.add(place, np.full(n, 0.5), np.ones(n, "uint8"))
    assert counts.of_split("test").tolist() == [[0, 0], [101, 0]]
    assert counts.of_split("validation").tolist() == [[0, 0], [10, 0]]


def test_file_gives_back_what_was_written_in_order_and_bytes_are_the_same(tmp_path):
    rng = np.random.default_rng(2)
    scores = {}
    for model, kind, neutral in (("unet", LOGIT, None), ("another", PROBABILITY, 0.4)):
        scores[model] = ScoreCounts.empty(kind, [2, 7], ["test", "validation"], neutral=neutral)
        scores[model].add(1, rng.random(99), rng.integers(0, 2, 99).astype("uint8"))
    write_scores(tmp_path / "a.h5", scores)
    write_scores(tmp_path / "b.h5", scores)
    assert sha256(tmp_path / "a.h5") == sha256(tmp_path / "b.h5")
    read = read_scores(tmp_path / "a.h5")
    assert list(read) == ["unet", "another"]
    for model, score in scores.items():
        assert read[model].kind == score.kind
        assert read[model].neutral == score.neutral
        assert read[model].splits == score.splits
        for name in ("edges", "blocks", "counts"):
            assert np.array_equal(getattr(read[model], name), getattr(score, name))
