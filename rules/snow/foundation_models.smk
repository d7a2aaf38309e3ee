# Snow study: third-party models on radar and color images, and embeddings of both.


rule snow_sam:
    """Segment Anything on the same triplets, with prompts from the truth and from radar only."""
    input:
        sam=foundation_folder("sam") or [],
        patches="results/snow/{site}/patches.h5",
        triplets="results/snow/{site}/triplets.csv",
    output:
        scores="results/snow/{site}/sam_scores.h5",
        by_triplet="results/snow/{site}/sam_triplet_scores.h5",
        runs="results/snow/{site}/sam_runs.csv",
    log:
        "logs/snow/{site}/snow_sam.log",
    conda:
        tensorflow_env("../../envs/foundation-models.yaml")
    threads: sam_threads()
    resources:
        gpu=1,
        mem_mb=memory(6000),
        runtime=minutes(240, per_input_gb=240),
    params:
        content=content_of(foundation_folder("sam") or []),
        sam=snow_keys("foundation", "points", "foreground_db", "background_db", "smooth_px", "picture"),
        seed=config["seed"],
        threads=sam_threads(),
        cache=with_module_prefix(lambda wildcards: f"resources/cache/sam/{wildcards.site}"),
    script:
        "../../scripts/snow/snow_sam.py"


rule snow_activation_maps:
    """Activation maps of a third-party model for color and radar images of the same triplets, at several depths."""
    input:
        model=lambda wildcards: foundation_folder(wildcards.model),
        patches="results/snow/{site}/patches.h5",
        triplets="results/snow/{site}/triplets.csv",
    output:
        figure=reported(
            "results/snow/{site}/activation_maps_{model}.png", "activation maps, {model}", "snow_activation_maps"
        ),
    log:
        "logs/snow/{site}/snow_activation_maps_{model}.log",
    wildcard_constraints:
        model="clip|dinov2|deeplab",
    conda:
        tensorflow_env("../../envs/foundation-models.yaml")
    resources:
        mem_mb=memory(6000),
        runtime=minutes(60),
    params:
        content=content_of(lambda wildcards: foundation_folder(wildcards.model)),
        examples=snow_settings("foundation").get("examples"),
    script:
        "../../scripts/snow/snow_activation_maps.py"


rule snow_encoders:
    """Contrastive training of two encoders, for the radar and color images of triplets."""
    input:
        patches="results/snow/{site}/patches.h5",
        triplets="results/snow/{site}/triplets.csv",
    output:
        model=directory("results/snow/{site}/encoders"),
        history="results/snow/{site}/encoder_history.csv",
    log:
        "logs/snow/{site}/snow_encoders.log",
    conda:
        tensorflow_env("../../envs/deep-learning.yaml")
    threads: config["network_threads"]
    resources:
        gpu=1,
        mem_mb=memory(4000),
        runtime=minutes(240, per_input_gb=240),
    params:
        embeddings=snow_settings("embeddings"),
        seed=config["seed"],
        threads=config["network_threads"],
    script:
        "../../scripts/snow/snow_encoders.py"


rule snow_embeddings:
    """Embeddings of all triplets: retrieval, projections, and a test of domain shift."""
    input:
        model="results/snow/{site}/encoders",
        patches="results/snow/{site}/patches.h5",
        triplets="results/snow/{site}/triplets.csv",
    output:
        embeddings="results/snow/{site}/embeddings.h5",
        retrieval=reported("results/snow/{site}/retrieval.csv", "retrieval", "snow_embeddings"),
        geometry="results/snow/{site}/embedding_geometry.csv",
        domain_shift=reported("results/snow/{site}/domain_shift.csv", "domain shift", "snow_embeddings"),
        planes="results/snow/{site}/embedding_planes.csv",
    log:
        "logs/snow/{site}/snow_embeddings.log",
    conda:
        tensorflow_env("../../envs/deep-learning.yaml")
    resources:
        mem_mb=memory(4000),
        runtime=minutes(60, per_input_gb=60),
    params:
        seed=config["seed"],
    script:
        "../../scripts/snow/snow_embeddings.py"


rule snow_embedding_figures:
    """Draw projections of the embeddings, retrieval compared with chance, and the domain-shift test."""
    input:
        planes="results/snow/{site}/embedding_planes.csv",
        retrieval="results/snow/{site}/retrieval.csv",
        history="results/snow/{site}/encoder_history.csv",
        domain_shift="results/snow/{site}/domain_shift.csv",
    output:
        tsne=reported("results/snow/{site}/embeddings_tsne.png", "embeddings, t-SNE", "snow_embeddings"),
        pca=reported("results/snow/{site}/embeddings_pca.png", "embeddings, PCA", "snow_embeddings"),
        retrieval=reported("results/snow/{site}/embeddings_retrieval.png", "retrieval", "snow_embeddings"),
        domain_shift=reported("results/snow/{site}/domain_shift.png", "domain shift", "snow_embeddings"),
    log:
        "logs/snow/{site}/snow_embedding_figures.log",
    conda:
        "../../envs/figures.yaml"
    script:
        "../../scripts/snow/snow_embedding_figures.py"
