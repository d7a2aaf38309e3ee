"""Curation: what is wrong with scenes and chips, and why a triplet is rejected."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from scipy.stats import spearmanr

from climate_indicators.plotting.snow.curation import snow_curation_figure
from climate_indicators.snow.scenes.checks import check_scenes, find_copies, pair_values
from climate_indicators.snow.scenes.orbit_fit import rank_correlation
from climate_indicators.snow.scenes.pairing import PAIR_COLUMNS, pair_scenes
from climate_indicators.snow.scenes.registration import SURE, find_shift, orientations, scene_shifts
from climate_indicators.snow.triplets.curation import (
    COLUMNS,
    REASONS,
    chip_verdicts,
    count_reasons,
    curate,
    pair_verdicts,
)
from snow_folders import ORBITS, SIZE, SnowSite, field

PAIRS = {"max_days": 3, "max_shift_px": 2.0, "min_orbit_correlation": 0.3}
LIMITS = {"max_missing": 0.1, "max_cloud": 0.3, "max_snow": 0.98, "min_snow": 0.02, "keep_uniform": 0.0}


@pytest.fixture(scope="module")
def defective(tmp_path_factory):
    """A site of three years with one defect of each kind in May; its scenes."""
    site = SnowSite(tmp_path_factory.mktemp("snow"))
    for year in (2018, 2019, 2020):
        for month in (1, 5, 8):
            site.optical(f"{year}-{month:02d}-05")
            site.radar(f"{year}-{month:02d}-06", ORBITS[0])
            site.radar(f"{year}-{month:02d}-04", ORBITS[1])
    site.shifted = site.optical("2018-05-25", shift=(6, -5))
    site.radar("2018-05-25", "48")
    site.wrong = site.radar("2019-05-25", "48", pixels_of="121")
    cloud = np.zeros((SIZE, SIZE), bool)
    cloud[:60] = True
    site.optical("2019-05-26", cloud=cloud)
    light = pd.Timestamp("2020-05-05")
    # a copy under another cloud mask: the bytes differ
    site.copy = site.optical("2020-05-12", cloud=cloud & (field(5, 3) > 0), snow=site.snow(light), light=light)
    site.radar("2020-05-12", "121")
    site.lone = site.radar("2020-06-20", "121")
    scenes = site.finish()
    pairs, alone = pair_scenes(scenes, 3)
    checks = check_scenes(scenes, alone, site.paths(scenes), site.references, site.root / "reference", PAIRS)
    return site, scenes, pairs, checks


def test_every_planted_defect_of_a_scene_is_found_and_nothing_else(defective):
    site, _, _, checks = defective
    found = checks[checks["rejected"].astype(bool)].set_index("scene")["check"].to_dict()
    assert found == {
        site.lone: "no_pair",
        site.copy: "duplicate",
        site.wrong: "orbit_mix",
        site.shifted: "misregistration",
    }


def test_checks_tell_what_was_measured(defective):
    site, scenes, pairs, checks = defective
    rows = checks[checks["rejected"].astype(bool)].set_index("scene")
    assert rows.loc[site.shifted, "value"] == pytest.approx(np.hypot(6, 5), abs=0.3)
    assert rows.loc[site.shifted, "note"].startswith("+6.0 px down, -5.0 px right")
    assert rows.loc[site.wrong, "value"] < 0.15 and "fits orbit 121 better (0.8" in rows.loc[site.wrong, "note"]
    assert rows.loc[site.copy, "note"] == "nearly same pixels as 20200505" and rows.loc[site.copy, "value"] > 0.999
    assert rows.loc[site.lone, "value"] == 39 and rows.loc[site.lone, "limit"] == 3
    good = checks[~checks["rejected"].astype(bool)]
    assert good.loc[good["check"] == "misregistration", "value"].max() < 0.3
    assert good.loc[good["check"] == "orbit_mix", "value"].min() > 0.5
    assert set(checks.loc[checks["check"] == "misregistration", "scene"]) == set(pairs["optical"])
    # a scene without a partner counts in the snow cover, and its orbit is checked as well
    radar = scenes.loc[scenes["sensor"] == "radar", "scene"]
    assert set(checks.loc[checks["check"] == "orbit_mix", "scene"]) == set(radar) > set(pairs["radar"])
    table = pair_values(pairs.assign(regime="wet"), checks).set_index("pair")
    assert list(table.reset_index()[PAIR_COLUMNS].columns) == PAIR_COLUMNS
    assert table.loc["20180525_o48", "shift_px"] == rows.loc[site.shifted, "value"]
    assert table.loc[site.wrong, "correlation"] == rows.loc[site.wrong, "value"]


def test_pairs_get_the_first_reason_of_their_scenes(defective):
    site, _, pairs, checks = defective
    verdicts = pair_verdicts(pairs, checks)
    assert verdicts.loc["20180525_o48", "reason"] == "misregistration"
    assert verdicts.loc["20200512_o121", "reason"] == "duplicate"
    assert (verdicts["reason"] != "").sum() == 3 and verdicts.loc["20180506_o48", "reason"] == ""
    # a copy that is shifted too is a copy first
    both = pd.concat([checks, checks[checks["scene"] == site.shifted].assign(check="duplicate", rejected=True)])
    assert pair_verdicts(pairs, both).loc["20180525_o48", "reason"] == "duplicate"


def test_scenes_without_pixels_are_no_copies_of_each_other(tmp_path):
    site = SnowSite(tmp_path)
    cloud = np.ones((SIZE, SIZE), bool)
    names = [site.optical(f"2018-0{month}-05", cloud=cloud) for month in (1, 2)]
    names += [site.optical("2018-03-05"), site.optical("2018-04-05", snow=site.snow(pd.Timestamp("2018-05-05")))]
    paths = site.paths(pd.DataFrame(site.rows))
    assert find_copies({name: paths[name] for name in names}).empty


def test_rank_correlation_is_spearmans_with_ties_and_gaps():
    rng = np.random.default_rng(5)
    a = rng.normal(size=(30, 30)).round(1)
    b = (a + rng.normal(size=a.shape)).round(1)
    b[:4], a[:, 7] = np.nan, np.nan
    both = np.isfinite(a) & np.isfinite(b)
    assert rank_correlation(a, b) == pytest.approx(spearmanr(a[both], b[both]).statistic, abs=1e-12)


def test_rank_correlation_needs_pixels_and_a_spread():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(20, 20))
    assert rank_correlation(a, np.exp(a)) == pytest.approx(1.0)
    assert abs(rank_correlation(a, rng.normal(size=(20, 20)))) < 0.2
    few = np.where(np.arange(400).reshape(20, 20) < 50, a, np.nan)
    assert np.isnan(rank_correlation(few, a)) and np.isnan(rank_correlation(a, np.ones_like(a)))


@pytest.mark.parametrize("shift", [(0, 0), (3, -7), (-20, 15)])
def test_a_shift_is_found_under_clouds_and_other_snow(shift):
    ground, rng = field(3, 2, 160), np.random.default_rng(4)
    image = 0.3 * (1 + 0.3 * ground)
    moved = np.roll(np.where(field(4, 12, 160) > 0.4, 0.8 + 0.1 * ground, image), shift, (0, 1))
    seen = field(6, 10, 160) < 0.8
    noise = rng.normal(0, 0.01, (2, 160, 160))
    everywhere = np.ones_like(seen)
    found = find_shift([orientations(moved + noise[0], seen)], [orientations(image + noise[1], everywhere)])
    assert (found.rows, found.cols) == pytest.approx(shift, abs=0.3) and found.peak_snr > 2 * SURE


def test_a_part_of_a_pixel_is_found():
    fine = field(3, 8, 480)
    image, moved = fine[::4, ::4], np.roll(fine, (2, 0), (0, 1))[::4, ::4]
    everywhere = np.ones(image.shape, bool)
    found = find_shift([orientations(moved, everywhere)], [orientations(image, everywhere)])
    assert found.rows == pytest.approx(0.5, abs=0.15) and found.cols == pytest.approx(0, abs=0.1)


def test_images_that_share_nothing_give_no_sure_shift():
    everywhere = np.ones((120, 120), bool)
    levels = []
    for seed in range(10):
        a, b = (orientations(field(100 + 2 * seed + one, 2, 120), everywhere) for one in (0, 1))
        levels.append(find_shift([a], [b]).peak_snr)
    assert max(levels) < SURE
    nothing = orientations(np.zeros((120, 120)), ~everywhere)
    assert find_shift([nothing], [a]).peak_snr == 0


def test_a_shifted_neighbor_is_not_held_against_a_scene(tmp_path):
    site = SnowSite(tmp_path)
    names = [site.optical(f"2018-05-0{day}", shift=(5, 0) if day == 2 else (0, 0)) for day in (1, 2, 3)]
    scenes = pd.DataFrame(site.rows)
    paths, dates = site.paths(scenes), dict(zip(scenes["scene"], scenes["date"], strict=True))
    shifts = scene_shifts(paths, dates, "B08", names).set_index("scene")["shift_px"]
    assert scene_shifts(paths, dates, "B08", [names[2]])["scene"].tolist() == [names[2]]
    assert shifts[names[1]] == pytest.approx(5, abs=0.2) and shifts[[names[0], names[2]]].max() < 0.3
    # of two alone nobody knows which is the shifted one: both are
    two = scene_shifts({name: paths[name] for name in names[:2]}, dates, "B08", names)
    assert two["shift_px"].tolist() == pytest.approx([5, 5], abs=0.2) and two["partners"].tolist() == [1, 1]
    one = scene_shifts({names[0]: paths[names[0]]}, dates, "B08", names)
    assert one["shift_px"].isna().all() and one["partners"].tolist() == [0]


def measures(**columns):
    return pd.DataFrame({"missing": [0.0], "unknown": [0.0], "snow": [0.5]} | columns)


@pytest.mark.parametrize(
    ("chip", "reason", "value"),
    [
        ({}, "", np.nan),
        ({"missing": [0.1], "unknown": [0.3], "snow": [0.98]}, "", np.nan),
        ({"missing": [0.11], "unknown": [0.9], "snow": [1.0]}, "nodata", 0.11),
        ({"unknown": [0.31], "snow": [1.0]}, "cloud", 0.31),
        ({"unknown": [0.2], "snow": [np.nan]}, "cloud", 0.2),
        ({"snow": [0.99]}, "all_snow", 0.99),
        ({"snow": [0.01]}, "no_snow", 0.01),
    ],
)
def test_the_first_reason_that_applies_decides(chip, reason, value):
    verdict = chip_verdicts(measures(**chip), LIMITS).iloc[0]
    assert verdict["reason"] == reason and verdict["value"] == pytest.approx(value, nan_ok=True)
    assert np.isnan(verdict["limit"]) == (reason == "")


@pytest.fixture(scope="module")
def curation(defective):
    _, _, pairs, checks = defective
    refused = pair_verdicts(pairs, checks)["reason"] != ""
    rows = [
        [f"{pair}_r00c0{place}", pair, place, 0, 24 * place, *([np.nan] * 3 if refused[pair] else [0, 0, 0.4 + place])]
        for pair in pairs["pair"]
        for place in (1, 0)
    ]
    columns = ["triplet", "pair", "place", "row", "col", "missing", "unknown", "snow"]
    return curate(pairs, checks, pd.DataFrame(rows, columns=columns), LIMITS)


def test_every_candidate_and_every_lone_scene_has_one_row(defective, curation):
    site, _, pairs, _ = defective
    assert curation.columns.tolist() == COLUMNS and curation["triplet"].is_unique
    assert len(curation) == 2 * len(pairs) + 1
    lone = curation.iloc[0]
    assert (lone["triplet"], lone["radar"], lone["optical"], lone["reason"]) == (site.lone, site.lone, "", "no_pair")
    assert pd.isna(lone["place"]) and curation["triplet"].iloc[1:].is_monotonic_increasing
    assert ((curation["decision"] == "kept") == (curation["reason"] == "")).all()
    row = curation.set_index("triplet").loc[f"{site.wrong}_r00c01"]
    assert row["reason"] == "orbit_mix" and row["value"] < 0.3 and "121" in row["note"]
    row = curation.set_index("triplet").loc["20180506_o48_r00c01"]
    assert (row["reason"], row["value"], row["limit"], row["col"]) == ("all_snow", 1.4, 0.98, 24)


def test_counts_hold_every_reason(defective, curation):
    _, _, pairs, _ = defective
    counts = count_reasons(curation)
    assert counts["reason"].tolist() == ["kept", *REASONS] and counts["n"].sum() == len(curation)
    of = counts.set_index("reason")["n"]
    assert of["kept"] == of["all_snow"] == len(pairs) - 3 and of["duplicate"] == 2 and of["cloud"] == 0


def test_the_figure_shows_the_counts_without_overlaps(curation):
    figure = snow_curation_figure(curation, "here")
    FigureCanvasAgg(figure).draw()
    left, right = figure.axes
    counts = count_reasons(curation)
    assert [bar.get_width() for bar in left.patches] == counts["n"].tolist()
    assert left.get_title(loc="left") == "Curation of triplets, here"
    totals = {}
    for bar in right.patches:
        totals[bar.get_y()] = totals.get(bar.get_y(), 0) + bar.get_width()
    assert [total for total in totals.values() if total] == pytest.approx([100] * sum(map(bool, totals.values())))
    renderer = figure.canvas.get_renderer()
    texts = [text for axes in figure.axes for text in (*axes.get_xticklabels(), *axes.get_yticklabels(), *axes.texts)]
    boxes = [text.get_window_extent(renderer) for text in texts if text.get_text()]
    assert not [1 for number, a in enumerate(boxes) for b in boxes[number + 1 :] if a.overlaps(b)]


def test_some_triplets_of_bare_ground_and_full_cover_are_kept_as_examples():
    rows = [[f"t{number:03d}", "20180506_o48", number, 0, 0, 0, 0, number % 2] for number in range(400)]
    columns = ["triplet", "pair", "place", "row", "col", "missing", "unknown", "snow"]
    candidates = pd.DataFrame(rows, columns=columns)
    pairs = pd.DataFrame(
        [["20180506_o48", "20180506_o48", "20180506", "48", pd.Timestamp("2018-05-06")]],
        columns=["pair", "radar", "optical", "orbit", "date"],
    )
    checks = pd.DataFrame(columns=["scene", "sensor", "check", "value", "limit", "rejected", "note", "date", "orbit"])
    curation = curate(pairs, checks, candidates, LIMITS | {"keep_uniform": 0.1})
    kept = curation[curation["decision"] == "kept"]
    assert 25 <= len(kept) <= 55 and kept["note"].str.endswith("kept as an example").all()
    fewer = curate(pairs, checks, candidates.iloc[:200], LIMITS | {"keep_uniform": 0.1})
    assert set(fewer[fewer["decision"] == "kept"]["triplet"]) == set(kept["triplet"]) & set(candidates["triplet"][:200])
