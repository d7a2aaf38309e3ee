# Look-ups in the settings of the snow study.
def snow_settings(group):
    """Settings of a group of the snow study; none where the study is not configured."""
    return config.get("snow", {}).get(group, {})


def snow_tables(wildcards):
    """Inputs of a snow site: one table of snow and weather, or snow per date and daily weather."""
    site = sites("snow")[wildcards.site]
    names = ("table",) if site["source"] == "table" else ("snow", "weather")
    return {name: data_path(site[name]) for name in names}


def snow_results():
    """Tables and figures that a run of the snow study is for."""
    names = [
        "snow_weather.csv",
        "weather.csv",
        "weather_checks.csv",
        "snow_series.png",
        "season_years.csv",
        "season_trends.csv",
        "snow_seasons.png",
        "regressions.csv",
        "multiple_regression.csv",
        "regressions.png",
        "partial_regressions.png",
        "conclusions.csv",
    ]
    return expand("results/snow/{site}/{name}", site=sites("snow"), name=names)
