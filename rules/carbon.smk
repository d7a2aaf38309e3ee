# The carbon study, as far as it goes: trends and forecast of a series of carbon values.


rule carbon_trend:
    """Trends of the carbon series, its moving average, running total and running average."""
    input:
        table=carbon_table,
    output:
        table=report(
            "results/carbon/{site}/trend_analysis.csv",
            category="carbon",
            subcategory="{site}",
            labels={"table": "trends"},
            caption="../report/carbon_trend.rst",
        ),
        figure=report(
            "results/carbon/{site}/carbon_series.png",
            category="carbon",
            subcategory="{site}",
            labels={"figure": "series and trends"},
            caption="../report/carbon_trend.rst",
        ),
    log:
        "logs/carbon/{site}/carbon_trend.log",
    conda:
        "../envs/statistics.yaml"
    params:
        code=code("carbon/carbon_trend.py"),
        value=carbon_site("value"),
        date=carbon_site("date"),
        quantity=carbon_site("quantity"),
        unit=carbon_site("unit"),
        window=carbon_settings("series").get("window"),
        confidence=carbon_settings("series").get("confidence"),
        significance=carbon_settings("series").get("significance"),
        seed=config["seed"],
    script:
        "../scripts/carbon/carbon_trend.py"


rule carbon_forecast:
    """Forecast of the monthly carbon series, tested against naive forecasts."""
    input:
        table=carbon_table,
    output:
        table=report(
            "results/carbon/{site}/forecast.csv",
            category="carbon",
            subcategory="{site}",
            labels={"table": "forecast"},
            caption="../report/carbon_forecast.rst",
        ),
        skill=report(
            "results/carbon/{site}/forecast_skill.csv",
            category="carbon",
            subcategory="{site}",
            labels={"table": "skill of the forecast"},
            caption="../report/carbon_forecast.rst",
        ),
        figure=report(
            "results/carbon/{site}/carbon_forecast.png",
            category="carbon",
            subcategory="{site}",
            labels={"figure": "forecast"},
            caption="../report/carbon_forecast.rst",
        ),
    log:
        "logs/carbon/{site}/carbon_forecast.log",
    conda:
        "../envs/statistics.yaml"
    params:
        code=code("carbon/carbon_forecast.py"),
        value=carbon_site("value"),
        date=carbon_site("date"),
        quantity=carbon_site("quantity"),
        unit=carbon_site("unit"),
        horizon_months=carbon_settings("forecast").get("horizon_months"),
    script:
        "../scripts/carbon/carbon_forecast.py"
