"""The workflow as a module, under a prefix, of another one that has a package `scripts` of its own."""

import os
import subprocess

import pandas as pd
import pytest
import yaml

from runs import ROOT, SMALL, SMALL_CARBON, SMALL_OCEAN, SMALL_SNOW, copy_workflow, jobs_of
from servers.faulty import Fault
from servers.files import FileServer

pytestmark = pytest.mark.slow
SNAKEFILE = f"""
from scripts.words import GREETING

configfile: "config/config.yaml"

rule all:
    input:
        "answer.txt",

module climate_indicators:
    snakefile: "{ROOT}/Snakefile"
    config: config["climate"]
    prefix: "climate"

use rule * from climate_indicators as ci_*

rule answer:
    input:
        scenes="climate/results/glacier/small/scenes.csv",
        images="climate/results/carbon/small/images.csv",
        cells="climate/results/ocean/small/inputs.csv",
        snow="climate/results/snow/small/scenes.csv",
    output:
        "answer.txt",
    params:
        greeting=GREETING,
    script:
        "scripts/answer.py"

rule everything:
    input:
        rules.ci_all.input,
"""
# the module's own `scripts` come first on the path of every job: the outer package must be found all the same
ANSWER = """
from pathlib import Path

from scripts.words import GREETING

lines = [GREETING, *(f"{Path(path).stat().st_size > 100}" for path in snakemake.input)]
Path(snakemake.output[0]).write_text("\\n".join(lines))
"""


FETCHING = f"""
configfile: "config.yaml"

module climate_indicators:
    snakefile: "{ROOT}/Snakefile"
    config: config["climate"]
    prefix: "climate"

use rule * from climate_indicators as ci_*
"""

