"""Many sites: listed in a table, scenes in batches, and what a further site or year runs."""

import shutil

import pytest

from runs import STUDY, WORLD, job_counts, run

pytestmark = pytest.mark.slow
SUMMARIES = {"skill_summary", "glacier_summary", "overview", "manifest"}
# all jobs of a simulated site that are not of a scene
ONCE = {
    "simulate_glacier", "grid", "scenes", "glacier_labels", "blocks", "patches", "train", "check_network", "held_out",
    "baselines", "evaluate", "glacier_area_by_year", "glacier_trend", "glacier_truth_check", "input_table",
    "glacier_elevation", "glacier_flowlines", "glacier_retreat", "glacier_hypsometry",
}  # fmt: skip
PICTURES = {
    "glacier_scenes", "block_map", "patch_sheet", "learning_curve", "reliability", "glacier_retreat_graph",
    "glacier_retreat_timelapse", "glacier_gallery", "glacier_termini",
    "glacier_hypsometry_figure",
}  # fmt: skip
SCENES = {"scene", "predict", "glacier_outlines"}


def planned(folder, config, *arguments):
    text, passed = run(folder, config, "--dry-run", *arguments)
    assert passed, text
    return job_counts(text) if "Job stats:" in text else {}


def table_of_sites(folder, first_years, **settings):
    """A study of simulated sites in a table, each with its first year."""
    lines = [f"s{number},{year}\n" for number, year in enumerate(first_years)]
    (folder / "sites.csv").write_text("site,simulate.first_year\n" + "".join(lines))
    defaults = {"source": "simulate", "reference_year": 2020, "simulate": WORLD}
    study = {key: value for key, value in STUDY.items() if key != "sites"}
    return {"glacier": {**study, "site_table": "sites.csv", "site_defaults": defaults, **settings}}


def test_a_further_site_runs_only_its_own_rules(finished):
    further = {"source": "simulate", "reference_year": 2020, "simulate": WORLD | {"seed": 8}}
    config = {"glacier": STUDY | {"sites": STUDY["sites"] | {"further": further}}}
    expected = dict.fromkeys(ONCE | PICTURES | SUMMARIES, 1) | dict.fromkeys(SCENES, 5)
    assert planned(finished, config) == expected


@pytest.fixture
def finished_files(finished, files):
    """The finished run as if its scenes up to 2022 were the user's own files: its folder and configuration."""
    folder, config = files
    shutil.copytree(finished / "results/glacier/small", folder / "results/glacier/mine")
    site = config["glacier"]["sites"]["mine"]
    last = site["scenes"].pop()
    for name in (
        "inputs/2023.csv",
        "scenes/2023.tif",
        "scenes/2023.csv",
        "probability/2023.tif",
        "extent/2023.tif",
        "outlines/2023.gpkg",
    ):
        (folder / "results/glacier/mine" / name).unlink()
    for name in ("manifest.csv", "warnings.csv", "overview.csv", "overview.rst"):
        shutil.copy(finished / "results" / name, folder / "results" / name)
    text, passed = run(folder, config, "--touch")  # notes inputs and parameters of every output
    assert passed, text
    assert planned(folder, config) == {}
    site["scenes"].append(last)
    return folder, config


@pytest.mark.long
def test_a_further_year_runs_only_its_own_rules(finished_files):
    """Neither moves the grid nor trains again, be it later or earlier than all others."""
    expected = SCENES | {"scenes", "glacier_scenes", "glacier_area_by_year", "glacier_trend", "overview", "manifest"}
    expected |= {"input_table"}
    expected |= {"glacier_retreat_graph", "glacier_retreat_timelapse", "glacier_gallery"}
    assert planned(*finished_files) == dict.fromkeys(expected, 1)
    folder, config = finished_files
    scenes = config["glacier"]["sites"]["mine"]["scenes"]
    scenes.insert(0, scenes.pop() | {"year": 2018, "date": "2018-10-15"})
    # the gallery shows the reference year and the furthest from it, 2022 as before
    assert planned(folder, config) == dict.fromkeys(expected - {"glacier_gallery"}, 1)


def test_batches_of_scenes_are_blocks_of_the_calendar(tmp_path):
    config = table_of_sites(tmp_path, [2019, 2019, 2020], scenes_per_job=2, figures={"each_site": False})
    # 2019 alone, 2020 to 2021, 2022 to 2023
    batches = {"_2019": 2, "_2020_2021": 3, "_2022_2023": 3}
    expected = {name + batch: count for name in SCENES for batch, count in batches.items()}
    assert planned(tmp_path, config) == expected | dict.fromkeys(ONCE, 3) | dict.fromkeys(SUMMARIES, 1)


@pytest.mark.long
def test_sites_with_and_without_gaps_in_their_years_have_batches_of_their_own(tmp_path):
    """2016 to 2019 and 2016 with 2019 alone have the same first and last year."""
    for name in ("aoi.gpkg", "outlines.gpkg", *(f"{year}.tif" for year in range(2016, 2020))):
        (tmp_path / name).touch()
    own = {"source": "files", "reference_year": 2016, "resolution_m": 10, "aoi": "aoi.gpkg"}
    own["outlines"] = {"path": "outlines.gpkg", "id_field": "glacier_id"}
    years = {"whole": [2016, 2017, 2018, 2019], "ends": [2016, 2019], "most": [2016, 2017, 2019]}
    sites = {
        name: own | {"scenes": [{"year": year, "date": f"{year}-09-12", "tiles": [f"{year}.tif"]} for year in of_site]}
        for name, of_site in years.items()
    }
    config = {"glacier": STUDY | {"sites": sites, "scenes_per_job": 10}}
    targets = [f"results/glacier/{name}/scenes/{year}.tif" for name, of_site in years.items() for year in of_site]
    batches = dict.fromkeys(["scene_2016_2019", "scene_2016_and_2019", "scene_2016_2017_and_2019"], 1)
    assert planned(tmp_path, config, "--", *targets) == batches | {"grid": 3}


@pytest.mark.long
def test_batches_give_what_single_scenes_gave(finished, tmp_path):
    config = {"glacier": STUDY | {"scenes_per_job": 10}}
    for name in ("results", "resources"):
        shutil.copytree(finished / name, tmp_path / name)
    made = [
        f"results/glacier/small/{pattern.format(year)}"
        for pattern in ("scenes/{}.tif", "scenes/{}.csv", "probability/{}.tif", "extent/{}.tif", "outlines/{}.gpkg")
        for year in range(2020, 2024)
    ]
    for name in made:
        (tmp_path / name).unlink()
    rules = {f"{name}_2020_2023" for name in SCENES}
    text, passed = run(tmp_path, config, "--allowed-rules", *rules, "--", *made)
    assert passed, text
    assert job_counts(text) == dict.fromkeys(rules, 1)
    for name in made:
        assert (tmp_path / name).read_bytes() == (finished / name).read_bytes(), name
