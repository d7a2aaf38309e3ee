# What a run leaves of itself: the plan of its jobs, which `make state` reads, and the table of those that failed.
from climate_indicators.runs.log import Job
from climate_indicators.runs.records import write_failures, write_plan

FAILURES = "results/failures.csv"


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


onstart:
    for path in log:
        write_plan(planned_jobs(), path)


onsuccess:
    Path(FAILURES).unlink(missing_ok=True)


onerror:
    for path in log:
        sys.stderr.write(write_failures(path, FAILURES))
