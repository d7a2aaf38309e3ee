import io
import os
import tarfile
import tempfile

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.14")

if workflow.storage_settings.default_storage_provider is not None:
    raise WorkflowError(
        "--default-storage-provider cannot be used: paths of inputs and results are also parameters of the rules, and "
        "Snakemake moves only inputs and outputs to a storage. Run in a folder that all nodes access. Copy data there "
        "before the run and copy the results afterwards (docs/howto/cluster.md)."
    )

# Folder of rules, scripts and configuration. For a workflow from a remote repository, Snakemake downloads single files
# and does not know the files of the library. Therefore the commit is copied once into a folder of Snakemake's source
# cache.
_here = workflow.included_stack[-1]
if hasattr(_here, "__fspath__"):
    SOURCE = os.path.dirname(os.path.abspath(_here))
else:
    if hasattr(_here, "repo_path"):  # git+file: and gitfile()
        import git

        _repository = git.Repo(_here.repo_path)
    elif hasattr(_here, "hosted_repo"):  # github() and gitlab(): Snakemake has a clone of the repository
        _here.fetch_if_required()
        _repository = _here.hosted_repo.repo
    else:
        raise WorkflowError(
            f"The workflow cannot be used from {_here}: its library is copied from a git repository, which needs "
            "a recent Snakemake. Clone the repository and give the path of its Snakefile."
        )
    _folder = os.path.dirname(os.path.normpath(_here.path))
    _commit = _repository.git.rev_parse("--verify", f"{_here.ref}^{{commit}}")
    SOURCE = os.path.join(workflow.sourcecache.cache_path, "climate-indicators", _commit, _folder, "files")
    if not os.path.isdir(SOURCE):
        os.makedirs(os.path.dirname(SOURCE), exist_ok=True)
        _parts = ("config", "envs", "report", "rules", "scripts", "src")
        _archive = io.BytesIO(_repository.git.archive(f"{_commit}:{_folder}", *_parts, stdout_as_string=False))
        with (
            tempfile.TemporaryDirectory(dir=os.path.dirname(SOURCE)) as _copy,
            tarfile.open(fileobj=_archive) as _files,
        ):
            _files.extraction_filter = getattr(tarfile, "data_filter", None)
            _files.extractall(f"{_copy}/files")
            try:
                os.rename(f"{_copy}/files", SOURCE)
            except OSError:  # another process has already copied it
                if not os.path.isdir(SOURCE):
                    raise


# A configuration file of a study replaces that of the demo. If both were merged, the demo site would also run.
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


# first rule, hence the default target; as a module, the default target is that of the other workflow
rule all:
    input:
        lambda wildcards: study_results(),
        "results/manifest.csv",
        "results/warnings.csv",


include: f"{SOURCE}/rules/config.smk"


# functions of each study, rules that studies share, rules of each study, and rules for all studies
for part in [
    "paths",
    "resources",
    "segmentation/shared_networks",
    *(study.rules[0] for study in STUDIES.values()),
    "download/config",
    "report/config",
    "synthetic/sites",
    "download/scenes",
    "download/files",
    "segmentation/scenes",
    "segmentation/networks",
    "segmentation/pooling",
    "segmentation/evaluation",
    *(part for study in STUDIES.values() for part in study.rules[1:]),
    "report/report",
    "report/check",
    "report/run",
]:

    include: f"{SOURCE}/rules/{part}.smk"


note_code()
