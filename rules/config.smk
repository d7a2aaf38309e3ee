# Path of the library, validated configuration, and functions that read it.
import os
import sys
from functools import cache
from itertools import groupby
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.io import contains_wildcard

SCRIPTS, LIBRARY = Path(SOURCE, "scripts"), Path(SOURCE, "src")
# jobs use this library, not one that is installed in their environment
sys.path.insert(0, str(LIBRARY))
os.environ.update(PYTHONPATH=os.pathsep.join(filter(None, [str(LIBRARY), os.environ.get("PYTHONPATH")])))

from climate_indicators.config.seasons import archive_years
from climate_indicators.workflow_tools.input_marks import marks
from climate_indicators.core.known import Known
from climate_indicators.workflow_tools.provenance import Provenance
from climate_indicators.core.scene_paths import paths_in
from climate_indicators.config.studies import STUDIES
from climate_indicators.config.validation import ConfigError, check
from climate_indicators.config.bands import bands_to_show, ratio_of
from climate_indicators.synthetic.dates import date_of_year

try:
    config = check(
        config,
        # a workflow that uses this one as a module checks its own files
        (workflow.configfiles or workflow.overwrite_configfiles) if workflow.modifier.base_snakefile is None else [],
    )
except ConfigError as error:
    raise WorkflowError(str(error)) from error


# studies that train on patches; by default, the patches are cut from a scene
IMAGE_STUDIES = "|".join(name for name, study in STUDIES.items() if study.patches)


wildcard_constraints:
    study="glacier",
    site="[a-z][a-z0-9_]*",
    scene="[0-9]{4}",


PROVENANCE = Provenance(LIBRARY / "climate_indicators")


def note_code():
    """Give each rule, as parameter `code`, a digest of the project modules that its script imports.

    Snakemake re-runs a rule whose script or parameters changed, and does not know the imports of the script.
    """
    for one in workflow.rules:
        if one.script and "code" not in one.params.keys():
            script = Path(os.path.normpath(one.basedir.join(one.script).get_path_or_uri(secret_free=True)))
            if script.is_relative_to(SCRIPTS):  # not those of a workflow that has this one as a module
                one.set_params(code=PROVENANCE.digest(script))


@cache
def sites(study):
    """Configuration of the sites of a study by name; empty if the study is not configured."""
    return Known(config.get(study, {}).get("sites", {}), f"{study} site")


def configured_sites():
    """Names of the sites of each study; empty if a study is not configured."""
    return {study: sorted(sites(study)) for study in STUDIES}


@cache
def results_of(study):
    """Results of a study, as returned by its function ``NAME_results``."""
    return globals()[f"{study}_results"]()


def study_results():
    """Results of all studies."""
    return [path for study in STUDIES for path in results_of(study)]


def pattern_of(names):
    """Wildcard pattern of these names; matches nothing if there are none."""
    return "|".join(names) or "(?!)"


def sites_from(study, *sources):
    """Wildcard pattern of the sites of a study with these sources."""
    return pattern_of(name for name, site in sites(study).items() if site["source"] in sources)


def reported(path, label, caption):
    """Output that the report shows, as table or figure under its study and site; `caption` is a file of `report/`."""
    _, study, site = (*Path(path).parts, "")[:3]
    place = {"category": "all studies"}
    if site:
        place = {"category": study, "subcategory": site if site == "{site}" else "all sites"}
    kind = "table" if path.endswith(".csv") else "figure"
    return report(path, labels={kind: label}, caption=f"{SOURCE}/report/{caption}.rst", **place)
