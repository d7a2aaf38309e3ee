"""Measured carbon: reading, matching by name, agreement in numbers, and its figure."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cases import shortened
from climate_indicators.carbon.images.matching import match_images
from climate_indicators.carbon.series.comparison import compare, comparison_skill, read_ground_truth
from climate_indicators.core.errors import InputError
from climate_indicators.plotting.carbon.comparison import carbon_comparison_figure
from refusals import raises_naming

NAMES = ["a/one.jpg", "a/two.jpg", "b/two.jpg", "b/three.tif", "site_1.5.jpg", "b/Gemüse.png"]


def truth_file(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "truth.csv"
    path.write_text(text, encoding=encoding)
    return path


def truth_of(*names):
    return pd.DataFrame({"row": range(1, len(names) + 1), "image": names, "truth_kg": 1.0})


def test_names_stay_text_tonnes_become_kilograms_and_empty_rows_stay_empty(tmp_path):
    path = truth_file(tmp_path, "\ufeffplot,tonnes\n007,1.5\n008,\nNA,NA\n010,0\n")
    table = read_ground_truth(path, "plot", "tonnes", "t")
    assert table["image"].tolist() == ["007", "008", "NA", "010"]
    assert table["truth_kg"].fillna(-1).tolist() == [1500, -1, -1, 0]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("image,carbon_kg\na,1\nb,much\n", ["'carbon_kg'", "row 2", "'much'"]),
        ("image,carbon_kg\na,1\nb,2\nc,-3\n", ["row 3", "'-3'", "kg", "1 of 3 rows"]),
        ("image,carbon_kg\na,inf\n", ["row 1", "'inf'"]),
        ("image,carbon_kg\n,5\n", ["'image'", "row 1"]),
        ("image,carbon\na,5\n", ["'carbon_kg'", "image, carbon", "ground_truth.carbon"]),
        ("image,carbon_kg\na,\nb,\n", ["'carbon_kg'", "2 rows"]),
        ("", ["empty"]),
        ('image,carbon_kg\na,5\nb,"6\n', ["CSV"]),
    ],
)
def test_bad_tables_are_refused_with_the_row(tmp_path, text, names):
    path = truth_file(tmp_path, text)
    with raises_naming(InputError, *names) as error:
        read_ground_truth(path)
    assert str(path) in str(error.value)


def test_a_table_in_another_encoding_is_refused(tmp_path):
    with raises_naming(InputError, "UTF-8"):
        read_ground_truth(truth_file(tmp_path, "image,carbon_kg\nGemüse,1\n", "latin-1"))


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("a/one.jpg", "a/one.jpg"),
        ("one", "a/one.jpg"),
        ("one.png", "a/one.jpg"),
        ("train\\one.jpg", "a/one.jpg"),
        ("a/two", "a/two.jpg"),
        ("three.tif", "b/three.tif"),
        ("site_1.5", "site_1.5.jpg"),
        ("Gemu\u0308se", "b/Gemüse.png"),
    ],
)
def test_images_are_found_without_folder_or_ending(name, image):
    assert match_images(truth_of(name), NAMES).tolist() == [image]


def test_unmatched_and_ambiguous_rows_are_named_up_to_five():
    rows = truth_of("one", "two", *(f"lost{number}" for number in range(6)))
    with pytest.raises(InputError) as error:
        match_images(rows, NAMES, "plots.csv")
    text = str(error.value)
    assert text.startswith(
        "plots.csv: 7 of 8 rows match no image, or more than one: row 2: 'two', which could be a/two"
    )
    assert "'lost3'; and 2 more" in text and "lost4" not in text


def test_two_rows_of_one_image_are_refused():
    with raises_naming(InputError, "a/one.jpg", "1, 3"):
        match_images(truth_of("one", "three", "a/one.jpg"), NAMES)


def estimates_of(values, half=5.0, split="test"):
    values = np.asarray(values, "float64")
    return pd.DataFrame(
        {
            "image_path": [f"{number}.jpg" for number in range(len(values))],
            "split": split,
            "date": "2020-01",
            "carbon_kg": values,
            "carbon_lower_kg": values - half,
            "carbon_upper_kg": values + half,
        }
    )


def measured(values):
    names = [f"{number}.jpg" for number in range(len(values))]
    return pd.DataFrame({"row": np.arange(len(values)) + 1, "image": names, "truth_kg": values}).iloc[::-1]


def groups_of(n, groups=None):
    return pd.DataFrame({"image": [f"{number}.jpg" for number in range(n)], "group": groups or list(range(n))})


def test_pairs_leave_out_what_is_missing_on_either_side():
    table = compare(estimates_of([10, 20, np.nan, 40]), measured([12.0, 26.0, 3.0, np.nan]))
    assert table["image"].tolist() == ["0.jpg", "1.jpg"]
    assert table["error_kg"].tolist() == [-2, -6]
    assert table["inside"].tolist() == [True, False]
    assert comparison_skill(table, groups_of(4), 4).n_excluded.tolist() == [2, 2]
    with raises_naming(InputError, "1 rows"):
        compare(estimates_of([10.0]), measured([np.nan]))


def test_numbers_by_hand():
    """Errors 1, 1, −2, 4 about truths 2, 4, 6, 8: bias 1, mean square 22 / 4, SST 20, SSE 22."""
    truth, estimate = np.array([2.0, 4.0, 6.0, 8.0]), np.array([3.0, 5.0, 4.0, 12.0])
    row = comparison_skill(compare(estimates_of(estimate), measured(truth)), groups_of(4), 4).iloc[0]
    assert row.bias_kg == pytest.approx(1)
    assert row.rmse_kg == pytest.approx(np.sqrt(22 / 4))
    assert row.r2 == pytest.approx(1 - 22 / 20)
    covariance = np.cov(truth, estimate, bias=True)
    lin = 2 * covariance[0, 1] / (covariance[0, 0] + covariance[1, 1] + 1)
    assert row.concordance == pytest.approx(lin)
    assert row.coverage == 1


def test_perfect_agreement_and_large_numbers():
    values = 1e9 + np.arange(5.0)
    row = comparison_skill(compare(estimates_of(values), measured(values)), groups_of(5), 5).iloc[0]
    assert [row.bias_kg, row.rmse_kg] == [0, 0]
    assert [row.r2, row.concordance, row.r2_lower, row.concordance_upper] == pytest.approx([1] * 4)


def test_single_values_and_single_groups_have_no_number_that_they_cannot_have():
    one = comparison_skill(compare(estimates_of([5.0]), measured([7.0])), groups_of(1), 1).iloc[0]
    assert one.bias_kg == -2 and np.isnan([one.r2, one.concordance, one.bias_kg_lower]).all()
    two = comparison_skill(compare(estimates_of([5.0, 6.0]), measured([7.0, 9.0])), groups_of(2, [4, 4]), 2).iloc[0]
    assert two.n_groups == 1 and np.isfinite(two.r2) and np.isnan(two.rmse_kg_upper)


def test_parts_are_all_and_test_and_a_part_without_images_has_no_row():
    estimates = estimates_of([10.0, 20.0, 30.0], split=["test", "train", "validation"])
    table = compare(estimates, measured([11.0, 20.0, 30.0]))
    skill = comparison_skill(table, groups_of(3), 3).set_index("part")
    assert skill.n.to_dict() == {"all": 3, "test": 1}
    rest = comparison_skill(table[table["split"] != "test"], groups_of(3), 3)
    assert rest.part.tolist() == ["all"]


def test_intervals_are_over_groups_and_hold_the_true_bias():
    inside, widths = 0, []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        group = np.repeat(np.arange(30), 5)
        truth = rng.uniform(50, 100, 150)
        error = 2 + 3 * rng.standard_normal(30)[group] + rng.standard_normal(150)
        table = compare(estimates_of(truth + error), measured(truth))
        row = comparison_skill(table, groups_of(150, group.tolist()), 150, seed=seed, draws=400).iloc[0]
        inside += row.bias_kg_lower <= 2 <= row.bias_kg_upper
        apart = comparison_skill(table, groups_of(150), 150, seed=seed, draws=400).iloc[0]
        widths.append((row.bias_kg_upper - row.bias_kg_lower) / (apart.bias_kg_upper - apart.bias_kg_lower))
        assert row.r2_lower <= row.r2 <= row.r2_upper
    assert inside >= 53
    assert np.median(widths) > 1.6, "images of a group are no independent witnesses"


def test_figure_shows_pairs_the_line_and_the_numbers():
    rng = np.random.default_rng(0)
    truth = rng.uniform(5e3, 3e4, 40)
    split = ["test" if number % 4 == 0 else "train" for number in range(40)]
    estimates = estimates_of(truth * rng.normal(1, 0.08, 40), 3e3, split)
    table = compare(estimates, measured(truth))
    skill = comparison_skill(table, groups_of(40), 40)
    figure = carbon_comparison_figure(table, skill, "delta", 0.95)
    FigureCanvasAgg(figure).draw()
    axes, side = figure.axes
    assert axes.get_xlabel() == "measured carbon of an image (t)"
    points = [line.get_xydata() for line in axes.lines if line.get_marker() in ("o", "^")]
    assert sorted(len(one) for one in points) == [10, 30]
    np.testing.assert_allclose(np.sort(np.concatenate(points)[:, 0]), np.sort(truth) / 1000)
    words = side.texts[0].get_text()
    assert "All images: 40 of 40 groups" in words and "Test images: 10 of 10 groups" in words
    assert f"R² (1:1 line) {skill.r2[0]:.3g}" in words and f"bias {skill.bias_kg[0] / 1000:.3g} t" in words.replace(
        "−", "-"
    )
    renderer = figure.canvas.get_renderer()
    legend = side.get_legend().get_window_extent(renderer)
    assert not legend.overlaps(side.texts[0].get_window_extent(renderer))


@pytest.mark.parametrize("n_groups", shortened([3, 5, 7], 3))
def test_intervals_of_few_groups_hold_the_true_bias(n_groups):
    """Plain percentiles held 72, 84 and 86 % of truths."""
    inside, worlds = 0, 150
    for seed in range(worlds):
        rng = np.random.default_rng(seed)
        group = np.repeat(np.arange(n_groups), 4)
        truth = rng.uniform(50, 100, len(group))
        error = 2 + 3 * rng.standard_normal(n_groups)[group] + rng.standard_normal(len(group))
        table = compare(estimates_of(truth + error), measured(truth))
        row = comparison_skill(table, groups_of(len(group), group.tolist()), len(group), seed=seed, draws=400).iloc[0]
        inside += row.bias_kg_lower <= 2 <= row.bias_kg_upper
    assert inside >= 0.9 * worlds


def test_bounds_do_not_pass_what_is_possible_and_two_groups_have_none():
    truth = np.arange(1.0, 7.0)
    table = compare(estimates_of(truth + [3, -3, 0, 0, 0.1, -0.1]), measured(truth))
    row = comparison_skill(table, groups_of(6, [0, 0, 1, 1, 2, 2]), 6).iloc[0]
    assert row.rmse_kg_lower >= 0 and row.r2_upper <= 1 and row.concordance_upper <= 1
    assert np.isnan(comparison_skill(table, groups_of(6, [0, 0, 0, 1, 1, 1]), 6).iloc[0].bias_kg_lower)
