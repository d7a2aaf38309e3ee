"""Snow from radar and optical images on a small simulated mountain, through the rules."""

import shutil

import h5py
import numpy as np
import pandas as pd
import pytest

from cases import shortened
from runs import SMALL_SNOW, SNOW_SITE, SNOW_STUDY, jobs_of, run

pytestmark = pytest.mark.slow
SITE = "results/snow/small"
TABLES = {
    "scenes", "references", "pairs", "scene_checks", "curation", "curation_counts", "triplets", "history",
    "metrics", "reliability", "block_confusion", "triplet_metrics", "season_metrics", "benchmark",
    "benchmark_notes", "sam_runs", "cover", "snow_cover", "radar_cover", "encoder_history", "retrieval", "domain_shift",
    "embedding_geometry", "embedding_planes", "truth_check", "conclusions", "snow_weather", "weather",
    "weather_summary",
    "inputs", "weather_checks", "season_years", "season_trends", "regressions", "multiple_regression",
}  # fmt: skip
FIGURES = {
    "curation", "triplets", "augmentation", "learning_curve", "reliability", "benchmark", "snow_gallery",
    "snow_cover", "truth_check", "activation_maps_clip", "activation_maps_dinov2", "activation_maps_deeplab",
    "embeddings_tsne", "embeddings_pca", "embeddings_retrieval", "domain_shift", "snow_series", "snow_seasons",
    "regressions", "partial_regressions",
}  # fmt: skip


def table(folder, name):
    text = {"orbit": str, "radar": str, "optical": str}
    return pd.read_csv(folder / SITE / f"{name}.csv", dtype=text, keep_default_na=False)


def study(**groups):
    """Configuration of the small mountain with some groups changed."""
    return {"snow": SNOW_STUDY | {name: SNOW_STUDY.get(name, {}) | group for name, group in groups.items()}}


def test_a_run_makes_every_result_and_a_second_one_has_nothing_to_do(finished_snow):
    made = {path.name for path in (finished_snow / SITE).iterdir()}
    assert {f"{name}.csv" for name in TABLES} | {f"{name}.png" for name in FIGURES} <= made
    assert not [name for name in made if name.startswith(".")], "left over from a training"
    text, passed = run(finished_snow, SMALL_SNOW)
    assert passed and "Nothing to be done" in text, text


def test_no_triplet_mixes_orbits(finished_snow):
    triplets, scenes = table(finished_snow, "triplets"), table(finished_snow, "scenes").set_index("scene")
    assert len(triplets) > 50 and set(triplets.orbit) == {"95", "117"}
    assert (scenes.orbit[triplets.radar].to_numpy() == triplets.orbit).all()
    mixed = table(finished_snow, "curation").query("reason == 'orbit_mix'")
    planted = pd.read_csv(finished_snow / "resources/snow/small/truth/defects.csv", dtype=str)
    assert set(mixed.radar) == set(planted[planted.defect == "orbit_mix"].scene_a)


def test_places_and_years_of_the_test_are_never_learnt_from(finished_snow):
    triplets = table(finished_snow, "triplets")
    learnt, tested = (triplets[triplets.split.isin(parts)] for parts in (["train", "validation"], ["test"]))
    assert len(learnt) and len(tested)
    assert not set(learnt.place) & set(tested.place) and not set(learnt.hydro_year) & set(tested.hydro_year)
    with h5py.File(finished_snow / SITE / "patches.h5") as store:
        assert np.isfinite(store["image"][:]).all()
        assert store["name"].asstr()[:].tolist() == triplets.triplet.tolist()


def test_untrained_models_are_called_so(finished_snow):
    assert set(table(finished_snow, "sam_runs").weights) == {"random weights"}
    labels = table(finished_snow, "benchmark").set_index("model").label
    for model in ("sam_oracle", "sam_radar"):
        assert "random weights" in labels[model]
    assert "oracle" in labels["sam_oracle"] and "random weights" not in labels["unet"]


