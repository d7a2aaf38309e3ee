# The ocean study: cells, slopes, biomes, their network, labels of every month, what becomes of them, and the truth of
# simulated data sets.


rule ocean_cells:
    """Look through the data set, cut its ocean into cells, and find its coast."""
    input:
        files=ocean_files,
    output:
        cells="results/ocean/{site}/cells.nc",
        table=report(
            "results/ocean/{site}/inputs.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "fields of the data set"},
            caption="../report/ocean_inputs.rst",
        ),
    log:
        "logs/ocean/{site}/ocean_cells.log",
    conda:
        "../envs/ocean.yaml"
    resources:
        mem_mb=6000,
    params:
        code=code("ocean/ocean_cells.py"),
        data=ocean_data,
        cells={key: ocean_settings("cells").get(key) for key in ("size", "unit", "margin")},
    script:
        "../scripts/ocean/ocean_cells.py"


rule ocean_slopes:
    """Slopes of fCO2 on its drivers in every cell, month after month of a part."""
    input:
        files=ocean_files,
        cells="results/ocean/{site}/cells.nc",
    output:
        slopes="results/ocean/{site}/slopes/{part}.nc",
    log:
        "logs/ocean/{site}/ocean_slopes_{part}.log",
    conda:
        "../envs/ocean.yaml"
    resources:
        mem_mb=4000,
    params:
        code=code("ocean/ocean_slopes.py"),
        data=ocean_data,
        points=ocean_settings("points"),
        enough_points=ocean_settings("cells").get("enough_points"),
        regression=ocean_settings("regression"),
    script:
        "../scripts/ocean/ocean_slopes.py"


