# Carbon study: estimates with intervals, comparison, trends, forecast, truth check.


rule carbon_estimates:
    """Area, biomass, carbon and CO2 of every image and in total, with intervals from factors and mask errors."""
    input:
        vegetation="results/carbon/{site}/vegetation.csv",
        images="results/carbon/{site}/images.csv",
        held_out="results/carbon/{site}/image_metrics.csv",
    output:
        table=reported("results/carbon/{site}/CO2_seq.csv", "carbon per image", "carbon_estimates"),
        total=reported("results/carbon/{site}/carbon_total.csv", "total", "carbon_estimates"),
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
        skill=reported("results/carbon/{site}/comparison_skill.csv", "agreement with measurements", "carbon_comparison"),
        figure=reported(
            "results/carbon/{site}/carbon_comparison.png", "agreement with measurements", "carbon_comparison"
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
        figure=reported("results/carbon/{site}/carbon_gallery.png", "test images", "carbon_gallery"),
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
        table=reported("results/carbon/{site}/trend_analysis.csv", "trends", "carbon_trend"),
        figure=reported("results/carbon/{site}/carbon_series.png", "series and trends", "carbon_trend"),
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
        table=reported("results/carbon/{site}/forecast.csv", "forecast", "carbon_forecast"),
        skill=reported("results/carbon/{site}/forecast_skill.csv", "skill of the forecast", "carbon_forecast"),
        figure=reported("results/carbon/{site}/carbon_forecast.png", "forecast", "carbon_forecast"),
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
        table=reported("results/carbon/{site}/truth_check.csv", "recovered against true values", "truth_check"),
        figure=reported("results/carbon/{site}/truth_check.png", "recovered against true values", "truth_check"),
    log:
        "logs/carbon/{site}/carbon_truth_check.log",
    conda:
        "../../envs/statistics.yaml"
    params:
        confidence=carbon_settings("estimates").get("confidence"),
    script:
        "../../scripts/carbon/carbon_truth_check.py"
