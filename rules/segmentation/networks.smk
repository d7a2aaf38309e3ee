# Networks of the image studies: training, checks, skill on held-out patches, and prediction.


rule train:
    """Train the U-Net; write the inference model, model card and training history."""
    input:
        patches="results/{study}/{site}/patches.h5",
        encoder_weights=encoder_weights,
    output:
        model=directory("results/{study}/{site}/model"),
        history="results/{study}/{site}/history.csv",
    log:
        "logs/{study}/{site}/train.log",
    benchmark:
        "benchmarks/output/{study}/{site}/train.tsv"
    conda:
        tensorflow_env("../../envs/deep-learning.yaml")
    threads: config["network_threads"]
    resources:
        gpu=1,
        mem_mb=memory(6000),
        runtime=minutes(240, per_input_gb=240),
    params:
        content=content_of(encoder_weights),
        network=lambda wildcards: config[wildcards.study]["network"],
        training=training_settings,
        seed=config["seed"],
        threads=config["network_threads"],
        constant_bands=constant_bands,
    script:
        "../../scripts/segmentation/train.py"


rule check_network:
    """Compare the skill on validation patches in training and in inference; stops the run if they differ."""
    input:
        model="results/{study}/{site}/model",
        patches="results/{study}/{site}/patches.h5",
        history="results/{study}/{site}/history.csv",
    output:
        table="results/{study}/{site}/network_check.csv",
    log:
        "logs/{study}/{site}/check_network.log",
    conda:
        tensorflow_env("../../envs/deep-learning.yaml")
    threads: 8
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60, per_input_gb=60),
    params:
        prediction=lambda wildcards: {
            key: config[wildcards.study]["prediction"][key] for key in ("engine", "precision")
        },
    script:
        "../../scripts/segmentation/check_network.py"


rule held_out:
    """Scores of the network on the validation and test blocks."""
    input:
        model=network_of(),
        check=network_check_of(),
        channels=labeled_stack,
        labels="results/{study}/{site}/labels.tif",
        splits="results/{study}/{site}/splits.tif",
        blocks="results/{study}/{site}/blocks.csv",
    output:
        scores="results/{study}/{site}/unet_scores.h5",
    log:
        "logs/{study}/{site}/held_out.log",
    conda:
        tensorflow_env("../../envs/deep-learning.yaml")
    threads: 8
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60, per_input_gb=60),
    params:
        prediction=lambda wildcards: config[wildcards.study]["prediction"],
    script:
        "../../scripts/segmentation/held_out.py"


# Calibrated probability and extent of a whole scene, or of a batch of scenes.
for _suffix, _scenes, _sites in scene_batches():

    rule:
        name:
            f"predict{_suffix}"
        input:
            model=network_of(),
            calibration="results/{study}/{site}/calibration.json",
            scenes=batch_files("results/{study}/{site}/scenes/{scene}.tif", _scenes),
            terrain=terrain_channels,
        output:
            probabilities=batch_files("results/{study}/{site}/probability/{scene}.tif", _scenes),
            extents=batch_files("results/{study}/{site}/extent/{scene}.tif", _scenes),
        log:
            f"logs/{{study}}/{{site}}/predict_{batch_label(_scenes)}.log",
        benchmark:
            f"benchmarks/output/{{study}}/{{site}}/predict_{batch_label(_scenes)}.tsv"
        wildcard_constraints:
            site=_sites,
        conda:
            tensorflow_env("../../envs/deep-learning.yaml")
        threads: 8
        resources:
            mem_mb=memory(3000),
            runtime=minutes(60, per_input_gb=60),
        params:
            prediction=lambda wildcards: config[wildcards.study]["prediction"],
        script:
            "../../scripts/segmentation/predict.py"
