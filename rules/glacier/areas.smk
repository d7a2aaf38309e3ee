# Glacier study: rasterized outlines, outlines of every year, areas, trend, figures, and truth check of synthetic sites.


rule glacier_labels:
    """Rasterize the outlines of the reference year, with the area of each glacier."""
    input:
        outlines=lambda wildcards: glacier_site(wildcards)["outlines"]["path"],
        aoi=aoi_of,
        aoi_mask="results/glacier/{site}/aoi.tif",
        grid="results/glacier/{site}/grid.json",
    output:
        labels="results/glacier/{site}/labels.tif",
        ids="results/glacier/{site}/glacier_ids.tif",
        table=reported("results/glacier/{site}/glacier_ids.csv", "glaciers of the outlines", "glacier_ids"),
        inputs="results/glacier/{site}/inputs/outlines.csv",
    log:
        "logs/glacier/{site}/glacier_labels.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        content=content_of(lambda wildcards: glacier_site(wildcards)["outlines"]["path"], aoi_of),
        outlines=lambda wildcards: {
            key: glacier_site(wildcards)["outlines"][key] for key in ("id_field", "where", "layer")
        },
        reference_year=lambda wildcards: sites("glacier")[wildcards.site]["reference_year"],
        aoi_layer=aoi_layer("glacier"),
        tiles=with_module_prefix(first_tiles),
        bands=lambda wildcards: sites("glacier")[wildcards.site]["bands"],
    script:
        "../../scripts/glacier/glacier_labels.py"


rule glacier_scenes:
    """Draw the image of every year with the outlines of the reference year, to check the inputs visually."""
    input:
        scenes=lambda wildcards: expand(
            "results/glacier/{site}/scenes/{scene}.tif",
            site=wildcards.site,
            scene=scene_names("glacier", wildcards.site),
        ),
        labels="results/glacier/{site}/labels.tif",
        table="results/glacier/{site}/scenes.csv",
    output:
        figure=reported("results/glacier/{site}/glacier_scenes.png", "scenes and outlines", "glacier_scenes"),
    log:
        "logs/glacier/{site}/glacier_scenes.log",
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=20),
    params:
        rgb=shown_bands,
        reference_year=lambda wildcards: sites("glacier")[wildcards.site]["reference_year"],
    script:
        "../../scripts/glacier/glacier_scenes.py"


# Extent of one year, or of a batch of years, as polygons, one feature per glacier.
for _suffix, _scenes, _sites in scene_batches():

    rule:
        name:
            f"glacier_outlines{_suffix}"
        input:
            extents=batch_files("results/glacier/{site}/extent/{scene}.tif", _scenes),
            scenes=batch_files("results/glacier/{site}/scenes/{scene}.csv", _scenes),
            glacier_ids="results/glacier/{site}/glacier_ids.tif",
            glaciers="results/glacier/{site}/glacier_ids.csv",
            grid="results/glacier/{site}/grid.json",
        output:
            outlines=batch_files("results/glacier/{site}/outlines/{scene}.gpkg", _scenes),
        log:
            f"logs/glacier/{{site}}/glacier_outlines_{batch_label(_scenes)}.log",
        wildcard_constraints:
            site=_sites,
        conda:
            "../../envs/raster.yaml"
        resources:
            mem_mb=memory(2000),
            runtime=minutes(60),
        params:
            min_glacier_km2=glacier_settings("area").get("min_glacier_km2"),
        script:
            "../../scripts/glacier/glacier_outlines.py"


rule glacier_area_by_year:
    """Glacier area of every year with its interval, and area of every glacier."""
    input:
        extents=glacier_scene_files("results/glacier/{site}/extent/{scene}.tif"),
        scenes="results/glacier/{site}/scenes.csv",
        labels="results/glacier/{site}/labels.tif",
        splits="results/glacier/{site}/splits.tif",
        blocks="results/glacier/{site}/blocks.csv",
        glacier_ids="results/glacier/{site}/glacier_ids.tif",
        glaciers="results/glacier/{site}/glacier_ids.csv",
        aoi="results/glacier/{site}/aoi.tif",
        grid="results/glacier/{site}/grid.json",
    output:
        by_year=reported("results/glacier/{site}/glacier_area_by_year.csv", "area by year", "glacier_area_by_year"),
        by_glacier=reported(
            "results/glacier/{site}/glacier_area_by_glacier.csv", "area by glacier", "glacier_area_by_glacier"
        ),
    log:
        "logs/glacier/{site}/glacier_area_by_year.log",
    conda:
        "../../envs/raster.yaml"
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60),
    params:
        area={key: glacier_settings("area").get(key) for key in ("confidence", "buffer_px", "min_valid_fraction")},
        reference_year=lambda wildcards: sites("glacier")[wildcards.site]["reference_year"],
    script:
        "../../scripts/glacier/glacier_area_by_year.py"