REMOTE = """
module climate_indicators:
    snakefile: {source}
    config: config["climate"]
    prefix: "climate"

use rule * from climate_indicators as ci_*
"""


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A git repository with this version of the workflow, tagged v1; Snakemake's cache of sources is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, value in {"NAME": "tests", "EMAIL": "tests@example.org"}.items():
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    folder = copy_workflow(tmp_path / "repository").parent
    for arguments in (["init", "-q"], ["add", "--all"], ["commit", "-qm", "All"], ["tag", "v1"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


def remote(folder, source):
    """Folder of a workflow that has this one as a module from a remote source."""
    (folder / "outer").mkdir()
    (folder / "outer" / "config.yaml").write_text(yaml.safe_dump({"climate": SMALL}))
    (folder / "outer" / "Snakefile").write_text('configfile: "config.yaml"' + REMOTE.format(source=source))
    return folder / "outer"


@pytest.fixture
def outer(tmp_path):
    """Folder of a workflow that has this one as a module, run from there."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "config").mkdir()
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "scripts" / "__init__.py").write_text("")
    (tmp_path / "scripts" / "words.py").write_text('GREETING = "from the outer package"\n')
    (tmp_path / "scripts" / "answer.py").write_text(ANSWER)
    climate = {**SMALL, **SMALL_CARBON, **SMALL_OCEAN, **SMALL_SNOW}
    (tmp_path / "config" / "config.yaml").write_text(yaml.safe_dump({"climate": climate, "mine": 1}))
    return tmp_path


def snakemake(folder, *arguments):
    """Text of a run of the outer workflow, and whether it passed."""
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    line = ["snakemake", "--cores", "2", *arguments]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, env=surroundings)
    return done.stdout + done.stderr, done.returncode == 0


@pytest.mark.long
def test_rules_of_the_module_run_inside_another_workflow(outer):
    text, passed = snakemake(outer)
    assert passed, text
    assert (outer / "answer.txt").read_text().splitlines() == ["from the outer package", *["True"] * 4]
    # everything of the module stands under its prefix, and it left nothing beside it
    assert {path.name for path in outer.iterdir()} == {
        "Snakefile", "answer.txt", "climate", "config", "scripts", ".snakemake",
    }  # fmt: skip
    assert {path.name for path in (outer / "climate").iterdir()} == {"resources", "results", "logs"}
    assert len(pd.read_csv(outer / "climate/results/glacier/small/scenes.csv")) == 5
    text, passed = snakemake(outer, "--dry-run")
    assert passed and "Nothing to be done" in text, text
    text, passed = snakemake(outer, "--dry-run", "everything")
    assert passed, text
    jobs = jobs_of(text)
    assert {"ci_train", "ci_snow_train", "ci_carbon_train", "ci_ocean_classifier", "ci_manifest", "everything"} <= jobs
    assert "ci_grid" not in jobs


@pytest.mark.long
def test_a_module_fetches_as_patiently_as_its_own_settings_say(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    months = {"first_month": "2004-01", "last_month": "2004-12", "reference_month": "2004-01"}
    variables = {name: {"name": name} for name in ("sst", "dic", "alk", "fco2")}
    with FileServer({"/x.nc": b"fields"}) as server:
        site = {"source": "files", **months, "files": ["x.nc"], "variables": variables}
        site["downloads"] = [{"url": f"{server.url}/x.nc"}]
        config = {"archives": {"tries": 1}, "ocean": {"sites": {"seas": site}}}
        (tmp_path / "Snakefile").write_text(FETCHING)
        (tmp_path / "config.yaml").write_text(yaml.safe_dump({"climate": config, "archives": {"tries": 7}}))
        server.fail("/x.nc", Fault(status=500))
        text, passed = snakemake(tmp_path, "climate/resources/ocean/seas/files/x.nc")
    assert not passed and "the server answered 500" in text and "; 1 try in" in text, text
    assert len(server.requests) == 1


def test_a_module_runs_from_a_repository(repository, tmp_path):
    folder = remote(tmp_path, f'"git+file://{repository}/Snakefile@v1"')
    # neither the commit that is used nor its library is what lies in the repository's folder now
    (repository / "src" / "climate_indicators" / "config" / "validation.py").write_text("raise NotImplementedError")
    target = "climate/results/glacier/small/scenes.csv"
    text, passed = snakemake(folder, "--", target)
    assert passed, text
    assert len(pd.read_csv(folder / target)) == 5
    assert {path.name for path in folder.iterdir()} == {"Snakefile", "climate", "config.yaml", ".snakemake"}
    text, passed = snakemake(folder, "--dry-run", "--", target)
    assert passed and "Nothing to be done" in text, text
    text, passed = snakemake(folder, "--report", "report.html", "--", target)
    assert passed and "Main results" in (folder / "report.html").read_text(), text
    text, passed = snakemake(folder, "--dry-run", "--", "climate/results/glacier/small/trend.csv")
    assert passed and {"ci_train", "ci_evaluate"} <= jobs_of(text) and "ci_grid" not in jobs_of(text), text


@pytest.mark.long
def test_a_module_is_taken_from_a_hosting_service(repository, tmp_path):
    # Snakemake's own clone, made beforehand: nothing is fetched for a tag that it has
    clone = tmp_path / "cache/snakemake/snakemake/source-cache/snakemake-git-cache/github.com/owner/climate-indicators"
    subprocess.run(["git", "clone", "-q", "--bare", repository, clone], check=True)
    folder = remote(tmp_path, 'github("owner/climate-indicators", path="Snakefile", tag="v1")')
    text, passed = snakemake(folder, "--dry-run", "--", "climate/results/glacier/small/trend.csv")
    assert passed and {"ci_simulate_glacier", "ci_train", "ci_evaluate"} <= jobs_of(text), text


def test_a_module_from_a_bare_address_is_refused_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with FileServer({"/Snakefile": (ROOT / "Snakefile").read_bytes()}) as server:
        text, passed = snakemake(remote(tmp_path, f'"{server.url}/Snakefile"'), "--dry-run", "--", "x")
    assert not passed and "git repository" in text and f"{server.url}/Snakefile" in text, text
