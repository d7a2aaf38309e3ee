# Snow study: network, comparison with other models, maps of all scenes, and snow cover.


use rule train as snow_train with:
    wildcard_constraints:
        study="snow",


use rule check_network as snow_check_network with:
    wildcard_constraints:
        study="snow",


use rule learning_curve as snow_learning_curve with:
    wildcard_constraints:
        study="snow",


use rule evaluate as snow_evaluate with:
    input:
        network="results/{study}/{site}/unet_scores.h5",
        baselines="results/{study}/{site}/baseline_scores.h5",
        others=lambda wildcards: expand(
            "results/snow/{site}/{model}_scores.h5", site=wildcards.site, model=foundation_models("sam")
        ),
    wildcard_constraints:
        study="snow",


rule snow_held_out:
    """Scores of the network on every held-out triplet, by place and by triplet."""
    input:
        model=network_of("snow"),
        patches="results/snow/{site}/patches.h5",
        triplets="results/snow/{site}/triplets.csv",
        check=network_check_of("snow"),
    output:
        scores="results/snow/{site}/unet_scores.h5",
        by_triplet="results/snow/{site}/unet_triplet_scores.h5",
    log:
        "logs/snow/{site}/snow_held_out.log",
    conda:
        tensorflow_env("../../envs/deep-learning.yaml")
    threads: 8
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60, per_input_gb=60),
    params:
        prediction=snow_keys("prediction", "engine", "precision", "test_time_augmentation"),
    script:
        "../../scripts/snow/snow_held_out.py"


rule snow_baselines:
    """Scores of a random forest and of the wet-snow threshold on the same triplets."""
    input:
        patches="results/snow/{site}/patches.h5",
        triplets="results/snow/{site}/triplets.csv",
    output:
        scores="results/snow/{site}/baseline_scores.h5",
        by_triplet="results/snow/{site}/baseline_triplet_scores.h5",
    log:
        "logs/snow/{site}/snow_baselines.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=60),
    params:
        baselines=snow_settings("baselines"),
        seed=config["seed"],
    script:
        "../../scripts/snow/snow_baselines.py"


rule snow_skill:
    """Compare all models on the same triplets: by triplet, season, snow wetness, and type of held-out data."""
    input:
        by_triplet=lambda wildcards: expand(
            "results/snow/{site}/{model}_triplet_scores.h5",
            site=wildcards.site,
            model=["unet", "baseline", *foundation_models("sam")],
        ),
        triplets="results/snow/{site}/triplets.csv",
        calibration="results/snow/{site}/calibration.json",
        metrics="results/snow/{site}/metrics.csv",
        sam_runs=lambda wildcards: expand(
            "results/snow/{site}/{model}_runs.csv", site=wildcards.site, model=foundation_models("sam")
        ),
    output:
        by_triplet="results/snow/{site}/triplet_metrics.csv",
        seasons=reported("results/snow/{site}/season_metrics.csv", "skill by season", "snow_benchmark"),
        benchmark=reported("results/snow/{site}/benchmark.csv", "benchmark", "snow_benchmark"),
        notes=reported("results/snow/{site}/benchmark_notes.csv", "what the benchmark says", "snow_benchmark"),
        figure=reported("results/snow/{site}/benchmark.png", "benchmark", "snow_benchmark"),
    log:
        "logs/snow/{site}/snow_skill.log",
    conda:
        "../../envs/figures.yaml"
    params:
        seed=config["seed"],
    script:
        "../../scripts/snow/snow_skill.py"


rule snow_gallery:
    """Draw held-out triplets from the best to the worst: radar, color image, mask, and the network's map."""
    input:
        model=network_of("snow"),
        patches="results/snow/{site}/patches.h5",
        triplets="results/snow/{site}/triplets.csv",
        metrics="results/snow/{site}/triplet_metrics.csv",
        calibration="results/snow/{site}/calibration.json",
        grid="results/snow/{site}/grid.json",
    output:
        figure=reported("results/snow/{site}/snow_gallery.png", "gallery", "snow_gallery"),
    log:
        "logs/snow/{site}/snow_gallery.log",
    conda:
        tensorflow_env("../../envs/deep-learning.yaml")
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60),
    params:
        prediction=snow_keys("prediction", "engine", "precision", "test_time_augmentation"),
    script:
        "../../scripts/snow/snow_gallery.py"


rule snow_maps:
    """Map snow in all radar scenes of a year, window by window."""
    input:
        model=network_of("snow"),
        calibration="results/snow/{site}/calibration.json",
        radar="results/snow/{site}/radar/{year}",
        change="results/snow/{site}/change/{year}",
    output:
        folder=directory("results/snow/{site}/maps/{year}"),
        table="results/snow/{site}/maps/{year}.csv",
    log:
        "logs/snow/{site}/snow_maps_{year}.log",
    benchmark:
        "benchmarks/output/snow/{site}/snow_maps_{year}.tsv"
    conda:
        tensorflow_env("../../envs/deep-learning.yaml")
    threads: 8
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60, per_input_gb=60),
    params:
        prediction=snow_settings("prediction"),
    script:
        "../../scripts/snow/snow_maps.py"


rule snow_cover:
    """Snow-covered area of every optical and radar scene, and the series for regressions against weather."""
    input:
        scenes="results/snow/{site}/scenes.csv",
        scene_checks="results/snow/{site}/scene_checks.csv",
        grid="results/snow/{site}/grid.json",
        aoi="results/snow/{site}/aoi.tif",
        optical=snow_by_year("optical", "optical/{year}"),
        maps=snow_by_year("radar", "maps/{year}"),
        weather=snow_weather_file,
        triplets="results/snow/{site}/triplets.csv",
    output:
        cover=reported("results/snow/{site}/cover.csv", "snow cover of every scene", "snow_cover"),
        snow="results/snow/{site}/snow_cover.csv",
        rates=reported("results/snow/{site}/radar_cover.csv", "corrected snow cover of radar", "snow_cover"),
        figure=reported("results/snow/{site}/snow_cover.png", "snow cover", "snow_cover"),
    log:
        "logs/snow/{site}/snow_cover.log",
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=20),
    params:
        content=content_of(snow_weather_file),
        cover=snow_settings("cover"),
        triplets=snow_keys("triplets", "size_px", "min_snow", "max_snow", "keep_uniform"),
        columns=snow_weather_columns,
        wet_above_c=snow_settings("pairs").get("wet_above_c"),
    script:
        "../../scripts/snow/snow_cover.py"


rule snow_truth_check:
    """Compare results of a synthetic site with the truth."""
    input:
        truth="resources/snow/{site}/truth",
        aoi="results/snow/{site}/aoi.tif",
        optical=snow_by_year("optical", "optical/{year}"),
        maps=snow_by_year("radar", "maps/{year}"),
        cover="results/snow/{site}/cover.csv",
        radar_cover="results/snow/{site}/radar_cover.csv",
        snow_weather="results/snow/{site}/snow_weather.csv",
        trends="results/snow/{site}/season_trends.csv",
        regressions="results/snow/{site}/regressions.csv",
        curation="results/snow/{site}/curation.csv",
        triplets="results/snow/{site}/triplets.csv",
    output:
        table=reported("results/snow/{site}/truth_check.csv", "truth check", "truth_check"),
        figure=reported("results/snow/{site}/truth_check.png", "truth check", "truth_check"),
    log:
        "logs/snow/{site}/snow_truth_check.log",
    conda:
        "../../envs/figures.yaml"
    params:
        confidence=snow_settings("climate").get("confidence"),
        seed=config["seed"],
    script:
        "../../scripts/snow/snow_truth_check.py"
