# Skill of the network on held-out blocks, compared with baselines on the same blocks, and figures.


rule baselines:
    """Scores of a random forest and of a threshold index on the validation and test blocks."""
    input:
        channels=labeled_stack,
        labels="results/{study}/{site}/labels.tif",
        splits="results/{study}/{site}/splits.tif",
        blocks="results/{study}/{site}/blocks.csv",
    output:
        scores="results/{study}/{site}/baseline_scores.h5",
    log:
        "logs/{study}/{site}/baselines.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=60),
    params:
        baselines=baseline_settings,
        bands=lambda wildcards: sites(wildcards.study)[wildcards.site]["bands"],
        seed=config["seed"],
    script:
        "../../scripts/segmentation/baselines.py"


rule evaluate:
    """Calibration of the network, and the skill of all models on the same held-out blocks."""
    input:
        network="results/{study}/{site}/unet_scores.h5",
        baselines="results/{study}/{site}/baseline_scores.h5",
    output:
        calibration="results/{study}/{site}/calibration.json",
        metrics=reported("results/{study}/{site}/metrics.csv", "skill on held-out blocks", "metrics"),
        reliability=reported(
            "results/{study}/{site}/reliability.csv", "reliability of probabilities", "reliability_table"
        ),
        confusion="results/{study}/{site}/block_confusion.csv",
    log:
        "logs/{study}/{site}/evaluate.log",
    wildcard_constraints:
        study="glacier|carbon",
    conda:
        "../../envs/raster.yaml"
    params:
        # blocks of a scene are assigned evenly by their label fraction, groups of images at random
        stratified=lambda wildcards: wildcards.study == "glacier",
    script:
        "../../scripts/segmentation/evaluate.py"


rule reliability:
    """Draw probability against observed fraction on the test blocks, and the IoU of all models."""
    input:
        reliability="results/{study}/{site}/reliability.csv",
        metrics="results/{study}/{site}/metrics.csv",
    output:
        figure=reported("results/{study}/{site}/reliability.png", "reliability and skill", "reliability"),
    log:
        "logs/{study}/{site}/reliability.log",
    wildcard_constraints:
        study=IMAGE_STUDIES,
    conda:
        "../../envs/figures.yaml"
    script:
        "../../scripts/segmentation/reliability.py"


rule learning_curve:
    """Draw loss, IoU and learning rate of every epoch."""
    input:
        history="results/{study}/{site}/history.csv",
    output:
        figure=reported("results/{study}/{site}/learning_curve.png", "learning curve", "learning_curve"),
    log:
        "logs/{study}/{site}/learning_curve.log",
    conda:
        "../../envs/figures.yaml"
    script:
        "../../scripts/segmentation/learning_curve.py"


rule block_map:
    """Draw the blocks of training, validation and test over the labeled scene."""
    input:
        channels=labeled_stack,
        labels="results/{study}/{site}/labels.tif",
        splits="results/{study}/{site}/splits.tif",
        blocks="results/{study}/{site}/blocks.csv",
    output:
        figure=reported("results/{study}/{site}/blocks.png", "blocks", "blocks"),
    log:
        "logs/{study}/{site}/block_map.log",
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=20),
    params:
        rgb=shown_bands,
    script:
        "../../scripts/segmentation/block_map.py"


rule patch_sheet:
    """Contact sheet of patches and their labels."""
    input:
        patches="results/{study}/{site}/patches.h5",
    output:
        figure=reported("results/{study}/{site}/patches.png", "patches", "patches"),
    log:
        "logs/{study}/{site}/patch_sheet.log",
    wildcard_constraints:
        study=IMAGE_STUDIES,
    conda:
        "../../envs/figures.yaml"
    params:
        rgb=shown_bands,
    script:
        "../../scripts/segmentation/patch_sheet.py"


rule augmentation_sheet:
    """Contact sheet of augmented training patches."""
    input:
        patches="results/{study}/{site}/patches.h5",
    output:
        figure=reported("results/{study}/{site}/augmentation.png", "augmentation", "augmentation"),
    log:
        "logs/{study}/{site}/augmentation_sheet.log",
    wildcard_constraints:
        study=IMAGE_STUDIES,
    conda:
        "../../envs/figures.yaml"
    params:
        augmentation=lambda wildcards: config[wildcards.study]["training"]["augmentation"],
        seed=config["seed"],
        rgb=shown_bands,
    script:
        "../../scripts/segmentation/augmentation_sheet.py"


rule skill_summary:
    """Skill of each model over the sites of a study, and its difference from the network."""
    input:
        metrics=lambda wildcards: expand(
            "results/{study}/{site}/metrics.csv", study=wildcards.study, site=sites(wildcards.study)
        ),
    output:
        table=reported("results/{study}/skill_summary.csv", "skill over sites", "skill_summary"),
    log:
        "logs/{study}/skill_summary.log",
    conda:
        "../../envs/raster.yaml"
    params:
        sites=lambda wildcards: list(sites(wildcards.study)),
    script:
        "../../scripts/segmentation/skill_summary.py"
