"""Radar scenes under a wrong orbit: found also where a site has one orbit, and what cannot be tested is said."""

import numpy as np
import pandas as pd
import pytest
import rasterio

from climate_indicators.snow.scenes.checks import check_scenes
from climate_indicators.snow.scenes.orbit_fit import LeaveOneOut, orbit_correlations, orbit_warnings, rank_correlation
from climate_indicators.snow.scenes.pairing import pair_scenes
from climate_indicators.snow.scenes.snow_free_reference import write_reference
from snow_folders import ORBITS, SIZE, SnowSite
from snow_scene_files import KHUMBU, needs_khumbu

PAIRS = {"max_days": 3, "max_shift_px": 2.0, "min_orbit_correlation": 0.3}
OWN = ORBITS[0]


def one_orbit(root, dates, wrong=()):
    """A site whose scenes are all listed under one orbit; those of the dates ``wrong`` were seen from another."""
    site = SnowSite(root)
    for date in dates:
        site.optical(date)
        site.radar(date, OWN, pixels_of=ORBITS[1] if date in wrong else None)
    scenes = site.finish()
    return site, scenes, scenes[scenes["sensor"] == "radar"], site.references.head(1)


def checked(site, scenes, references):
    _, alone = pair_scenes(scenes, 3)
    checks = check_scenes(scenes, alone, site.paths(scenes), references, site.root / "reference", PAIRS)
    return checks[checks["check"] == "orbit_mix"].set_index("scene")


DATES = [f"{year}-{month:02d}-05" for year in (2018, 2019, 2020) for month in (1, 5, 8)]


def test_a_scene_of_another_orbit_is_found_where_the_site_has_one(tmp_path):
    site, scenes, _, references = one_orbit(tmp_path, DATES, wrong=("2019-05-05",))
    rows = checked(site, scenes, references)
    assert rows.index[rows["rejected"]].tolist() == [f"20190505_o{OWN}"]
    assert abs(rows.loc[f"20190505_o{OWN}", "value"]) < 0.2
    assert rows.loc[~rows["rejected"], "value"].min() > 0.5
    (warning,) = orbit_warnings(rows.reset_index(), references)
    assert f"20190505_o{OWN}" in warning and "1 of 9 radar scenes" in warning


@pytest.mark.parametrize("years", [(2018,), (2018, 2019), (2018, 2019, 2020)])
def test_a_scene_does_not_vouch_for_itself(tmp_path, years):
    # the wrong scene is part of the reference, of one to three scenes, that it is compared with
    dates = [date for date in DATES if int(date[:4]) in years]
    site, scenes, radar, references = one_orbit(tmp_path, dates, wrong=("2018-08-05",))
    wrong = f"20180805_o{OWN}"
    members = references["scenes"].iloc[0].split()
    assert wrong in members and len(members) == len(years)
    paths = [site.paths(scenes)[name] for name in members]
    for path in paths:
        with rasterio.open(path, "r+") as raster:
            raster.update_tags(RELATIVE_ORBIT=OWN)
    write_reference(tmp_path / f"reference/o{OWN}.tif", paths, OWN)
    rows = checked(site, scenes, references)
    assert rows.index[rows["rejected"]].tolist() == [wrong]
    assert abs(rows.loc[wrong, "value"]) < 0.2 and rows["value"].drop(wrong).min() > 0.5
    warnings = list(orbit_warnings(rows.reset_index(), references))
    assert any(wrong in text and "part of the snow-free reference" in text for text in warnings)


def test_of_two_scenes_alone_either_may_be_wrong(tmp_path):
    site, scenes, _, references = one_orbit(tmp_path, ["2018-05-05", "2018-08-05"], wrong=("2018-05-05",))
    rows = checked(site, scenes, references)
    assert rows["rejected"].all() and rows["note"].str.contains("either may be of another orbit").all()


def test_many_scenes_without_a_large_reference_are_compared_with_some(tmp_path, monkeypatch):
    monkeypatch.setattr("climate_indicators.snow.scenes.orbit_fit._MOST", 4)
    site, scenes, _, references = one_orbit(tmp_path, DATES[:6], wrong=("2018-05-05",))
    rows = checked(site, scenes, references)
    assert rows.index[rows["rejected"]].tolist() == [f"20180505_o{OWN}"] and rows["value"].notna().all()


def test_what_cannot_be_tested_is_called_so(tmp_path):
    site, scenes, _, references = one_orbit(tmp_path, ["2018-08-05"])
    rows = checked(site, scenes, references)
    assert rows["value"].isna().all() and not rows["rejected"].any()
    assert rows["note"].str.startswith("not tested").all()
    (warning,) = orbit_warnings(rows.reset_index(), references)
    assert f"20180805_o{OWN}" in warning and "not tested" in warning


def test_scenes_with_too_few_pixels_are_called_untested(tmp_path):
    site, scenes, radar, references = one_orbit(tmp_path, DATES)
    nearly_all = np.arange(SIZE * SIZE).reshape(SIZE, SIZE) >= 60
    site.radar("2019-05-05", OWN, missing=nearly_all)
    row = checked(site, scenes, references).loc[f"20190505_o{OWN}"]
    assert np.isnan(row["value"]) and row["note"].startswith("not tested") and not row["rejected"]


def test_mosaics_of_several_orbits_are_called_untested(tmp_path):
    site, scenes, radar, references = one_orbit(tmp_path, DATES)
    mixed = radar.assign(orbit="mixed")
    fits = orbit_correlations(mixed, site.paths(scenes), references.assign(orbit="mixed"), tmp_path / "reference", 0.3)
    assert fits["scene"].tolist() == radar["scene"].tolist()
    assert fits["correlation"].isna().all() and fits["note"].str.startswith("not tested").all()


def test_medians_without_one_are_those_of_the_others():
    rng = np.random.default_rng(0)
    for size in (2, 3, 6, 7):
        pictures = rng.integers(0, 9, (size, 20, 30)).astype("float32")
        pictures[rng.random(pictures.shape) < 0.3] = np.nan
        rest = LeaveOneOut(list(pictures))
        for number, picture in enumerate(pictures):
            others = pd.DataFrame(np.delete(pictures, number, axis=0).reshape(size - 1, -1))
            expected = others.median(axis=0).to_numpy().reshape(20, 30)
            np.testing.assert_allclose(rest.median_without(picture), expected)


@needs_khumbu
def test_real_mosaics_of_two_seasons_fit_and_a_mirrored_view_does_not():
    images = []
    for season in ("summer", "autumn"):
        with rasterio.open(KHUMBU / f"s1_{season}_2024.tif") as raster:
            values = raster.read(1)
        images.append(np.where(np.isfinite(values), values, np.nan))
    # seen from the other side, slopes that faced the radar turn away: flipped, the terrain no longer matches
    assert rank_correlation(*images) > 0.3 > abs(rank_correlation(images[0], images[1][:, ::-1]))
