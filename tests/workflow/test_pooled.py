"""One network for many sites: a run of two small glaciers, and which jobs the other studies and a further site have."""

import copy
import json
import re

import h5py
import pandas as pd
import pytest

from runs import CARBON_SITE, SMALL_CARBON, SMALL_SNOW, SNOW_SITE, STUDY, WORLD, jobs_of, run

pytestmark = pytest.mark.slow
ONE_YEAR = {"first_year": 2020, "last_year": 2020, "cloudy_year": None}
TARGET = "results/glacier/pooled/skill_by_site.csv"
SITES = ["east", "west"]


def glaciers(names, **training):
    """A glacier study whose sites are worlds of one year each, with one network."""
    sites = {
        name: {"source": "simulate", "reference_year": 2020, "simulate": WORLD | ONE_YEAR | {"seed": seed}}
        for seed, name in enumerate(names, start=7)
    }
    return {"glacier": STUDY | {"sites": sites, "training": STUDY["training"] | {"sites": "pooled", **training}}}


@pytest.fixture(scope="module")
def finished_pool(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pool")
    text, passed = run(folder, glaciers(SITES), "--", TARGET)
    assert passed, text
    return folder


def counts(text):
    """Number of jobs of each rule."""
    return {rule: int(n) for rule, n in re.findall(r"^(\w+) +(\d+)$", text.split("Job stats:")[1], re.M)}


@pytest.mark.long
def test_one_network_learns_from_both_sites_and_is_measured_at_each(finished_pool):
    study = finished_pool / "results/glacier"
    card = json.loads((study / "pooled/model/model_card.json").read_text())
    assert card["sites"] == SITES
    assert not {"sites", "pool", "patches_per_site"} & set(card["training"])
    with h5py.File(study / "pooled/patches.h5") as store:
        assert store.attrs["mean"].tolist() == card["scaling"]["mean"]
        assert set(store["site"][:]) == {0, 1}
    skill = pd.read_csv(finished_pool / TARGET)
    assert skill.in_pool.all() and set(skill.model) == {"unet", "random_forest", "band_ratio", "all_positive"}
    for site in SITES:
        assert not (study / site / "model").exists()
        own = pd.read_csv(study / site / "metrics.csv")
        pd.testing.assert_frame_equal(skill[skill.site == site][own.columns].reset_index(drop=True), own)


@pytest.mark.long
@pytest.mark.parametrize(("training", "trains"), [({}, True), ({"pool": SITES}, False)], ids=["all", "named"])
def test_a_further_site_trains_anew_only_if_the_pool_is_all_sites(finished_pool, training, trains):
    text, passed = run(finished_pool, glaciers([*SITES, "north"], **training), "--dry-run", "--", TARGET)
    assert passed, text
    jobs = jobs_of(text)
    assert ({"pool", "train"} <= jobs) is trains and {"held_out", "evaluate", "skill_by_site"} <= jobs
    assert counts(text)["held_out"] == (3 if trains else 1)


def test_snow_and_carbon_train_once_and_map_every_site_with_it(tmp_path):
    config = copy.deepcopy(SMALL_SNOW | SMALL_CARBON)
    for study, site in (("snow", SNOW_SITE), ("carbon", CARBON_SITE)):
        config[study]["sites"] = {"one": site, "two": site, "three": site}
        config[study]["training"] |= {"sites": "pooled", "pool": ["two", "one"]}
    text, passed = run(tmp_path, config, "--dry-run")
    assert passed, text
    jobs = counts(text)
    assert jobs["pool"] == jobs["skill_by_site"] == 2
    assert [jobs[rule] for rule in ("snow_train", "snow_learning_curve", "carbon_train", "carbon_learning_curve")] == [
        1
    ] * 4
    assert [jobs[rule] for rule in ("snow_held_out", "snow_evaluate", "carbon_held_out", "carbon_vegetation")] == [
        3
    ] * 4
    for study in ("snow", "carbon"):
        parts = f"results/{study}/one/patches.h5, results/{study}/two/patches.h5\n"
        assert f"input: {parts}" in text
        assert f"results/{study}/pooled/model, results/{study}/three/patches.h5" in text
        assert f"results/{study}/three/model" not in text
