"""The figure of the classifiers' skill says what the tables hold."""

import numpy as np
import pytest
from matplotlib.image import imread

from climate_indicators.core.atomic_files import sha256
from climate_indicators.ocean.classifier.comparison import NETWORK, evaluate, verdict
from climate_indicators.plotting.ocean.classifier import classifier_figure
from climate_indicators.plotting.style import save_figure


def skill(n_classes=4, n_cells=600, absent=None):
    rng = np.random.default_rng(n_classes)
    labels = rng.integers(1, n_classes + 1, n_cells)
    split = np.repeat(["train", "validation", "test"], [n_cells // 2, n_cells // 4, n_cells // 4])
    if absent:
        labels[(labels == absent) & (split == "test")] = 1
    strengths = {NETWORK: 3, "nearest_centroid": 1, "lda": 2.5, "knn": 2}
    logits = {
        model: np.eye(n_classes)[labels - 1] * strength + rng.normal(0, 1, (n_cells, n_classes))
        for model, strength in strengths.items()
    }
    return evaluate(logits, labels, split, np.arange(n_cells) // 6, 0)


def draw(found, names):
    return classifier_figure(found.metrics, found.confusion, found.reliability, names, verdict(found.comparison))


def axes_of(figure, label):
    return next(axes for axes in figure.axes if axes.get_xlabel().startswith(label))


def test_figure_shows_counts_scores_and_the_sentence():
    found = skill()
    names = {1: "ice", 2: "subtropical", 3: "subpolar", 4: "upwelling"}
    figure = draw(found, names)
    assert " ".join(figure.get_suptitle().split()) == verdict(found.comparison)
    matrix = axes_of(figure, "biome predicted")
    counts = found.confusion.query("model == 'network' and split == 'test' and count > 0")["count"]
    assert [text.get_text() for text in matrix.texts] == [str(count) for count in counts]
    assert [text.get_text() for text in matrix.get_xticklabels()] == [f"{n} {name}" for n, name in names.items()]
    bars = axes_of(figure, "macro-F1")
    test = found.metrics.query("split == 'test'")
    assert [bar.get_width() for bar in bars.patches] == pytest.approx(test.f1.tolist())
    assert "95 % interval over blocks" in bars.get_xlabel()
    legend = next(axes.get_legend() for axes in figure.axes if axes.get_legend())
    words = " ".join(text.get_text() for text in legend.get_texts())
    assert f"network: ECE {test.set_index('model').ece[NETWORK]:.3f}" in words
    assert "network before calibration" in words and "linear discriminant" in words


def test_rows_are_colored_by_their_shares_and_a_biome_without_a_cell_is_gray():
    figure = draw(skill(absent=3), {1: "a", 2: "b", 3: "c", 4: "d"})
    image = axes_of(figure, "biome predicted").images[0].get_array()
    assert image.mask[2].all() and not image.mask[[0, 1, 3]].any()
    np.testing.assert_allclose(image[[0, 1, 3]].sum(axis=1), 1)


@pytest.mark.parametrize("n_classes", [2, 14])
def test_few_and_many_biomes_fit_into_the_picture(n_classes, tmp_path):
    names = {label: f"subpolar upwelling {label}" for label in range(1, n_classes + 1)}
    found = skill(n_classes)
    for name in ("a.png", "b.png"):
        save_figure(draw(found, names), tmp_path / name)
    assert sha256(tmp_path / "a.png") == sha256(tmp_path / "b.png")
    picture = imread(tmp_path / "a.png")[..., :3]
    border = np.concatenate([picture[:, :2].reshape(-1, 3), picture[:, -2:].reshape(-1, 3)])
    assert (border == 1).all(), "nothing is cut off at the left or right edge"
