# Carbon study: images, samples, network, and carbon estimates.


rule carbon_images:
    """Check and date every image of a site, group duplicates, and assign each group to a split."""
    input:
        images=carbon_files("images"),
        masks=carbon_files("masks"),
        dates=carbon_dates_table,
    output:
        images=reported("results/carbon/{site}/images.csv", "images", "carbon_images"),
        duplicates=reported("results/carbon/{site}/duplicates.csv", "duplicates", "carbon_images"),
        rejected="results/carbon/{site}/rejected.csv",
    log:
        "logs/carbon/{site}/carbon_images.log",
    wildcard_constraints:
        site=sites_from("carbon", "simulate", "files"),
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=60),
    params:
        content=content_of(carbon_files("images"), carbon_files("masks"), carbon_dates_table),
        folder=with_module_prefix(carbon_folder("images")),
        masks=with_module_prefix(carbon_folder("masks")),
        mask_values=carbon_mask_values,
        labels=carbon_settings("labels").get("source"),
        reading=carbon_reading,
        dates=carbon_dates,
        place_pattern=carbon_place_pattern,
        shares=carbon_image_settings("train", "validation", "test"),
        limits=carbon_image_settings("smallest_px", "near_bits", "skip_bad", "split_seed"),
        has_pixel_area=lambda wildcards: carbon_pixel_area(wildcards) is not None,
    script:
        "../../scripts/carbon/carbon_images.py"


rule carbon_measurements:
    """Match measured carbon of a site with its images; runs early, so that errors appear before training."""
    input:
        truth=lambda wildcards: carbon_ground_truth(wildcards)["path"],
        images="results/carbon/{site}/images.csv",
        rejected="results/carbon/{site}/rejected.csv",
    output:
        table="results/carbon/{site}/measurements.csv",
    log:
        "logs/carbon/{site}/carbon_measurements.log",
    priority: 100
    conda:
        "../../envs/raster.yaml"
    params:
        content=content_of(lambda wildcards: carbon_ground_truth(wildcards)["path"]),
        ground_truth=carbon_ground_truth,
    script:
        "../../scripts/carbon/carbon_measurements.py"


rule carbon_samples:
    """Resample labeled images and their labels to the input size of the network, as patches."""
    input:
        images=carbon_files("images"),
        masks=carbon_files("masks"),
        table="results/carbon/{site}/images.csv",
    output:
        patches="results/carbon/{site}/patches.h5",
    log:
        "logs/carbon/{site}/carbon_samples.log",
    wildcard_constraints:
        site=ONE_SITE,
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=60),
    params:
        content=content_of(carbon_files("images"), carbon_files("masks")),
        folder=with_module_prefix(carbon_folder("images")),
        masks=with_module_prefix(carbon_folder("masks")),
        mask_values=carbon_mask_values,
        reading=carbon_reading,
        labels=carbon_labels("target", *CARBON_RULES.get(carbon_settings("labels").get("source"), [])),
        size_px=carbon_settings("images").get("size_px"),
        band_names=carbon_site("band_names"),
    script:
        "../../scripts/carbon/carbon_samples.py"


use rule train as carbon_train with:
    output:
        model=directory("results/{study}/{site}/model"),
        history="results/{study}/{site}/training_metrics.csv",
    wildcard_constraints:
        study="carbon",


use rule check_network as carbon_check_network with:
    input:
        model="results/{study}/{site}/model",
        patches="results/{study}/{site}/patches.h5",
        history="results/{study}/{site}/training_metrics.csv",
    wildcard_constraints:
        study="carbon",


use rule learning_curve as carbon_learning_curve with:
    input:
        history="results/{study}/{site}/training_metrics.csv",
    wildcard_constraints:
        study="carbon",


rule carbon_held_out:
    """Scores of the network on the validation and test images."""
    input:
        model=network_of("carbon"),
        patches="results/carbon/{site}/patches.h5",
        check=network_check_of("carbon"),
    output:
        scores="results/carbon/{site}/unet_scores.h5",
        by_image="results/carbon/{site}/image_scores.h5",
    log:
        "logs/carbon/{site}/carbon_held_out.log",
    conda:
        tensorflow_env("../../envs/deep-learning.yaml")
    threads: 8
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60, per_input_gb=60),
    params:
        prediction=carbon_settings("prediction"),
    script:
        "../../scripts/carbon/carbon_held_out.py"


rule carbon_baselines:
    """Scores of a random forest, excess green and the HSV rule on the validation and test images."""
    input:
        patches="results/carbon/{site}/patches.h5",
    output:
        scores="results/carbon/{site}/baseline_scores.h5",
    log:
        "logs/carbon/{site}/carbon_baselines.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=60),
    params:
        baselines=carbon_settings("baselines"),
        labels=carbon_labels(*CARBON_RULES["hsv"]),
        seed=config["seed"],
    script:
        "../../scripts/carbon/carbon_baselines.py"


rule carbon_image_skill:
    """Skill on each held-out image, averaged over images and pooled over pixels."""
    input:
        scores="results/carbon/{site}/image_scores.h5",
        patches="results/carbon/{site}/patches.h5",
        calibration="results/carbon/{site}/calibration.json",
        images="results/carbon/{site}/images.csv",
    output:
        metrics="results/carbon/{site}/image_metrics.csv",
        protocol=reported("results/carbon/{site}/protocol.csv", "skill over images and pooled", "carbon_protocol"),
    log:
        "logs/carbon/{site}/carbon_image_skill.log",
    conda:
        "../../envs/raster.yaml"
    params:
        target=carbon_settings("labels").get("target"),
    script:
        "../../scripts/carbon/carbon_image_skill.py"


rule carbon_vegetation:
    """Vegetation of every image: fractions and masks."""
    input:
        images=carbon_files("images"),
        table="results/carbon/{site}/images.csv",
        model=network_of("carbon"),
        calibration="results/carbon/{site}/calibration.json",
    output:
        table="results/carbon/{site}/vegetation.csv",
        masks=directory("results/carbon/{site}/masks"),
    log:
        "logs/carbon/{site}/carbon_vegetation.log",
    benchmark:
        "benchmarks/output/carbon/{site}/carbon_vegetation.tsv"
    conda:
        tensorflow_env("../../envs/deep-learning.yaml")
    threads: 8
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60, per_input_gb=120),
    params:
        content=content_of(carbon_files("images")),
        folder=with_module_prefix(carbon_folder("images")),
        reading=carbon_reading,
        prediction=carbon_settings("prediction"),
        target=carbon_settings("labels").get("target"),
    script:
        "../../scripts/carbon/carbon_vegetation.py"
