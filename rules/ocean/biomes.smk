# Ocean study, first part: cells, slopes, biomes, network, and biome of every cell and month.


rule ocean_cells:
    """Check the data set, divide its ocean into cells, and find the coast."""
    input:
        files=ocean_files,
    output:
        cells="results/ocean/{site}/cells.nc",
        table=report(
            "results/ocean/{site}/inputs.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "fields of the data set"},
            caption="../../report/ocean_inputs.rst",
        ),
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
        enough_points=ocean_settings("cells").get("enough_points"),
        regression=ocean_settings("regression"),
    script:
        "../../scripts/ocean/ocean_slopes.py"


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
            caption="../../report/ocean_slope_maps.rst",
        ),
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
        cuts=report(
            "results/ocean/{site}/cuts.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "cuts of the tree"},
            caption="../../report/ocean_cuts.rst",
        ),
        biomes="results/ocean/{site}/biomes.nc",
        table=report(
            "results/ocean/{site}/biomes.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "biomes"},
            caption="../../report/ocean_biomes.rst",
        ),
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
        map=report(
            "results/ocean/{site}/ocean_biome_map.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "biomes"},
            caption="../../report/ocean_biome_map.rst",
        ),
        dendrogram=report(
            "results/ocean/{site}/ocean_dendrogram.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "dendrogram"},
            caption="../../report/ocean_dendrogram.rst",
        ),
        grid=report(
            "results/ocean/{site}/ocean_cut_grid.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "choice of the cut"},
            caption="../../report/ocean_cut_grid.rst",
        ),
        profile=report(
            "results/ocean/{site}/ocean_biome_profile.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "slopes of the biomes"},
            caption="../../report/ocean_biome_profile.rst",
        ),
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
        agreement=report(
            "results/ocean/{site}/agreement.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "agreement of methods"},
            caption="../../report/ocean_agreement.rst",
        ),
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
        metrics=report(
            "results/ocean/{site}/metrics.csv",
            category="ocean",
            subcategory="{site}",
            labels={"table": "skill on held-out cells"},
            caption="../../report/ocean_metrics.rst",
        ),
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
        figure=report(
            "results/ocean/{site}/ocean_classifier.png",
            category="ocean",
            subcategory="{site}",
            labels={"figure": "skill of the network"},
            caption="../../report/ocean_classifier.rst",
        ),
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
