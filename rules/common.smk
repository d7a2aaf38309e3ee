# What every rule file uses: the library on the path of the scripts, the checked configuration, and look-ups in it.
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

SCRIPTS = Path(workflow.current_basedir) / ".." / "scripts"
SCRIPTS = SCRIPTS.resolve()
if str(SCRIPTS) not in sys.path:
    sys.path.insert(0, str(SCRIPTS))

from climate_indicators.provenance import code_digest
from climate_indicators.settings import SettingsError, check

try:
    config = check(
        config,
        SCRIPTS.parent / "config" / "schema.yaml",
        workflow.configfiles or workflow.overwrite_configfiles,
    )
except SettingsError as error:
    raise WorkflowError(str(error)) from error


wildcard_constraints:
    study="glacier",
    site="[a-z][a-z0-9_]*",
    scene="[0-9]{4}",


def code(script):
    """Digest of the project modules that a script imports: an edit of one re-runs the rules that use it."""
    return code_digest(SCRIPTS / script, SCRIPTS / "climate_indicators")


def sites(study):
    return config.get(study, {}).get("sites", {})


def data_path(name):
    """Path of a user's file, relative to `data_dir`."""
    return None if name is None else str(Path(config["data_dir"]) / name)


def is_simulated(wildcards):
    return sites(wildcards.study)[wildcards.site]["source"] == "simulate"
