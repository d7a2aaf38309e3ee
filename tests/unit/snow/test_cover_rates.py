"""Snow cover of radar maps corrected for their errors: at any share of snow, with intervals that hold the truth."""

import numpy as np
import pandas as pd
import pytest
from coverage_snow import radar_maps

from climate_indicators.geo.raster import write_cog
from climate_indicators.snow.climate.cover_rates import (
    CORRECTED,
    TABLE,
    corrected,
    corrected_mean,
    count_cells,
    map_rates,
    rates_table,
    rogan_gladen,
)
from rasters import grid
from snow_cells import CELLS, cells

GRID = grid(16, 16)
LIMITS = {"min_snow": 0.02, "max_snow": 0.98, "keep_uniform": 0.2}


def mapped_share(true, sensitivity, specificity):
    return sensitivity * true + (1 - specificity) * (1 - true)


@pytest.mark.parametrize("true", [0.0, 0.03, 0.4, 0.9, 1.0])
def test_the_estimator_inverts_the_maps_errors_at_any_share_of_snow(true):
    mapped = mapped_share(true, 0.85, 0.97)
    assert rogan_gladen(mapped, 0.85, 0.97) == pytest.approx(true)
    rates = map_rates(cells(0.85, 0.97))["wet"]
    assert rates.sensitivity[0] == pytest.approx(0.85) and rates.specificity[0] == pytest.approx(0.97)
    assert corrected([mapped], rates)[0] == pytest.approx([true] * 3, abs=1e-6)  # rates without any spread are certain


def test_shares_counted_where_snow_is_common_would_be_wrong_where_it_is_rare():
    own = cells(0.85, 0.97, prevalence=0.5)
    tn, fp, fn, tp = own[CELLS].sum()
    mapped = mapped_share(0.05, 0.85, 0.97)
    by_shares = mapped * tp / (tp + fp) + (1 - mapped) * fn / (fn + tn)
    assert abs(by_shares - 0.05) > 0.1 and corrected([mapped], map_rates(own)["wet"])[0, 0] == pytest.approx(0.05)


def test_estimates_are_clipped_and_what_is_not_seen_stays_missing():
    rates = map_rates(cells(0.9, 0.9, spread=0.02))["wet"]
    values = corrected([0.01, np.nan, 0.99], rates)
    assert values[0, 0] == values[0, 1] == 0 and values[2, 0] == values[2, 2] == 1
    assert np.isnan(values[1]).all() and values[0, 2] > 0 and values[2, 1] < 1


@pytest.mark.parametrize("true", [0.04, 0.3, 0.8])
def test_intervals_of_scenes_hold_the_truth_at_other_shares_of_snow(true):
    held, n_scenes = 0, 0
    rng = np.random.default_rng(5)
    for seed in range(60):
        rates = map_rates(cells(0.85, 0.95, places=8, dates=12, prevalence=0.4, spread=0.03, seed=seed))["wet"]
        # a scene has the mean error of all places of the area, and the deviation of its own date
        deviation = rng.normal(0, 0.03, (2, 20))
        mapped = mapped_share(true, np.clip(0.85 + deviation[0], 0, 1), np.clip(0.95 + deviation[1], 0, 1))
        values = corrected(mapped, rates)
        held += ((values[:, 1] <= true) & (true <= values[:, 2])).sum()
        n_scenes += len(values)
    assert 0.92 <= held / n_scenes <= 1.0


def test_the_interval_of_a_mean_holds_the_truth_and_does_not_shrink_with_scenes_below_the_rates_error():
    held = 0
    rng = np.random.default_rng(6)
    for seed in range(200):
        rates = map_rates(cells(0.85, 0.95, places=8, dates=12, spread=0.03, seed=seed))["wet"]
        deviation = rng.normal(0, 0.03, (2, 40))
        mapped = mapped_share(0.1, np.clip(0.85 + deviation[0], 0, 1), np.clip(0.95 + deviation[1], 0, 1))
        _, lower, upper = corrected_mean(mapped, np.repeat(range(8), 5), rates)
        held += lower <= 0.1 <= upper
    assert held / 200 >= 0.93
    few, many = (corrected_mean(np.full(n, 0.2), np.arange(n), rates) for n in (10, 100_000))
    assert many[2] - many[1] < few[2] - few[1] and many[2] - many[1] > 0.02


def mixed_pixels(rng, share):
    """Sensitivity and specificity of a map that misses more of the snow where there is little of it."""
    effect = 0.3 * rng.standard_normal(share.shape)
    return 1 / (1 + np.exp(-(1.6 + 1.5 * (share - 0.5) + effect))), 1 / (1 + np.exp(-(2.2 - 1.5 * (share - 0.5))))


