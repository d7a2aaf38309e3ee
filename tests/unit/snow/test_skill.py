"""Skill of all models on the same triplets, its intervals over places, and the sentences about it."""

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import t

from climate_indicators.plotting.snow.benchmark import snow_benchmark_figure
from climate_indicators.segmentation.baselines import Baseline
from climate_indicators.snow.triplets.baselines import WET_SNOW, score_baselines, wet_snow_rule
from climate_indicators.snow.triplets.benchmark import benchmark_notes, benchmark_table, benchmark_warnings, sam_weights
from climate_indicators.snow.triplets.scores import by_place, score_triplets
from climate_indicators.snow.triplets.skill import (
    chosen_edges,
    dice_difference,
    dice_within_seasons,
    rows_of_test,
    season_metrics,
    skill_of,
    triplet_metrics,
)
from climate_indicators.stats.block_jackknife import jackknife
from climate_indicators.stats.metrics import evaluate
from climate_indicators.stats.score_histograms import INDEX, MASK, ScoreCounts
from refusals import raises_naming
from snow_triplet_files import BANDS, triplet_table, wetness_run, write_patch_file


@pytest.fixture(scope="module")
def table():
    return triplet_table()


@pytest.fixture(scope="module")
def scores(table, tmp_path_factory):
    path = write_patch_file(tmp_path_factory.mktemp("skill") / "patches.h5", table)
    rule = {WET_SNOW: Baseline(wet_snow_rule(BANDS, -2.5), MASK)}
    with h5py.File(path) as store:
        return {"unet": score_triplets(wetness_run, store, table, 8)} | score_baselines(rule, store, table)


@pytest.fixture(scope="module")
def metrics(scores, table):
    edges = chosen_edges(scores, {"temperature": 1.0, "threshold": 0.5}, pd.DataFrame(columns=["model", "threshold"]))
    return triplet_metrics(scores, edges, table)


def made(rows):
    """Rows of triplet metrics from ``model, triplet, place, regime, tn, fp, fn, tp``; all of the test split."""
    frame = pd.DataFrame(rows, columns=["model", "triplet", "place", "regime", "tn", "fp", "fn", "tp"])
    one = (2 * frame.tp / (2 * frame.tp + frame.fp + frame.fn)).where(frame.tp + frame.fp + frame.fn > 0)
    more = {"iou": one / (2 - one), "dice": one, "precision": one, "recall": one, "f1": one}
    return frame.assign(split="test", held_out="place_and_year", season="MAM", **more)


def test_the_networks_threshold_is_that_of_the_calibration_and_masks_have_none(scores):
    scores = scores | {"forest": ScoreCounts.empty("probability", [1], ["test"])}
    metrics = pd.DataFrame({"model": ["forest", "forest"], "threshold": [0.3975, 0.3975]})
    edges = chosen_edges(scores, {"temperature": 2.0, "threshold": float(expit(1.0))}, metrics)
    assert scores["unet"].edges[edges["unet"]] == pytest.approx(2.0)
    assert edges[WET_SNOW] == 1
    assert scores["forest"].edges[edges["forest"]] == pytest.approx(0.3975)
    with raises_naming(ValueError, "threshold", "forest"):
        chosen_edges(scores, {"temperature": 1.0, "threshold": 0.5}, metrics.iloc[:0])


def test_every_model_has_a_line_for_every_held_out_triplet_and_all_snow_maps_all(metrics, table):
    assert metrics.groupby("model").size().to_dict() == {"unet": 14, WET_SNOW: 14, "all_snow": 14}
    white = metrics[metrics.model == "all_snow"]
    assert (white.fn == 0).all() and (white.mapped_fraction == 1).all()
    assert (metrics[["tn", "fp", "fn", "tp"]].sum(axis=1) == 251).all()
    assert np.allclose(white.true_fraction, (white.tp) / 251)
    assert set(metrics.split) == {"validation", "test", "unused"}


def test_the_spines_evaluation_takes_the_counts_by_place_and_its_threshold_is_found_again(scores, table):
    evaluation = evaluate({name: by_place(score, table) for name, score in scores.items()})
    edge = chosen_edges(scores, evaluation.calibration, evaluation.metrics)["unet"]
    rows = triplet_metrics({"unet": scores["unet"]}, {"unet": edge}, table).query("model == 'unet'")
    for split in ("validation", "test"):
        expected = evaluation.metrics.query("model == 'unet' and split == @split").dice.item()
        measured = rows[(rows.split == split) & ((split == "test") | (rows.regime == "wet"))]
        assert skill_of(measured, "pooled")["dice"] == pytest.approx(expected, abs=1e-12)


