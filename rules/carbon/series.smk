# Carbon study: estimates with intervals, comparison, trends, forecast, truth check.


rule carbon_estimates:
    """Area, biomass, carbon and CO2 of every image and in total, with intervals from factors and mask errors."""
    input:
        vegetation="results/carbon/{site}/vegetation.csv",
        images="results/carbon/{site}/images.csv",
        held_out="results/carbon/{site}/image_metrics.csv",
    output:
        table=report(
            "results/carbon/{site}/CO2_seq.csv",
            category="carbon",
            subcategory="{site}",
            labels={"table": "carbon per image"},
            caption="../../report/carbon_estimates.rst",
        ),
        total=report(
            "results/carbon/{site}/carbon_total.csv",
            category="carbon",
            subcategory="{site}",
            labels={"table": "total"},
            caption="../../report/carbon_estimates.rst",
        ),
    log:
        "logs/carbon/{site}/carbon_estimates.log",
    conda:
        "../../envs/statistics.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        factors=carbon_settings("factors"),
        pixel_area_m2=carbon_pixel_area,
        target=carbon_settings("labels").get("target"),
        draws=carbon_settings("estimates").get("draws"),
        confidence=carbon_settings("estimates").get("confidence"),
        seed=config["seed"],
    script:
        "../../scripts/carbon/carbon_estimates.py"


rule carbon_comparison:
    """Compare estimates with measured carbon."""
    input:
        estimates="results/carbon/{site}/CO2_seq.csv",
        images="results/carbon/{site}/images.csv",
        truth="results/carbon/{site}/measurements.csv",
    output:
        table="results/carbon/{site}/carbon_comparison.csv",
        skill=report(
            "results/carbon/{site}/comparison_skill.csv",
            category="carbon",
            subcategory="{site}",
            labels={"table": "agreement with measurements"},
            caption="../../report/carbon_comparison.rst",
        ),
        figure=report(
            "results/carbon/{site}/carbon_comparison.png",
            category="carbon",
            subcategory="{site}",
            labels={"figure": "agreement with measurements"},
            caption="../../report/carbon_comparison.rst",
        ),
    log:
        "logs/carbon/{site}/carbon_comparison.log",
    conda:
        "../../envs/statistics.yaml"
    params:
        confidence=carbon_settings("estimates").get("confidence"),
        seed=config["seed"],
    script:
        "../../scripts/carbon/carbon_comparison.py"


rule carbon_gallery:
    """Draw test images from the worst to the best: original, truth and prediction."""
    input:
        patches="results/carbon/{site}/patches.h5",
        metrics="results/carbon/{site}/image_metrics.csv",
        masks="results/carbon/{site}/masks",
    output:
        figure=report(
            "results/carbon/{site}/carbon_gallery.png",
            category="carbon",
            subcategory="{site}",
            labels={"figure": "test images"},
            caption="../../report/carbon_gallery.rst",
        ),
    log:
        "logs/carbon/{site}/carbon_gallery.log",
    conda:
        "../../envs/figures.yaml"
    script:
        "../../scripts/carbon/carbon_gallery.py"


rule carbon_trend:
    """Trends of the carbon series and of the series that the original study derived from it."""
    input:
        table=carbon_table,
        held_out=carbon_of_images("image_metrics.csv"),
        total=carbon_of_images("carbon_total.csv"),
    output:
        table=report(
            "results/carbon/{site}/trend_analysis.csv",
            category="carbon",
            subcategory="{site}",
            labels={"table": "trends"},
            caption="../../report/carbon_trend.rst",
        ),
        figure=report(
            "results/carbon/{site}/carbon_series.png",
            category="carbon",
            subcategory="{site}",
            labels={"figure": "series and trends"},
            caption="../../report/carbon_trend.rst",
        ),
    log:
        "logs/carbon/{site}/carbon_trend.log",
    conda:
        "../../envs/statistics.yaml"
    params:
        content=content_of(carbon_table),
        value=carbon_series_key("value"),
        date=carbon_series_key("date"),
        place=carbon_series_key("place"),
        quantity=carbon_series_key("quantity"),
        unit=carbon_series_key("unit"),
        window=carbon_settings("series").get("window"),
        confidence=carbon_settings("series").get("confidence"),
        significance=carbon_settings("series").get("significance"),
        seed=config["seed"],
    script:
        "../../scripts/carbon/carbon_trend.py"


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
            caption="../../report/carbon_forecast.rst",
        ),
        skill=report(
            "results/carbon/{site}/forecast_skill.csv",
            category="carbon",
            subcategory="{site}",
            labels={"table": "skill of the forecast"},
            caption="../../report/carbon_forecast.rst",
        ),
        figure=report(
            "results/carbon/{site}/carbon_forecast.png",
            category="carbon",
            subcategory="{site}",
            labels={"figure": "forecast"},
            caption="../../report/carbon_forecast.rst",
        ),
    log:
        "logs/carbon/{site}/carbon_forecast.log",
    conda:
        "../../envs/statistics.yaml"
    params:
        content=content_of(carbon_table),
        value=carbon_series_key("value"),
        date=carbon_series_key("date"),
        place=carbon_series_key("place"),
        quantity=carbon_series_key("quantity"),
        unit=carbon_series_key("unit"),
        horizon_months=carbon_settings("forecast").get("horizon_months"),
    script:
        "../../scripts/carbon/carbon_forecast.py"


rule carbon_truth_check:
    """Compare carbon, trend, season, disturbance and masks of synthetic sites with the truth."""
    input:
        estimates="results/carbon/{site}/CO2_seq.csv",
        total="results/carbon/{site}/carbon_total.csv",
        trend="results/carbon/{site}/trend_analysis.csv",
        forecast="results/carbon/{site}/forecast.csv",
        skill="results/carbon/{site}/forecast_skill.csv",
        masks="results/carbon/{site}/masks",
        truth="resources/carbon/{site}/truth",
    output:
        table=report(
            "results/carbon/{site}/truth_check.csv",
            category="carbon",
            subcategory="{site}",
            labels={"table": "recovered against true values"},
            caption="../../report/truth_check.rst",
        ),
        figure=report(
            "results/carbon/{site}/truth_check.png",
            category="carbon",
            subcategory="{site}",
            labels={"figure": "recovered against true values"},
            caption="../../report/truth_check.rst",
        ),
    log:
        "logs/carbon/{site}/carbon_truth_check.log",
    conda:
        "../../envs/statistics.yaml"
    params:
        confidence=carbon_settings("estimates").get("confidence"),
    script:
        "../../scripts/carbon/carbon_truth_check.py"
