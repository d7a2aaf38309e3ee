"""A target that cannot be is answered by what there is, before any job."""

import pytest

from cases import shortened
from runs import SMALL, SMALL_SNOW, jobs_of, run

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("target", "words"),
    shortened(
        [
            ("results/glacier/smal/trend.csv", ["no glacier site is called 'smal'", "Did you mean small?"]),
            (
                "results/glacier/small/scenes/1999.tif",
                ["no scene of glacier site 'small' is called '1999'", "2019, 2020"],
            ),
            ("results/snow/typo/snow_cover.csv", ["no snow site with images is called 'typo'", "Known: small"]),
            ("results/carbon/typo/CO2_seq.csv", ["no carbon site is called 'typo'", "Known: none"]),
        ],
        "results/glacier/smal/trend.csv",
    ),
)
def test_an_unknown_site_or_scene_is_named_with_the_known_ones(tmp_path, target, words):
    text, passed = run(tmp_path, {**SMALL, **SMALL_SNOW}, "--dry-run", "--", target)
    assert not passed and "KeyError" not in text
    for word in words:
        assert word in text, text


@pytest.mark.parametrize("training", shortened([{"sites": "each"}, {"sites": "pooled"}], {"sites": "each"}))
def test_a_site_of_other_bands_needs_no_settings_of_figures(tmp_path, training):
    site = {
        "source": "files",
        "reference_year": 2019,
        "resolution_m": 30,
        "bands": ["SR_B2", "SR_B3"],
        "outlines": {"path": "outlines.gpkg"},
        "radiometry": {"sentinel2_baseline": False},
        "scenes": [{"year": 2019, "tiles": ["a.tif"]}],
    }
    for name in ("outlines.gpkg", "a.tif"):
        (tmp_path / name).touch()
    config = {"glacier": {"sites": {"alp": site}, "training": training}}
    text, passed = run(tmp_path, config, "--dry-run")
    assert passed, text
    assert {"baselines", "patch_sheet", "glacier_retreat_timelapse", "glacier_gallery"} <= jobs_of(text)