def test_models_that_counted_other_pixels_are_refused(scores, table):
    other = scores[WET_SNOW]
    fewer = ScoreCounts(other.edges, other.blocks, other.splits, other.counts // 2, other.kind)
    with raises_naming(ValueError, "pixels"):
        triplet_metrics(scores | {WET_SNOW: fewer}, {"unet": 500, WET_SNOW: 1}, table)


def test_wet_snow_is_seen_and_dry_snow_is_not(metrics):
    found = season_metrics(metrics).query("averaging == 'pooled'").set_index(["model", "held_out", "part"])
    assert found.dice["unet", "place_and_year", "wet"] > 0.9
    assert found.dice["unet", "place", "dry"] < 0.6 < found.dice["unet", "place", "wet"]
    assert set(found.loc["unet"].index.get_level_values("held_out")) == {"place_and_year", "place", "year"}
    # validation triplets, on which thresholds were chosen, are no held-out triplets
    assert found.n_triplets.groupby(level=[0, 1]).max().loc["unet"].to_dict() == {
        "place": 4, "place_and_year": 2, "year": 4,
    }  # fmt: skip


def test_pooled_dice_weighs_pixels_and_its_mean_weighs_triplets():
    rows = made(
        [
            ("unet", "a", 1, "wet", 0, 10, 0, 0),
            ("unet", "b", 2, "wet", 0, 0, 0, 90),
            ("unet", "c", 2, "wet", 9, 0, 0, 0),
        ]
    )
    assert skill_of(rows, "pooled")["dice"] == pytest.approx(180 / 190)
    # the empty triplet c does not count
    assert skill_of(rows, "triplets")["dice"] == pytest.approx(0.5)


def test_the_jackknife_of_a_mean_is_students_interval():
    values = np.array([1.0, 2.0, 4.0, 9.0])
    value, low, high = jackknife(np.column_stack([values, np.ones(4)]), lambda sums: sums[0] / sums[1])
    half = t.ppf(0.975, 3) * values.std(ddof=1) / 2
    assert (value, low, high) == pytest.approx((4.0, 4.0 - half, 4.0 + half))
    assert np.isnan(jackknife(values[:1, None], lambda sums: sums[0])[1])


def test_triplets_of_one_place_are_one_sample():
    rows = [("unet", f"t{number}", number // 5, "wet", 5, 2 + number // 5, 2, 20) for number in range(10)]
    few, many = made(rows), made(rows)
    many["place"] = range(10)
    widths = [skill_of(part, "pooled") for part in (few, many)]
    assert widths[0]["dice_upper"] - widths[0]["dice_lower"] > widths[1]["dice_upper"] - widths[1]["dice_lower"]


def notes_of(metrics, weights=""):
    return benchmark_notes(metrics, benchmark_table(metrics, weights))


def test_no_skill_beyond_all_snow_is_said():
    rows = [(model, f"t{place}", place, "wet", 20, 20, 20, 40 + place) for place in range(6) for model in ("unet",)]
    rows += [("all_snow", f"t{place}", place, "wet", 0, 40, 0, 60 + place) for place in range(6)]
    notes = notes_of(made(rows)).set_index("statement").evidence
    assert "U-Net: no skill beyond all-snow in all test triplets" in notes.index
    assert "Dice 0.680, −0.078" in notes["U-Net: no skill beyond all-snow in the wet season"]
    assert notes["U-Net: not measured in the dry season"] == "no test triplet"


def test_skill_is_claimed_where_the_interval_of_the_lead_is_above_nothing():
    rows = [("unet", f"t{place}", place, "wet", 58, 2 + place % 2, 2, 38) for place in range(6)]
    rows += [("all_snow", f"t{place}", place, "wet", 0, 60 + place % 2, 0, 40) for place in range(6)]
    metrics = made(rows)
    difference, low, high = dice_difference(metrics, "unet")
    assert 0 < low < difference < high
    assert "U-Net: better than all-snow in the wet season" in set(notes_of(metrics).statement)


def two_seasons(map_in_spring, map_in_summer):
    """Metrics of a map of six places, nearly white in spring and nearly bare in summer, without weather."""
    snow = {"MAM": (20, 80), "JJA": (95, 5)}  # pixels without and with snow
    parts = []
    for season, shares in {"MAM": map_in_spring, "JJA": map_in_summer}.items():
        bare, white = snow[season]
        false, found = (round(share * count) for share, count in zip(shares, snow[season], strict=True))
        rows = [("unet", f"{season}{n}", n, "unknown", bare - false, false, white - found, found) for n in range(6)]
        rows += [("all_snow", f"{season}{n}", n, "unknown", 0, bare, 0, white) for n in range(6)]
        parts.append(made(rows).assign(season=season))
    return pd.concat(parts)


def test_to_tell_seasons_apart_is_no_skill_in_finding_snow():
    # all white in spring, a third of the pixels at random in summer: better than all-snow only when pooled
    metrics = two_seasons((1.0, 1.0), (0.4, 0.4))
    assert dice_difference(metrics, "unet")[1] > 0
    lead, lower, _ = dice_within_seasons(metrics, "unet")
    spring, summer = 0.0, 2 * 2 / (2 + 38 + 5) - 2 * 5 / (100 + 5)
    assert lead == pytest.approx((spring + summer) / 2) and lower <= 0
    notes = notes_of(metrics)
    assert "U-Net: no skill beyond all-snow within a season, only in telling seasons apart" in set(notes.statement)
    assert "U-Net: better than all-snow in all test triplets" not in set(notes.statement)
    good = notes_of(two_seasons((0.2, 0.9), (0.1, 0.8)))
    assert "U-Net: better than all-snow in all test triplets" in set(good.statement)


def test_without_weather_the_seasons_are_not_compared_and_the_figure_shows_all_triplets():
    metrics = two_seasons((0.2, 0.9), (0.1, 0.8))
    table = benchmark_table(metrics)
    notes = benchmark_notes(metrics, table).set_index("statement").evidence
    assert "no daily weather" in notes["Dry and wet snow cannot be compared"]
    assert not notes.index.str.contains("not measured").any()
    figure = snow_benchmark_figure(table, "demo")
    shown = [line.get_xdata().tolist() for line in figure.axes[0].get_lines()]
    assert shown == [table.dice_all.tolist()]
    assert f"{table.n_triplets_all[0]} in all;" in figure.get_suptitle()


def test_a_simple_method_that_beats_the_network_is_a_warning():
    rows = [("unet", f"t{place}", place, "wet", 58, 2 + place % 2, 2, 38) for place in range(6)]
    rows += [("all_snow", f"t{place}", place, "wet", 0, 60 + place % 2, 0, 40) for place in range(6)]
    good = [("random_forest", f"t{place}", place, "wet", 60, place % 2, 1, 39) for place in range(6)]
    bad = [("random_forest", f"t{place}", place, "wet", 40, 20 + place % 2, 20, 20) for place in range(6)]
    beaten = made(rows + good)
    found = benchmark_warnings(beaten, benchmark_table(beaten))
    assert len(found) == 1 and "in the wet season" in found[0]
    assert "better than 'random forest of single pixels'" in found[0] and "difference −0.0" in found[0]
    assert "interval −" in found[0]
    ahead = made(rows + bad)
    assert benchmark_warnings(ahead, benchmark_table(ahead)) == []


def test_a_network_without_skill_beyond_all_snow_is_a_warning():
    rows = [("unet", f"t{place}", place, "wet", 20, 20, 20, 40 + place) for place in range(6)]
    rows += [("all_snow", f"t{place}", place, "wet", 0, 40, 0, 60 + place) for place in range(6)]
    metrics = made(rows)
    assert "better than 'all snow' in the wet season" in benchmark_warnings(metrics, benchmark_table(metrics))[0]
    dry = metrics.assign(regime="dry")
    assert "in all test triplets" in benchmark_warnings(dry, benchmark_table(dry))[0]
    one = made([("unet", "a", 1, "wet", 50, 0, 0, 50), ("all_snow", "a", 1, "wet", 0, 50, 0, 50)])
    assert "too few places for an interval" in benchmark_warnings(one, benchmark_table(one))[0]


def test_an_interval_that_cannot_be_known_claims_nothing():
    rows = [("unet", "a", 1, "wet", 50, 0, 0, 50), ("all_snow", "a", 1, "wet", 0, 50, 0, 50)]
    statements = set(notes_of(made(rows)).statement)
    assert "U-Net: no skill beyond all-snow is shown in the wet season" in statements


def test_weakness_on_dry_snow_oracles_and_untrained_weights_are_said(metrics):
    test = rows_of_test(metrics)
    dry = test.assign(regime="dry", triplet=test.triplet + "d")
    dry.loc[dry.model == "unet", ["tp", "fn"]] = dry.loc[dry.model == "unet", ["fn", "tp"]].to_numpy()
    both = pd.concat([test, dry])
    both = pd.concat([both, both[both.model == WET_SNOW].assign(model="sam_oracle")])
    table = benchmark_table(both, "random weights")
    assert table.model.tolist() == ["unet", WET_SNOW, "sam_oracle", "all_snow"]
    assert table.label[2] == "SAM, oracle prompts (from the truth), random weights"
    notes = benchmark_notes(both, table)
    assert "The network is weaker on dry snow than on wet snow" in set(notes.statement)
    assert notes.statement.str.contains("not a fair baseline").any()
    assert notes.statement.str.contains("SAM ran with random weights").any()
    figure = snow_benchmark_figure(table, "demo")
    assert "random weights" in figure.get_suptitle()
    learnt = benchmark_table(both, "preset sam_base_sa1b")
    assert learnt.label[2].endswith(", preset sam_base_sa1b")
    assert "SAM ran with" not in snow_benchmark_figure(learnt, "demo").get_suptitle()
    assert not benchmark_notes(both, learnt).statement.str.contains("SAM ran with").any()


def test_weights_are_those_of_the_runs():
    assert sam_weights(pd.DataFrame({"weights": ["preset sam", "preset sam"]})) == "preset sam"


def test_a_kind_of_score_that_is_no_mask_is_cut_at_its_threshold():
    index = ScoreCounts.empty(INDEX, [0], ["test"], np.array([0.0, 1.0, 2.0]))
    metrics = pd.DataFrame({"model": ["ratio"], "threshold": [2.0]})
    assert chosen_edges({"ratio": index}, {}, metrics) == {"ratio": 2}
