# Ocean study, second part: coverage, trends, seasons, maps, water properties, and truth check of synthetic data.


rule ocean_coverage:
    """Area and percentage of every biome by zone and month, under both scalers."""
    input:
        frozen=ocean_part_files("results/ocean/{site}/labels/frozen/{part}.nc"),
        monthly=ocean_part_files("results/ocean/{site}/labels/monthly/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
        table="results/ocean/{site}/biomes.csv",
        zones=ocean_zone_files,
    output:
        coverage=reported("results/ocean/{site}/coverage.csv", "coverage by month", "ocean_coverage_table"),
    log:
        "logs/ocean/{site}/ocean_coverage.log",
    conda:
        "../../envs/ocean.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        content=content_of(ocean_zone_files),
        zones=ocean_zones(),
        confidence=ocean_settings("trend").get("confidence"),
    script:
        "../../scripts/ocean/ocean_coverage.py"


rule ocean_trend:
    """Trends of coverage with tests, under both scalers."""
    input:
        coverage="results/ocean/{site}/coverage.csv",
        table="results/ocean/{site}/biomes.csv",
    output:
        trend=reported("results/ocean/{site}/trend.csv", "trends of coverage", "ocean_trend"),
        seasonal=reported(
            "results/ocean/{site}/seasonal_trend.csv", "trends of the deseasonalized months", "ocean_seasonal_trend"
        ),
        figure=reported("results/ocean/{site}/ocean_coverage.png", "coverage and trends", "ocean_coverage"),
    log:
        "logs/ocean/{site}/ocean_trend.log",
    conda:
        "../../envs/ocean.yaml"
    params:
        zones=ocean_zones(),
        confidence=ocean_settings("trend").get("confidence"),
        significance=ocean_settings("trend").get("significance"),
    script:
        "../../scripts/ocean/ocean_trend.py"


rule ocean_season:
    """Mean seasonal cycle of coverage and its spread over the years."""
    input:
        coverage="results/ocean/{site}/coverage.csv",
        table="results/ocean/{site}/biomes.csv",
    output:
        cycle=reported("results/ocean/{site}/seasonal_cycle.csv", "seasonal cycle", "ocean_seasonal_cycle"),
        figure=reported("results/ocean/{site}/ocean_seasonal_cycle.png", "seasonal cycle", "ocean_seasonal_cycle"),
    log:
        "logs/ocean/{site}/ocean_season.log",
    conda:
        "../../envs/ocean.yaml"
    params:
        zones=ocean_zones(),
    script:
        "../../scripts/ocean/ocean_season.py"


rule ocean_midlatitude_balance:
    """Subtropical against subpolar biomes, and thermal against chemical effects on fCO2, in the middle latitudes."""
    input:
        slopes=ocean_part_files("results/ocean/{site}/slopes/{part}.nc"),
        labels=ocean_part_files("results/ocean/{site}/labels/frozen/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
        table="results/ocean/{site}/biomes.csv",
    output:
        midlatitude_balance=reported(
            "results/ocean/{site}/midlatitude_balance.csv",
            "balance of the middle latitudes",
            "ocean_midlatitude_balance",
        ),
        figure=reported(
            "results/ocean/{site}/ocean_midlatitude_balance.png",
            "balance of the middle latitudes",
            "ocean_midlatitude_balance",
        ),
    log:
        "logs/ocean/{site}/ocean_midlatitude_balance.log",
    conda:
        "../../envs/ocean.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        bands=ocean_settings("midlatitude_balance"),
    script:
        "../../scripts/ocean/ocean_midlatitude_balance.py"


rule ocean_sensitivity:
    """Mean sensitivity of fCO2 over all cells, by month, under both scalers."""
    input:
        slopes=ocean_part_files("results/ocean/{site}/slopes/{part}.nc"),
        model="results/ocean/{site}/model",
    output:
        table=reported("results/ocean/{site}/sensitivity.csv", "mean sensitivity by month", "ocean_sensitivity"),
    log:
        "logs/ocean/{site}/ocean_sensitivity.log",
    conda:
        "../../envs/ocean.yaml"
    script:
        "../../scripts/ocean/ocean_sensitivity.py"


rule ocean_frequency:
    """Frequency of each biome in each cell, and cores that never change."""
    input:
        labels=ocean_part_files("results/ocean/{site}/labels/frozen/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
        table="results/ocean/{site}/biomes.csv",
    output:
        frequency="results/ocean/{site}/frequency.nc",
        core=reported("results/ocean/{site}/core.csv", "cores", "ocean_core"),
        figure=reported("results/ocean/{site}/ocean_frequency.png", "frequency", "ocean_frequency"),
        cores=reported("results/ocean/{site}/ocean_core.png", "cores", "ocean_core"),
    log:
        "logs/ocean/{site}/ocean_frequency.log",
    conda:
        "../../envs/ocean.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    script:
        "../../scripts/ocean/ocean_frequency.py"


rule ocean_drivers:
    """Area-weighted means of all fields in every biome."""
    input:
        slopes=ocean_part_files("results/ocean/{site}/slopes/{part}.nc"),
        labels=ocean_part_files("results/ocean/{site}/labels/frozen/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
        table="results/ocean/{site}/biomes.csv",
    output:
        drivers="results/ocean/{site}/drivers.csv",
        summary=reported("results/ocean/{site}/drivers_by_biome.csv", "drivers", "ocean_drivers"),
        figure=reported("results/ocean/{site}/ocean_drivers.png", "drivers", "ocean_drivers"),
        season=reported("results/ocean/{site}/ocean_drivers_season.png", "drivers by calendar month", "ocean_drivers"),
    log:
        "logs/ocean/{site}/ocean_drivers.log",
    conda:
        "../../envs/ocean.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    script:
        "../../scripts/ocean/ocean_drivers.py"


rule ocean_animation:
    """Animation of the biomes month by month."""
    input:
        labels=ocean_part_files("results/ocean/{site}/labels/frozen/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
        table="results/ocean/{site}/biomes.csv",
    output:
        animation="results/ocean/{site}/ocean_animation.gif",
        page=reported("results/ocean/{site}/ocean_animation.html", "animation", "ocean_animation"),
    log:
        "logs/ocean/{site}/ocean_animation.log",
    conda:
        "../../envs/ocean.yaml"
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60),
    params:
        seconds_per_frame=ocean_settings("figures").get("seconds_per_frame"),
    script:
        "../../scripts/ocean/ocean_animation.py"


rule ocean_truth_check:
    """Compare biomes, coverage and trends of a synthetic data set with the truth."""
    input:
        coverage="results/ocean/{site}/coverage.csv",
        trend="results/ocean/{site}/trend.csv",
        sensitivity="results/ocean/{site}/sensitivity.csv",
        slopes=ocean_part_files("results/ocean/{site}/slopes/{part}.nc"),
        model="results/ocean/{site}/model",
        cells="results/ocean/{site}/cells.nc",
        biomes="results/ocean/{site}/biomes.nc",
        frozen=ocean_part_files("results/ocean/{site}/labels/frozen/{part}.nc"),
        truth=ocean_part_files("resources/ocean/{site}/truth/{part}.nc"),
    output:
        check=reported("results/ocean/{site}/truth_check.csv", "recovered and true coverage", "truth_check"),
        monthly="results/ocean/{site}/coverage_check.csv",
        figure=reported("results/ocean/{site}/truth_check.png", "recovered and true coverage", "truth_check"),
    log:
        "logs/ocean/{site}/ocean_truth_check.log",
    conda:
        "../../envs/ocean.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        month=reference_month,
        zones=ocean_zones(),
        confidence=ocean_settings("trend").get("confidence"),
    script:
        "../../scripts/ocean/ocean_truth_check.py"
