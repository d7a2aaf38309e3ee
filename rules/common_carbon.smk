# Look-ups in the settings of the carbon study.
def carbon_settings(group):
    """Settings of a group of the carbon study; none where the study is not configured."""
    return config.get("carbon", {}).get(group, {})


def carbon_site(key):
    """Input function: one setting of a carbon site."""
    return lambda wildcards: sites("carbon")[wildcards.site][key]


def carbon_table(wildcards):
    """The table of carbon values of a site."""
    return data_path(sites("carbon")[wildcards.site]["table"])


def carbon_results():
    """Tables and figures that a run of the carbon study is for."""
    names = [
        "trend_analysis.csv",
        "carbon_series.png",
        "forecast.csv",
        "forecast_skill.csv",
        "carbon_forecast.png",
    ]
    return expand("results/carbon/{site}/{name}", site=sites("carbon"), name=names)
