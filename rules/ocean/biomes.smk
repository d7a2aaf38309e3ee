# Ocean study, first part: cells, slopes, biomes, network, and biome of every cell and month.


rule ocean_cells:
    """Check the data set, divide its ocean into cells, and find the coast."""
    input:
        files=ocean_files,
    output:
        cells="results/ocean/{site}/cells.nc",
        table=reported("results/ocean/{site}/inputs.csv", "fields of the data set", "ocean_inputs"),
    log:
        "logs/ocean/{site}/ocean_cells.log",
    conda:
        "../../envs/ocean.yaml"
    resources:
        mem_mb=memory(6000),
        runtime=minutes(60, per_input_gb=10),
    params:
        content=content_of(ocean_files),
        data=with_module_prefix(ocean_data),
        cells={key: ocean_settings("cells").get(key) for key in ("size", "unit", "margin")},
    script:
        "../../scripts/ocean/ocean_cells.py"


rule ocean_slopes:
    """Slopes of fCO2 on its drivers in every cell, for all months of a part."""
    input:
        files=ocean_files,
        cells="results/ocean/{site}/cells.nc",
    output:
        slopes="results/ocean/{site}/slopes/{part}.nc",
    log:
        "logs/ocean/{site}/ocean_slopes_{part}.log",
    conda:
        "../../envs/ocean.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=minutes(60),
    params:
        content=content_of(ocean_files),
        data=with_module_prefix(ocean_data),
        points=ocean_settings("points"),
        min_points=ocean_settings("cells").get("min_points"),
        regression=ocean_settings("regression"),
    script:
        "../../scripts/ocean/ocean_slopes.py"


rule ocean_slope_maps:
    """Slopes and goodness of fit of the reference month."""
    input:
        slopes=reference_part("results/ocean/{site}/slopes/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
    output:
        figure=reported("results/ocean/{site}/ocean_slope_maps.png", "slopes", "ocean_slope_maps"),
    log:
        "logs/ocean/{site}/ocean_slope_maps.log",
    conda:
        "../../envs/ocean.yaml"
    params:
        month=reference_month,
    script:
        "../../scripts/ocean/ocean_slope_maps.py"


rule ocean_biomes:
    """Biomes of the reference month: Ward tree of the slopes, all cuts, the chosen cut and the biome names."""
    input:
        slopes=reference_part("results/ocean/{site}/slopes/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
    output:
        linkage="results/ocean/{site}/linkage.nc",
        cuts=reported("results/ocean/{site}/cuts.csv", "cuts of the tree", "ocean_cuts"),
        biomes="results/ocean/{site}/biomes.nc",
        table=reported("results/ocean/{site}/biomes.csv", "biomes", "ocean_biomes"),
    log:
        "logs/ocean/{site}/ocean_biomes.log",
    conda:
        "../../envs/ocean.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=minutes(60),
    params:
        month=reference_month,
        settings=ocean_settings("biomes"),
        names=lambda wildcards: sites("ocean")[wildcards.site]["names"],
        seed=config["seed"],
    script:
        "../../scripts/ocean/ocean_biomes.py"


rule ocean_detection:
    """Draw the choice of biomes: map, tree with its cut, scores of all cuts, slopes of the biomes."""
    input:
        slopes=reference_part("results/ocean/{site}/slopes/{part}.nc"),
        cells="results/ocean/{site}/cells.nc",
        linkage="results/ocean/{site}/linkage.nc",
        cuts="results/ocean/{site}/cuts.csv",
        biomes="results/ocean/{site}/biomes.nc",
        table="results/ocean/{site}/biomes.csv",
    output:
        map=reported("results/ocean/{site}/ocean_biome_map.png", "biomes", "ocean_biome_map"),
        dendrogram=reported("results/ocean/{site}/ocean_dendrogram.png", "dendrogram", "ocean_dendrogram"),
        grid=reported("results/ocean/{site}/ocean_cut_grid.png", "choice of the cut", "ocean_cut_grid"),
        profile=reported("results/ocean/{site}/ocean_biome_profile.png", "slopes of the biomes", "ocean_biome_profile"),
    log:
        "logs/ocean/{site}/ocean_detection.log",
    conda:
        "../../envs/ocean.yaml"
    params:
        month=reference_month,
        mode=ocean_settings("biomes").get("mode"),
        criterion=ocean_settings("biomes").get("criterion"),
    script:
        "../../scripts/ocean/ocean_detection.py"


rule ocean_agreement:
    """Other methods to group the same slopes, and their agreement with the biomes."""
    input:
        linkage="results/ocean/{site}/linkage.nc",
        biomes="results/ocean/{site}/biomes.nc",
        cells="results/ocean/{site}/cells.nc",
        truth=ocean_truth("resources/ocean/{site}/truth/{part}.nc"),
    output:
        agreement=reported("results/ocean/{site}/agreement.csv", "agreement of methods", "ocean_agreement"),
    log:
        "logs/ocean/{site}/ocean_agreement.log",
    conda:
        "../../envs/ocean.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=minutes(60),
    params:
        month=reference_month,
        settings=ocean_settings("biomes"),
        seed=config["seed"],
    script:
        "../../scripts/ocean/ocean_agreement.py"


rule ocean_classifier:
    """Train the network that predicts biomes from slopes, and compare it with simple methods on held-out cells."""
    input:
        slopes=reference_part("results/ocean/{site}/slopes/{part}.nc"),
        biomes="results/ocean/{site}/biomes.nc",
        table="results/ocean/{site}/biomes.csv",
    output:
        model=directory("results/ocean/{site}/model"),
        tuning="results/ocean/{site}/tuning.csv",
        history="results/ocean/{site}/history.csv",
        metrics=reported("results/ocean/{site}/metrics.csv", "skill on held-out cells", "ocean_metrics"),
        confusion="results/ocean/{site}/confusion.csv",
        reliability="results/ocean/{site}/reliability.csv",
        verdict="results/ocean/{site}/verdict.json",
    log:
        "logs/ocean/{site}/ocean_classifier.log",
    conda:
        tensorflow_env("../../envs/deep-learning.yaml")
    threads: config["network_threads"]
    resources:
        mem_mb=memory(4000),
        runtime=minutes(240),
    params:
        month=reference_month,
        settings={key: value for key, value in ocean_settings("classifier").items() if key != "abstain_below"},
        seed=config["seed"],
        threads=config["network_threads"],
    script:
        "../../scripts/ocean/ocean_classifier.py"


rule ocean_skill:
    """Draw confusion, reliability and skill of the network and of simple methods."""
    input:
        metrics="results/ocean/{site}/metrics.csv",
        confusion="results/ocean/{site}/confusion.csv",
        reliability="results/ocean/{site}/reliability.csv",
        verdict="results/ocean/{site}/verdict.json",
        table="results/ocean/{site}/biomes.csv",
    output:
        figure=reported("results/ocean/{site}/ocean_classifier.png", "skill of the network", "ocean_classifier"),
    log:
        "logs/ocean/{site}/ocean_skill.log",
    conda:
        "../../envs/ocean.yaml"
    script:
        "../../scripts/ocean/ocean_skill.py"


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
        tensorflow_env("../../envs/deep-learning.yaml")
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        abstain_below=ocean_settings("classifier").get("abstain_below"),
    script:
        "../../scripts/ocean/ocean_labels.py"
