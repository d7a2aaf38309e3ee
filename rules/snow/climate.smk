# Snow study, climate analyses: snow cover and daily weather.


rule snow_weather_summary:
    """Check the daily weather of a site with scenes; runs early, so that errors appear before training."""
    input:
        weather=lambda wildcards: snow_weather_file(wildcards)[0],
        scenes="results/snow/{site}/scenes.csv",
    output:
        table="results/snow/{site}/weather_summary.csv",
    log:
        "logs/snow/{site}/snow_weather_summary.log",
    wildcard_constraints:
        site=sites_from("snow", "simulate", "files", "archive"),
    priority: 100
    conda:
        "../../envs/statistics.yaml"
    params:
        content=content_of(lambda wildcards: snow_weather_file(wildcards)),
        columns=snow_weather_columns,
        variables=snow_settings("climate").get("variables"),
    script:
        "../../scripts/snow/snow_weather_summary.py"


rule snow_weather:
    """Check snow and daily weather, and join them with lagged means."""
    input:
        unpack(snow_tables),
    output:
        table="results/snow/{site}/snow_weather.csv",
        weather="results/snow/{site}/weather.csv",
        checks=reported("results/snow/{site}/weather_checks.csv", "what the checks found", "snow_weather"),
        figure=reported("results/snow/{site}/snow_series.png", "snow and weather", "snow_weather"),
    log:
        "logs/snow/{site}/snow_weather.log",
    conda:
        "../../envs/statistics.yaml"
    params:
        content=content_of(lambda wildcards: snow_tables(wildcards).values()),
        snow=lambda wildcards: sites("snow")[wildcards.site]["measure"],
        columns=snow_weather_columns,
        variables=snow_settings("climate").get("variables"),
        lags=snow_settings("climate").get("lags_days"),
    script:
        "../../scripts/snow/snow_weather.py"


rule snow_seasons:
    """Seasonal means of snow and weather by year, with trends and tests."""
    input:
        table="results/snow/{site}/snow_weather.csv",
        weather="results/snow/{site}/weather.csv",
    output:
        years="results/snow/{site}/season_years.csv",
        trends=reported("results/snow/{site}/season_trends.csv", "trends by season", "snow_seasons"),
        figure=reported("results/snow/{site}/snow_seasons.png", "seasons", "snow_seasons"),
    log:
        "logs/snow/{site}/snow_seasons.log",
    conda:
        "../../envs/statistics.yaml"
    params:
        snow=lambda wildcards: sites("snow")[wildcards.site]["measure"],
        variables=snow_settings("climate").get("variables"),
        year_start_month=snow_settings("climate").get("year_start_month"),
        confidence=snow_settings("climate").get("confidence"),
        significance=snow_settings("climate").get("significance"),
    script:
        "../../scripts/snow/snow_seasons.py"


rule snow_regressions:
    """Regressions of snow on each variable, its lagged means, and all variables together."""
    input:
        table="results/snow/{site}/snow_weather.csv",
    output:
        single=reported("results/snow/{site}/regressions.csv", "one variable at a time", "snow_regressions"),
        multiple=reported("results/snow/{site}/multiple_regression.csv", "all variables together", "snow_regressions"),
        figure=reported("results/snow/{site}/regressions.png", "one variable at a time", "snow_regressions"),
        partial_figure=reported(
            "results/snow/{site}/partial_regressions.png", "each variable given the others", "snow_regressions"
        ),
    log:
        "logs/snow/{site}/snow_regressions.log",
    conda:
        "../../envs/statistics.yaml"
    params:
        snow=lambda wildcards: sites("snow")[wildcards.site]["measure"],
        variables=snow_settings("climate").get("variables"),
        lags=snow_settings("climate").get("lags_days"),
        confidence=snow_settings("climate").get("confidence"),
        significance=snow_settings("climate").get("significance"),
    script:
        "../../scripts/snow/snow_regressions.py"


rule snow_conclusions:
    """Conclusions as sentences with p-values."""
    input:
        checks="results/snow/{site}/weather_checks.csv",
        trends="results/snow/{site}/season_trends.csv",
        single="results/snow/{site}/regressions.csv",
        multiple="results/snow/{site}/multiple_regression.csv",
    output:
        table=reported("results/snow/{site}/conclusions.csv", "conclusions", "snow_conclusions"),
    log:
        "logs/snow/{site}/snow_conclusions.log",
    conda:
        "../../envs/statistics.yaml"
    params:
        snow=lambda wildcards: sites("snow")[wildcards.site]["measure"],
        confidence=snow_settings("climate").get("confidence"),
        significance=snow_settings("climate").get("significance"),
    script:
        "../../scripts/snow/snow_conclusions.py"
