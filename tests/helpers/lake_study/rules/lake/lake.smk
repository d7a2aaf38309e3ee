# The lake study: levels of calendar years and their trend.
def lake_results():
    """Tables that a run of the lake study is for."""
    return [f"results/lake/{site}/{name}" for site in sites("lake") for name in ("yearly_levels.csv", "lake_trend.csv")]


def lake_levels(wildcards):
    """Input function: file of the levels of a lake."""
    return data_path(sites("lake")[wildcards.site]["levels"])


rule lake_levels:
    """Mean level of each calendar year."""
    input:
        levels=lake_levels,
    output:
        table="results/lake/{site}/yearly_levels.csv",
    log:
        "logs/lake/{site}/lake_levels.log",
    conda:
        "../../envs/statistics.yaml"
    params:
        content=content_of(lake_levels),
    script:
        "../../scripts/lake/lake_levels.py"


rule lake_trend:
    """Trend of the yearly levels."""
    input:
        table="results/lake/{site}/yearly_levels.csv",
    output:
        table="results/lake/{site}/lake_trend.csv",
    log:
        "logs/lake/{site}/lake_trend.log",
    conda:
        "../../envs/statistics.yaml"
    params:
        significance=lambda wildcards: config["lake"]["significance"],
    script:
        "../../scripts/lake/lake_trend.py"
