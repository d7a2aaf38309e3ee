# Results of a run over all studies.


report: "../../report/workflow.rst"


rule overview:
    """The main numbers of all sites as statements, for the front page of the report."""
    input:
        tables=overview_tables(),
    output:
        table=reported("results/overview.csv", "overview", "overview"),
        text="results/overview.rst",
    log:
        "logs/overview.log",
    conda:
        "../../envs/raster.yaml"
    params:
        sites=overview_sites(),
        titles={study: entry.title for study, entry in STUDIES.items()},
    script:
        "../../scripts/report/overview.py"


rule manifest:
    """Every result with its size and SHA-256, and the warnings of all jobs."""
    input:
        results=[
            *study_results(),
            "results/overview.csv",
            "results/overview.rst",
        ],
    output:
        table=reported("results/manifest.csv", "manifest", "manifest"),
        warnings=reported("results/warnings.csv", "warnings", "warnings"),
    log:
        "logs/manifest.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=2),
    params:
        sites=configured_sites(),
    script:
        "../../scripts/report/manifest.py"