def test_every_planted_defect_is_found(finished_snow):
    check = table(finished_snow, "truth_check").set_index("quantity")
    defects = check[check.index.str.startswith("planted defects found")]
    assert len(defects) >= 4 and defects.within.all()


@pytest.mark.parametrize(
    ("group", "change", "stay"),
    shortened([
        ("climate", {"lags_days": [10]}, {"snow_triplets", "snow_train", "snow_cover", "snow_sam", "snow_embeddings"}),
        ("baselines", {"forest_trees": 11}, {"snow_train", "snow_held_out", "snow_sam", "snow_embeddings"}),
        ("embeddings", {"epochs": 3}, {"snow_train", "snow_sam", "snow_activation_maps", "snow_skill"}),
        ("masks", {"ndsi": 0.5}, {"snow_scenes", "snow_radar", "snow_reference", "snow_change", "tiny_presets"}),
    ], "masks"),
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_setting_reruns_what_uses_it_and_no_more(finished_snow, group, change, stay):
    text, passed = run(finished_snow, study(**{group: change}), "--dry-run")
    assert passed and jobs_of(text), text
    assert not jobs_of(text) & stay


@pytest.fixture(scope="module")
def own(finished_snow, tmp_path_factory):
    """A site of the user's own files (those of the simulated one): its folder and its configuration."""
    folder = tmp_path_factory.mktemp("own")
    shutil.copytree(finished_snow / "resources/snow/small", folder / "data", ignore=shutil.ignore_patterns("truth"))
    shutil.copytree(finished_snow / "resources/models", folder / "models")
    site = {key: SNOW_SITE[key] for key in ("radiometry",)} | {
        "source": "files", "scenes_table": "data/scenes.csv", "aoi": "data/aoi.gpkg", "weather": "data/weather.csv"
    }  # fmt: skip
    return folder, {"snow": SNOW_STUDY | {"sites": {"small": site}}}


@pytest.mark.long
def test_own_files_give_what_the_simulation_gives(own, finished_snow):
    folder, config = own
    text, passed = run(folder, config, f"{SITE}/triplets.csv")
    assert passed, text
    for name in ("pairs", "curation", "triplets"):
        assert (folder / SITE / f"{name}.csv").read_bytes() == (finished_snow / SITE / f"{name}.csv").read_bytes()


@pytest.mark.long
def test_a_folder_of_a_model_goes_the_same_way_as_a_preset(own, finished_snow):
    folder, config = own
    (folder / "models/demo_sam/card.json").unlink(missing_ok=True)
    config = {"snow": config["snow"] | {"foundation": SNOW_STUDY["foundation"] | {"sam": "models/demo_sam"}}}
    text, passed = run(folder, config, f"{SITE}/sam_runs.csv")
    assert passed, text
    mine, theirs = (table(place, "sam_runs") for place in (folder, finished_snow))
    assert set(mine.weights) != {"random weights"}
    pd.testing.assert_frame_equal(mine.drop(columns="weights"), theirs.drop(columns="weights"))


def cut_short(folder):
    weights = folder / "model.weights.h5"
    weights.write_bytes(weights.read_bytes()[:-1000])


BAD = {
    "missing": (shutil.rmtree, "there is no such folder"),
    "truncated": (cut_short, "model.weights.h5"),
    "without settings": (lambda folder: (folder / "config.json").unlink(), "config.json"),
    "another model": (lambda folder: shutil.copytree(folder.parent / "demo_clip", folder, dirs_exist_ok=True), "CLIP"),
}


@pytest.mark.parametrize("name", shortened(BAD, "truncated"))
def test_a_damaged_folder_of_a_model_ends_the_run_before_any_job(own, tmp_path, name):
    shutil.copytree(own[0] / "models", tmp_path / "models")
    spoil, words = BAD[name]
    spoil(tmp_path / "models/demo_sam")
    text, passed = run(tmp_path, study(foundation={"sam": "models/demo_sam"}))
    assert not passed and not (tmp_path / "results").exists()
    message = next(line for line in text.splitlines() if "snow.foundation.sam" in line)
    assert "models/demo_sam" in message and words in message, text
