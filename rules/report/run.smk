# Records of a run: the plan of its jobs, which `make state` reads, and the table of failed jobs.
import atexit

from snakemake.logging import logger

from climate_indicators.workflow_tools.snakemake_log import Job
from climate_indicators.workflow_tools.records import forget_failures, write_failures, write_plan
from climate_indicators.workflow_tools.results import results_text
from climate_indicators.workflow_tools.warnings import warning_rows, warning_text

FAILURES = "results/failures.csv"
WARNINGS = "results/warnings.csv"
OVERVIEW = "results/overview.csv"


def planned_jobs():
    """Jobs that this run will execute."""
    return [
        Job(
            workflow.dag.jobid(job),
            job.rule.name,
            logs=tuple(map(str, job.log)),
            wildcards=", ".join(f"{name}={value}" for name, value in job.wildcards_dict.items()),
        )
        for job in workflow.dag.needrun_jobs()
    ]


def without_timers():
    """Prevent the scheduler from checking the waiting jobs with increasing frequency.

    To limit the number of jobs per second, Snakemake starts a timer at each check of the waiting jobs, and each timer
    causes another check. Every finished job adds one more timer, so with hundreds of waiting jobs Snakemake uses a full
    core. A configured limit is respected; the default limit is removed.
    """
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None


def show_warnings(folder=Path()):
    """Print the warnings of all jobs that made the present results, including those of earlier runs."""
    sys.stderr.write(warning_text(warning_rows(folder / "logs", configured_sites()), WARNINGS))


def show_results():
    """Print the main results and the command for the report, after a run that made all results."""
    if any(job.rule.name == "overview" for job in workflow.dag.jobs) and os.path.exists(OVERVIEW):
        files = [os.path.relpath(path) for path in workflow.overwrite_configfiles]
        snakefile = (
            None if os.path.samefile(SOURCE, os.getcwd()) else os.path.relpath(os.path.join(SOURCE, "Snakefile"))
        )
        stylesheet = os.path.relpath(os.path.join(SOURCE, "report", "style.css"))
        sys.stderr.write(results_text(OVERVIEW, stylesheet, files, snakefile))


def end_without_jobs(folder):
    """Replace the hooks below at the end of a run without jobs, for which Snakemake calls no hooks."""
    was_run = workflow.scheduler is not None and not (workflow.dryrun or workflow.touch)
    if was_run and workflow.dag is not None and not len(workflow.dag):
        forget_failures(folder / FAILURES)
        show_warnings(folder)


def announce_lost_records(folder=Path()):
    """Warn if results exist without the folder of Snakemake's records about them."""
    records = (path for name in ("metadata/*", "metadata*.db") for path in (folder / ".snakemake").glob(name))
    results = (folder / "results").glob("*/*/*.*")
    if next(results, None) is not None and next(records, None) is None:
        logger.warning(
            "results/ exists without Snakemake's records (.snakemake/metadata): changed settings, scripts and replaced "
            "inputs will not be detected for these results. Also copy that folder, or repeat the run with --forceall."
        )


def announce_missing_files(folder=Path()):
    """List missing user files; Snakemake keeps results with missing inputs without a message."""
    absent = sorted(
        path
        for path in USER_FILES
        if not (folder / path).exists() and not any(rule.is_producer(path) for rule in workflow.rules)
    )
    if absent:
        more = f" and {len(absent) - 5} more" if len(absent) > 5 else ""
        sys.stderr.write(
            f"Not found: {', '.join(absent[:5])}{more}. Results that need them are outdated or cannot be made. "
            "Correct the paths in the configuration, or data_dir.\n"
        )


# in a module, the hooks of the other workflow apply; a job in its own process is not a run
if workflow.modifier.base_snakefile is None and workflow.is_main_process:
    announce_lost_records()
    atexit.register(announce_missing_files, Path().absolute())
    atexit.register(end_without_jobs, Path().absolute())


onstart:
    without_timers()
    for path in log:
        write_plan(planned_jobs(), path)


onsuccess:
    forget_failures(FAILURES)
    show_results()
    show_warnings()


onerror:
    show_warnings()
    for path in log:
        sys.stderr.write(write_failures(path, FAILURES))