rule glacier_trend:
    """Trend of the area, its significance, and a sentence that states it."""
    input:
        areas="results/glacier/{site}/glacier_area_by_year.csv",
    output:
        table=reported("results/glacier/{site}/trend.csv", "trend", "glacier_trend"),
    log:
        "logs/glacier/{site}/glacier_trend.log",
    conda:
        "../../envs/raster.yaml"
    params:
        confidence=glacier_settings("area").get("confidence"),
        significance=glacier_settings("trend").get("significance"),
    script:
        "../../scripts/glacier/glacier_trend.py"


rule glacier_summary:
    """Areas and trends of all sites, one row per site."""
    input:
        areas=expand("results/glacier/{site}/glacier_area_by_year.csv", site=sites("glacier")),
        trends=expand("results/glacier/{site}/trend.csv", site=sites("glacier")),
    output:
        table=reported("results/glacier/glacier_summary.csv", "areas and trends over sites", "glacier_summary"),
    log:
        "logs/glacier/glacier_summary.log",
    conda:
        "../../envs/raster.yaml"
    params:
        sites=list(sites("glacier")),
    script:
        "../../scripts/glacier/glacier_summary.py"


rule glacier_retreat_graph:
    """Draw the area by year with intervals and trend."""
    input:
        areas="results/glacier/{site}/glacier_area_by_year.csv",
        trend="results/glacier/{site}/trend.csv",
    output:
        figure=reported("results/glacier/{site}/glacier_retreat_graph.png", "area by year", "glacier_retreat_graph"),
    log:
        "logs/glacier/{site}/glacier_retreat_graph.log",
    conda:
        "../../envs/figures.yaml"
    params:
        confidence=glacier_settings("area").get("confidence"),
    script:
        "../../scripts/glacier/glacier_retreat_graph.py"


rule glacier_retreat_timelapse:
    """Animation of the annual images with their mapped outlines."""
    input:
        scenes=glacier_scene_files("results/glacier/{site}/scenes/{scene}.tif"),
        extents=glacier_scene_files("results/glacier/{site}/extent/{scene}.tif"),
        labels="results/glacier/{site}/labels.tif",
        table="results/glacier/{site}/scenes.csv",
        areas="results/glacier/{site}/glacier_area_by_year.csv",
    output:
        animation="results/glacier/{site}/glacier_retreat_timelapse.gif",
        page=reported("results/glacier/{site}/glacier_retreat_timelapse.html", "timelapse", "glacier_retreat_timelapse"),
    log:
        "logs/glacier/{site}/glacier_retreat_timelapse.log",
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60, per_input_gb=20),
    params:
        rgb=shown_bands,
        confidence=glacier_settings("area").get("confidence"),
        seconds_per_frame=glacier_settings("figures").get("seconds_per_frame"),
        reference_year=lambda wildcards: sites("glacier")[wildcards.site]["reference_year"],
    script:
        "../../scripts/glacier/glacier_retreat_timelapse.py"


rule glacier_gallery:
    """Draw image, probability and map of test blocks with the outlines."""
    input:
        scenes=glacier_gallery_files("results/glacier/{site}/scenes/{scene}.tif"),
        probabilities=glacier_gallery_files("results/glacier/{site}/probability/{scene}.tif"),
        extents=glacier_gallery_files("results/glacier/{site}/extent/{scene}.tif"),
        labels="results/glacier/{site}/labels.tif",
        blocks="results/glacier/{site}/blocks.csv",
    output:
        figure=reported("results/glacier/{site}/glacier_gallery.png", "predictions on test blocks", "glacier_gallery"),
    log:
        "logs/glacier/{site}/glacier_gallery.log",
    conda:
        "../../envs/figures.yaml"
    params:
        rgb=shown_bands,
        years=glacier_gallery_years,
    script:
        "../../scripts/glacier/glacier_gallery.py"


rule glacier_truth_check:
    """Compare areas, trend and extents of a synthetic site with the truth."""
    input:
        areas="results/glacier/{site}/glacier_area_by_year.csv",
        trend="results/glacier/{site}/trend.csv",
        extents=glacier_scene_files("results/glacier/{site}/extent/{scene}.tif"),
        aoi="results/glacier/{site}/aoi.tif",
        truth="resources/glacier/{site}/truth/areas.csv",
        true_extents="resources/glacier/{site}/truth/extent",
    output:
        table=reported("results/glacier/{site}/truth_check.csv", "recovered and true area", "truth_check"),
        figure=reported("results/glacier/{site}/truth_check.png", "recovered and true area", "truth_check"),
    log:
        "logs/glacier/{site}/glacier_truth_check.log",
    conda:
        "../../envs/figures.yaml"
    params:
        confidence=glacier_settings("area").get("confidence"),
    script:
        "../../scripts/glacier/glacier_truth_check.py"
