# What a run has made, over all studies.


rule manifest:
    """Every result with its size and SHA-256."""
    input:
        results=[*glacier_results(), *snow_results(), *carbon_results(), *ocean_results()],
    output:
        table=report(
            "results/manifest.csv",
            category="all studies",
            labels={"table": "manifest"},
            caption="../report/manifest.rst",
        ),
    log:
        "logs/manifest.log",
    conda:
        "../envs/raster.yaml"
    params:
        code=code("report/manifest.py"),
    script:
        "../scripts/report/manifest.py"
