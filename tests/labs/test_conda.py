"""All four studies in conda environments made from the project's own files; Snakemake's own holds only Snakemake.

What these tests cannot show is that conda-forge has the packages: the channel is made of wheels (see `conda_channel`).
"""

import re
import shutil

import pytest
from cluster_runs import all_studies, assert_same_tables
from conda_lab import conda_lab, dependencies, envs, why_not

from climate_indicators.snow.climate.weather import read_weather
from env_files import missing, rules_with_scripts
from runs import SMALL_CARBON, copy_workflow, jobs_of, run
from servers.weather import WeatherServer, mountain
from weather_site import VARIABLES, snow_site

pytestmark = pytest.mark.lab
# one rule that needs no other: it draws pictures and writes them with pillow
RULE, TARGET, ENV = "simulate_carbon", "resources/carbon/small/images", "raster.yaml"
# Snakemake needs these itself, so that they hide their own absence: only the comparison of imports guards them
SNAKEMAKES_OWN = {"requests", "urllib3"}
# rules with TensorFlow that need nothing of another such rule
FIRST_WITH_TENSORFLOW = {"train", "carbon_train", "snow_train", "snow_encoders", "ocean_classifier", "tiny_presets"}


@pytest.fixture(scope="module")
def lab():
    """A conda lab; its environments last as long as these tests."""
    if reason := why_not():
        pytest.skip(f"no conda lab here: {reason}")
    with conda_lab() as ready:
        yield ready


def in_main(lab):
    """Packages of the environment that Snakemake runs in."""
    found = (lab.folder / "main").glob("lib/python*/site-packages/*.dist-info")
    return {path.name.split("-")[0].replace("_", "-").lower() for path in found}


def test_all_studies_in_their_environments_give_the_tables_of_a_local_run(lab, alone, tmp_path):
    asked = {line.split("=")[0] for env in envs() for line in dependencies(env)}
    assert "snakemake" in in_main(lab)
    assert in_main(lab) & asked == SNAKEMAKES_OWN, "others would hide what an environment file lacks"
    config = all_studies()
    text, passed = lab.run(tmp_path, config, "--max-threads", "2")
    assert passed, text
    ran = jobs_of(text)
    used = {env for rule, _, files in rules_with_scripts() for env in files[:1] if rule in ran}
    assert used == {env.name for env in envs() if "-gpu" not in env.name} - {"archive.yaml"}
    assert len(list((lab.folder / "envs").glob("*.env_setup_done"))) >= len(used)
    assert_same_tables(tmp_path, alone)
    text, passed = lab.run(tmp_path, config)
    assert passed and "Nothing to be done" in text, text
    # another build of TensorFlow is another environment: its rules run again, and so what depends on them
    text, passed = lab.run(tmp_path, config | {"deep_learning_env": "gpu"}, "--dry-run")
    assert passed, text
    changed = re.search(r"^Rules with provenance triggered jobs: (.+)$", text, re.M)
    assert changed and set(changed[1].split()) == FIRST_WITH_TENSORFLOW, text


def test_weather_of_an_archive_is_fetched_in_its_environment(lab, tmp_path):
    with WeatherServer(mountain) as server:
        snow = {"sites": {"hut": snow_site()}, "climate": {"variables": VARIABLES}}
        text, passed = lab.run(tmp_path, {"archives": {"open_meteo": server.endpoint}, "snow": snow}, "fetch_all")
        assert passed, text
        assert len(server.requests) == 2
    assert "envs/archive.yaml" in text
    table, _ = read_weather(tmp_path / "resources/snow/hut/weather.csv", VARIABLES)
    assert len(table) == 365 + 182


@pytest.mark.parametrize("env", [env for env in envs() if "-gpu" in env.name], ids=lambda env: env.name)
def test_environments_for_gpus_can_be_solved(lab, env, tmp_path):
    text = lab.ask("conda", "env", "create", "--dry-run", "--file", env, "--prefix", tmp_path / "env")
    assert "nvidia-cudnn" in text and "tensorflow==2." in text, text


@pytest.fixture
def workflow(tmp_path):
    """A copy of the workflow whose environment files a test may spoil: its Snakefile and the file of the rule."""
    snakefile = copy_workflow(tmp_path / "workflow")
    (tmp_path / "run").mkdir()
    return snakefile, snakefile.parent / "envs" / ENV


def test_a_missing_package_ends_the_run_and_is_named(lab, workflow, tmp_path):
    snakefile, env = workflow
    env.write_text(re.sub(r" +- pillow=.*\n", "", env.read_text()))
    script = next(script for name, script, _ in rules_with_scripts() if name == RULE)
    assert missing(script, env) == {"pillow"}
    # without the environments nobody sees it
    shutil.copytree(tmp_path / "run", tmp_path / "beside")
    text, passed = run(tmp_path / "beside", SMALL_CARBON, TARGET, snakefile=snakefile)
    assert passed, text
    text, passed = lab.run(tmp_path / "run", SMALL_CARBON, TARGET, snakefile=snakefile)
    assert not passed
    assert "No module named 'PIL'" in text and f"Error in rule {RULE}" in text, text
    assert not (tmp_path / "run" / TARGET).exists()


def test_a_version_that_no_channel_has_ends_the_run_before_any_job(lab, workflow, tmp_path):
    snakefile, env = workflow
    env.write_text(re.sub(r"pillow=.*", "pillow=1.0", env.read_text()))
    text, passed = lab.run(tmp_path / "run", SMALL_CARBON, TARGET, snakefile=snakefile)
    assert not passed
    assert "Could not create conda environment" in text and "pillow" in text and "Error in rule" not in text, text
    assert not (tmp_path / "run" / "logs").exists()