def test_intervals_hold_the_truth_where_errors_follow_the_share_of_snow():
    """Triplets lie at snow lines, half snow; the scenes have a quarter. Rates that are the same at any share fail."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(60):
        own = cells(1.0, 1.0, places=12, dates=16, prevalence=0.5)
        snow, ground = own["tp"] + own["fn"], own["tn"] + own["fp"]
        right = mixed_pixels(rng, (snow / (snow + ground)).to_numpy())
        own["tp"], own["tn"] = snow * right[0], ground * right[1]
        own["fn"], own["fp"] = snow - own["tp"], ground - own["tn"]
        true = rng.beta(1, 3, 40)
        mapped = mapped_share(true, *mixed_pixels(rng, true))
        _, lower, upper = corrected_mean(mapped, np.repeat(range(8), 5), map_rates(own)["wet"])
        held += lower <= true.mean() <= upper
    assert held >= 55


def test_the_interval_of_a_mean_is_as_wide_as_the_error_is_large():
    """Errors by place, date, triplet and patch. Adding the variances of places and of dates makes 4.8 deviations."""
    rng = np.random.default_rng(8)
    errors, reach, held = [], [], 0
    for _ in range(80):
        own, mapped, true, years = radar_maps(rng, "same prevalence", 12, 16)
        estimate, lower, upper = corrected_mean(mapped, years, map_rates(own)["wet"])
        errors.append(estimate - true.mean())
        reach.append((upper - lower) / 2)
        held += lower <= true.mean() <= upper
    assert 1.8 < np.mean(reach) / np.std(errors) < 3.5 and held >= 74


def test_without_two_years_scenes_of_a_year_deviate_together():
    own = cells(0.85, 0.95, places=8, dates=12, spread=0.03)
    two_years = own.assign(date=own["date"].str.replace("2019-04", "2018-04"))
    mapped, years = np.full(40, 0.2), np.repeat(range(8), 5)
    one, two = (corrected_mean(mapped, years, map_rates(part)["wet"]) for part in (own, two_years))
    assert np.isnan(map_rates(own)["wet"].within_year).all() and one[0] == pytest.approx(two[0])
    alone = corrected_mean(mapped, np.arange(40), map_rates(own)["wet"])
    assert one[2] - one[1] > alone[2] - alone[1]


def test_fewer_places_make_wider_intervals():
    widths = []
    for places in (3, 6, 12):
        reach = [np.ptp(corrected([0.3], map_rates(cells(0.85, 0.95, places, spread=0.03, seed=s))["wet"])[0, 1:])
                 for s in range(20)]  # fmt: skip
        widths.append(np.mean(reach))
    assert widths[0] > widths[1] > widths[2]


def test_a_map_that_does_not_tell_snow_from_ground_is_not_corrected():
    rates = map_rates(cells(0.3, 0.7, spread=0.05))
    assert not rates["wet"].usable and np.isnan(corrected([0.3], rates["wet"])).all()
    assert map_rates(cells(0.9, 0.9, places=1)) == map_rates(cells(0.9, 0.9, dates=1)) == {}
    assert map_rates(cells(0.9, 0.9, prevalence=0.0)) == {}  # without snow there is no sensitivity


def write_map(path, classes):
    write_cog(path, GRID, np.asarray(classes, "uint8"), "snow", 255)


def test_errors_are_counted_on_the_maps_and_weighted_for_what_the_curation_left_out(tmp_path):
    mapped, true = np.zeros(GRID.shape, "uint8"), np.zeros(GRID.shape, "uint8")
    mapped[:, :8], true[:, 4:8] = 1, 1  # columns 0–3 are false snow, 4–7 right snow
    true[0], mapped[1] = 255, 255  # under cloud, without radar
    mapped[8:], true[8:] = 1, 1  # full cover below
    write_map(tmp_path / "maps/2020/20200501_o48_extent.tif", mapped)
    write_map(tmp_path / "optical/2020/20200502_mask.tif", true)
    triplets = pd.DataFrame({
        "row": [0, 0, 8, 0], "col": [0, 8, 0, 8], "place": range(4), "snow_fraction": [0.5, 0.0, 1.0, 0.0],
        "split": ["test", "validation", "unused", "train"],
    }).assign(radar="20200501_o48", optical="20200502", date="2020-05-01", regime="wet")  # fmt: skip
    folders = [tmp_path / "maps/2020"], [tmp_path / "optical/2020"]
    settings = LIMITS | {"size_px": 8}
    counted = count_cells(triplets, *folders, settings).set_index("place")
    assert counted[CELLS].to_numpy().tolist() == [[0, 24, 0, 24], [5 * 48, 0, 0, 0], [0, 0, 0, 5 * 64]]
    plain = count_cells(triplets, *folders, settings | {"keep_uniform": 0.0})
    assert plain.tn.tolist() == [0, 48, 0]


def test_the_table_has_rates_means_and_why_there_is_none():
    cover = pd.DataFrame({
        "date": ["2020-05-01", "2020-05-13", "2020-01-01", "2020-06-01"], "regime": ["wet", "wet", "dry", "unknown"],
        "snow_fraction": [0.2, 0.3, 0.4, 0.1],
    })  # fmt: skip
    rates = map_rates(pd.concat([cells(0.9, 0.9), cells(0.4, 0.9, regime="dry")]))
    table = rates_table(cover, rates).set_index("regime")
    assert ["regime", *table.columns] == TABLE and table.index.tolist() == ["dry", "unknown", "wet"]
    assert table.loc["wet", "corrected_fraction"] == pytest.approx(rogan_gladen(0.25, 0.9, 0.9))
    assert table.loc["wet", ["n_scenes", "n_places", "n_dates", "n_triplets"]].tolist() == [2, 12, 10, 120]
    assert table.loc[["dry", "unknown"], CORRECTED].isna().all(axis=None) and table.loc["wet", "note"] == ""
    assert "dry snow" in table.loc["dry", "note"] and "held-out" in table.loc["unknown", "note"]
    assert table.loc["dry", "sensitivity"] == pytest.approx(0.4) and pd.isna(table.loc["unknown", "sensitivity"])
