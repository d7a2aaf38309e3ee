# The library on the path of the scripts, the checked configuration, and look-ups in it.
import os
import sys
from functools import cache
from itertools import groupby
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.io import contains_wildcard

SCRIPTS, LIBRARY = Path(SOURCE, "scripts"), Path(SOURCE, "src")
# jobs take this library, not one that is installed in their environment
sys.path.insert(0, str(LIBRARY))
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(LIBRARY), os.environ.get("PYTHONPATH")]))

from climate_indicators.config.stac_checks import archive_years
from climate_indicators.workflow_tools.input_marks import marks
from climate_indicators.core.known import Known
from climate_indicators.workflow_tools.provenance import Provenance
from climate_indicators.core.scene_paths import paths_in
from climate_indicators.config.studies import STUDIES
from climate_indicators.config.validation import SettingsError, check
from climate_indicators.config.segmentation_checks import bands_to_show, ratio_of
from climate_indicators.synthetic.dates import date_of_year

try:
    config = check(
        config,
        Path(SOURCE, "config", "schema.yaml"),
        # the files of a workflow that has this one as a module are for itself to check
        (workflow.configfiles or workflow.overwrite_configfiles) if workflow.modifier.base_snakefile is None else [],
    )
except SettingsError as error:
    raise WorkflowError(str(error)) from error


# studies whose images become patches; those of them whose patches are cut from a scene are the default
IMAGE_STUDIES = "|".join(name for name, study in STUDIES.items() if study.patches)


wildcard_constraints:
    study="glacier",
    site="[a-z][a-z0-9_]*",
    scene="[0-9]{4}",


PROVENANCE = Provenance(LIBRARY / "climate_indicators")


def code(script):
    """Digest of the project modules that a script imports: an edit of one re-runs the rules that use it."""
    return PROVENANCE.digest(SCRIPTS / script)


@cache
def sites(study):
    """Settings of a study's sites by name; none where the study is not configured."""
    return Known(config.get(study, {}).get("sites", {}), f"{study} site")


def configured_sites():
    """Names of the sites of each study; none where a study is not configured."""
    return {study: sorted(sites(study)) for study in STUDIES}


@cache
def results_of(study):
    """Results of a study, as its function ``NAME_results`` gives them."""
    return globals()[f"{study}_results"]()


def study_results():
    """Results of all studies."""
    return [path for study in STUDIES for path in results_of(study)]