rule ocean_slope_maps:
    """Slopes and goodness of fit of the reference month."""
    input:
        slopes=reference_part("results/ocean/{site}/slopes/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
    output:
        figure=report(
            "results/ocean/{site}/ocean_slope_maps.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "slopes"},
            caption="../report/ocean_slope_maps.rst",
        ),
    log:
        "logs/ocean/{site}/ocean_slope_maps.log",
    conda:
        "../envs/ocean.yaml"
    params:
        code=code("ocean/ocean_slope_maps.py"),
        month=reference_month,
    script:
        "../scripts/ocean/ocean_slope_maps.py"


rule ocean_biomes:
    """Biomes of the reference month: the tree of its slopes, the cuts of the grid, the chosen one and its names."""
    input:
        slopes=reference_part("results/ocean/{site}/slopes/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
    output:
        linkage="results/ocean/{site}/linkage.nc",
        cuts=report(
            "results/ocean/{site}/cuts.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "cuts of the tree"},
            caption="../report/ocean_cuts.rst",
        ),
        biomes="results/ocean/{site}/biomes.nc",
        table=report(
            "results/ocean/{site}/biomes.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "biomes"},
            caption="../report/ocean_biomes.rst",
        ),
    log:
        "logs/ocean/{site}/ocean_biomes.log",
    conda:
        "../envs/ocean.yaml"
    resources:
        mem_mb=4000,
    params:
        code=code("ocean/ocean_biomes.py"),
        month=reference_month,
        settings=ocean_settings("biomes"),
        names=lambda wildcards: sites("ocean")[wildcards.site]["names"],
        seed=config["seed"],
    script:
        "../scripts/ocean/ocean_biomes.py"


rule ocean_detection:
    """How the biomes were found: map, tree with its cut, scores of the grid, slopes of the biomes."""
    input:
        slopes=reference_part("results/ocean/{site}/slopes/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
        linkage="results/ocean/{site}/linkage.nc",
        cuts="results/ocean/{site}/cuts.csv",
        biomes="results/ocean/{site}/biomes.nc",
        table="results/ocean/{site}/biomes.csv",
    output:
        map=report(
            "results/ocean/{site}/ocean_biome_map.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "biomes"},
            caption="../report/ocean_biome_map.rst",
        ),
        dendrogram=report(
            "results/ocean/{site}/ocean_dendrogram.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "dendrogram"},
            caption="../report/ocean_dendrogram.rst",
        ),
        grid=report(
            "results/ocean/{site}/ocean_cut_grid.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "choice of the cut"},
            caption="../report/ocean_cut_grid.rst",
        ),
        profile=report(
            "results/ocean/{site}/ocean_biome_profile.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "slopes of the biomes"},
            caption="../report/ocean_biome_profile.rst",
        ),
    log:
        "logs/ocean/{site}/ocean_detection.log",
    conda:
        "../envs/ocean.yaml"
    params:
        code=code("ocean/ocean_detection.py"),
        month=reference_month,
        mode=ocean_settings("biomes").get("mode"),
        criterion=ocean_settings("biomes").get("criterion"),
    script:
        "../scripts/ocean/ocean_detection.py"


rule ocean_agreement:
    """Other ways to group the same slopes, and how far they agree."""
    input:
        linkage="results/ocean/{site}/linkage.nc",
        biomes="results/ocean/{site}/biomes.nc",
        cells="results/ocean/{site}/cells.nc",
        truth=ocean_truth("resources/ocean/{site}/truth/{part}.nc"),
    output:
        agreement=report(
            "results/ocean/{site}/agreement.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "agreement of methods"},
            caption="../report/ocean_agreement.rst",
        ),
    log:
        "logs/ocean/{site}/ocean_agreement.log",
    conda:
        "../envs/ocean.yaml"
    resources:
        mem_mb=4000,
    params:
        code=code("ocean/ocean_agreement.py"),
        month=reference_month,
        settings=ocean_settings("biomes"),
        seed=config["seed"],
    script:
        "../scripts/ocean/ocean_agreement.py"


rule ocean_classifier:
    """The network that knows the biomes by their slopes, beside simple methods, measured on held-out cells."""
    input:
        slopes=reference_part("results/ocean/{site}/slopes/{part}.nc"),
        biomes="results/ocean/{site}/biomes.nc",
        table="results/ocean/{site}/biomes.csv",
    output:
        model=directory("results/ocean/{site}/model"),
        tuning="results/ocean/{site}/tuning.csv",
        history="results/ocean/{site}/history.csv",
        metrics=report(
            "results/ocean/{site}/metrics.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "skill on held-out cells"},
            caption="../report/ocean_metrics.rst",
        ),
        confusion="results/ocean/{site}/confusion.csv",
        reliability="results/ocean/{site}/reliability.csv",
        verdict="results/ocean/{site}/verdict.json",
    log:
        "logs/ocean/{site}/ocean_classifier.log",
    conda:
        "../envs/deep-learning.yaml"
    threads: 8
    resources:
        mem_mb=4000,
    params:
        code=code("ocean/ocean_classifier.py"),
        month=reference_month,
        settings={key: value for key, value in ocean_settings("classifier").items() if key != "abstain_below"},
        seed=config["seed"],
    script:
        "../scripts/ocean/ocean_classifier.py"


rule ocean_skill:
    """Confusion, reliability and skill of network and simple methods."""
    input:
        metrics="results/ocean/{site}/metrics.csv",
        confusion="results/ocean/{site}/confusion.csv",
        reliability="results/ocean/{site}/reliability.csv",
        verdict="results/ocean/{site}/verdict.json",
        table="results/ocean/{site}/biomes.csv",
    output:
        figure=report(
            "results/ocean/{site}/ocean_classifier.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "skill of the network"},
            caption="../report/ocean_classifier.rst",
        ),
    log:
        "logs/ocean/{site}/ocean_skill.log",
    conda:
        "../envs/ocean.yaml"
    params:
        code=code("ocean/ocean_skill.py"),
    script:
        "../scripts/ocean/ocean_skill.py"


rule ocean_labels:
    """Biome of every cell and month of a part, with its probabilities."""
    input:
        slopes="results/ocean/{site}/slopes/{part}.nc",
        cells="results/ocean/{site}/cells.nc",
        model="results/ocean/{site}/model",
        table="results/ocean/{site}/biomes.csv",
    output:
        labels="results/ocean/{site}/labels/{scaler}/{part}.nc",
    log:
        "logs/ocean/{site}/ocean_labels_{scaler}_{part}.log",
    conda:
        "../envs/deep-learning.yaml"
    resources:
        mem_mb=2000,
    params:
        code=code("ocean/ocean_labels.py"),
        abstain_below=ocean_settings("classifier").get("abstain_below"),
    script:
        "../scripts/ocean/ocean_labels.py"


rule ocean_coverage:
    """Area and share of every biome by zone and month, under both scalers."""
    input:
        frozen=ocean_part_files("results/ocean/{site}/labels/frozen/{part}.nc"),
        monthly=ocean_part_files("results/ocean/{site}/labels/monthly/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
        table="results/ocean/{site}/biomes.csv",
        zones=ocean_zone_files,
    output:
        coverage=report(
            "results/ocean/{site}/coverage.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "coverage by month"},
            caption="../report/ocean_coverage_table.rst",
        ),
    log:
        "logs/ocean/{site}/ocean_coverage.log",
    conda:
        "../envs/ocean.yaml"
    resources:
        mem_mb=2000,
    params:
        code=code("ocean/ocean_coverage.py"),
        zones=ocean_zones(),
        confidence=ocean_settings("trend").get("confidence"),
    script:
        "../scripts/ocean/ocean_coverage.py"


rule ocean_trend:
    """Whether coverage changes, under both scalers."""
    input:
        coverage="results/ocean/{site}/coverage.csv",
        table="results/ocean/{site}/biomes.csv",
    output:
        trend=report(
            "results/ocean/{site}/trend.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "trends of coverage"},
            caption="../report/ocean_trend.rst",
        ),
        seasonal=report(
            "results/ocean/{site}/seasonal_trend.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "trends of the deseasonalised months"},
            caption="../report/ocean_seasonal_trend.rst",
        ),
        figure=report(
            "results/ocean/{site}/ocean_coverage.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "coverage and trends"},
            caption="../report/ocean_coverage.rst",
        ),
    log:
        "logs/ocean/{site}/ocean_trend.log",
    conda:
        "../envs/ocean.yaml"
    params:
        code=code("ocean/ocean_trend.py"),
        zones=ocean_zones(),
        confidence=ocean_settings("trend").get("confidence"),
        significance=ocean_settings("trend").get("significance"),
    script:
        "../scripts/ocean/ocean_trend.py"


rule ocean_season:
    """Mean seasonal cycle of coverage and its spread over the years."""
    input:
        coverage="results/ocean/{site}/coverage.csv",
        table="results/ocean/{site}/biomes.csv",
    output:
        cycle=report(
            "results/ocean/{site}/seasonal_cycle.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "seasonal cycle"},
            caption="../report/ocean_seasonal_cycle.rst",
        ),
        figure=report(
            "results/ocean/{site}/ocean_seasonal_cycle.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "seasonal cycle"},
            caption="../report/ocean_seasonal_cycle.rst",
        ),
    log:
        "logs/ocean/{site}/ocean_season.log",
    conda:
        "../envs/ocean.yaml"
    params:
        code=code("ocean/ocean_season.py"),
        zones=ocean_zones(),
    script:
        "../scripts/ocean/ocean_season.py"


rule ocean_competition:
    """Subtropical against subpolar biomes, and temperature against chemistry, in the middle latitudes."""
    input:
        slopes=ocean_part_files("results/ocean/{site}/slopes/{part}.nc"),
        labels=ocean_part_files("results/ocean/{site}/labels/frozen/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
        table="results/ocean/{site}/biomes.csv",
    output:
        competition=report(
            "results/ocean/{site}/competition.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "competition"},
            caption="../report/ocean_competition.rst",
        ),
        figure=report(
            "results/ocean/{site}/ocean_competition.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "competition"},
            caption="../report/ocean_competition.rst",
        ),
    log:
        "logs/ocean/{site}/ocean_competition.log",
    conda:
        "../envs/ocean.yaml"
    resources:
        mem_mb=2000,
    params:
        code=code("ocean/ocean_competition.py"),
        bands=ocean_settings("competition"),
    script:
        "../scripts/ocean/ocean_competition.py"


rule ocean_sensitivity:
    """How sensitive fCO2 is on the mean of all cells, by month, under both scalers."""
    input:
        slopes=ocean_part_files("results/ocean/{site}/slopes/{part}.nc"),
        model="results/ocean/{site}/model",
    output:
        table=report(
            "results/ocean/{site}/sensitivity.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "mean sensitivity by month"},
            caption="../report/ocean_sensitivity.rst",
        ),
    log:
        "logs/ocean/{site}/ocean_sensitivity.log",
    conda:
        "../envs/ocean.yaml"
    params:
        code=code("ocean/ocean_sensitivity.py"),
    script:
        "../scripts/ocean/ocean_sensitivity.py"


rule ocean_occurrence:
    """How often each cell is in each biome, and the cores that never change."""
    input:
        labels=ocean_part_files("results/ocean/{site}/labels/frozen/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
        table="results/ocean/{site}/biomes.csv",
    output:
        occurrence="results/ocean/{site}/occurrence.nc",
        core=report(
            "results/ocean/{site}/core.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "cores"},
            caption="../report/ocean_core.rst",
        ),
        figure=report(
            "results/ocean/{site}/ocean_occurrence.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "occurrence"},
            caption="../report/ocean_occurrence.rst",
        ),
        cores=report(
            "results/ocean/{site}/ocean_core.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "cores"},
            caption="../report/ocean_core.rst",
        ),
    log:
        "logs/ocean/{site}/ocean_occurrence.log",
    conda:
        "../envs/ocean.yaml"
    resources:
        mem_mb=2000,
    params:
        code=code("ocean/ocean_occurrence.py"),
    script:
        "../scripts/ocean/ocean_occurrence.py"


rule ocean_drivers:
    """Water of every biome: means by area of all fields."""
    input:
        slopes=ocean_part_files("results/ocean/{site}/slopes/{part}.nc"),
        labels=ocean_part_files("results/ocean/{site}/labels/frozen/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
        table="results/ocean/{site}/biomes.csv",
    output:
        drivers="results/ocean/{site}/drivers.csv",
        summary=report(
            "results/ocean/{site}/drivers_by_biome.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "drivers"},
            caption="../report/ocean_drivers.rst",
        ),
        figure=report(
            "results/ocean/{site}/ocean_drivers.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "drivers"},
            caption="../report/ocean_drivers.rst",
        ),
        season=report(
            "results/ocean/{site}/ocean_drivers_season.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "drivers by calendar month"},
            caption="../report/ocean_drivers.rst",
        ),
    log:
        "logs/ocean/{site}/ocean_drivers.log",
    conda:
        "../envs/ocean.yaml"
    resources:
        mem_mb=2000,
    params:
        code=code("ocean/ocean_drivers.py"),
    script:
        "../scripts/ocean/ocean_drivers.py"


rule ocean_animation:
    """The biomes month by month."""
    input:
        labels=ocean_part_files("results/ocean/{site}/labels/frozen/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
        table="results/ocean/{site}/biomes.csv",
    output:
        animation="results/ocean/{site}/ocean_animation.gif",
        page=report(
            "results/ocean/{site}/ocean_animation.html",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "animation"},
            caption="../report/ocean_animation.rst",
        ),
    log:
        "logs/ocean/{site}/ocean_animation.log",
    conda:
        "../envs/ocean.yaml"
    resources:
        mem_mb=3000,
    params:
        code=code("ocean/ocean_animation.py"),
        seconds_per_frame=ocean_settings("figures").get("seconds_per_frame"),
    script:
        "../scripts/ocean/ocean_animation.py"


rule ocean_truth_check:
    """Recovered biomes, coverage and trends of a simulated data set beside the truth."""
    input:
        coverage="results/ocean/{site}/coverage.csv",
        trend="results/ocean/{site}/trend.csv",
        sensitivity="results/ocean/{site}/sensitivity.csv",
        slopes=ocean_part_files("results/ocean/{site}/slopes/{part}.nc"),
        model="results/ocean/{site}/model",
        cells="results/ocean/{site}/cells.nc",
        biomes="results/ocean/{site}/biomes.nc",
        truth=ocean_part_files("resources/ocean/{site}/truth/{part}.nc"),
    output:
        check=report(
            "results/ocean/{site}/truth_check.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "recovered and true coverage"},
            caption="../report/ocean_truth_check.rst",
        ),
        monthly="results/ocean/{site}/coverage_check.csv",
        figure=report(
            "results/ocean/{site}/truth_check.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "recovered and true coverage"},
            caption="../report/ocean_truth_check.rst",
        ),
    log:
        "logs/ocean/{site}/ocean_truth_check.log",
    conda:
        "../envs/ocean.yaml"
    resources:
        mem_mb=2000,
    params:
        code=code("ocean/ocean_truth_check.py"),
        month=reference_month,
        zones=ocean_zones(),
        confidence=ocean_settings("trend").get("confidence"),
    script:
        "../scripts/ocean/ocean_truth_check.py"
