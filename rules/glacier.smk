# The glacier study, as far as it stands: outlines on the grid, and a map to check them by eye.


rule glacier_labels:
    """Outlines of the reference year on the grid, with the area of each glacier."""
    input:
        outlines=lambda wildcards: glacier_site(wildcards)["outlines"]["path"],
        aoi=aoi_of,
        aoi_mask="results/glacier/{site}/aoi.tif",
        grid="results/glacier/{site}/grid.json",
    output:
        labels="results/glacier/{site}/labels.tif",
        ids="results/glacier/{site}/glacier_ids.tif",
        table=report(
            "results/glacier/{site}/glacier_ids.csv",
            category="glacier",
            subcategory="{site}",
            labels={"table": "glaciers of the outlines"},
            caption="../report/glacier_ids.rst",
        ),
    log:
        "logs/glacier/{site}/glacier_labels.log",
    conda:
        "../envs/raster.yaml"
    params:
        code=code("glacier/glacier_labels.py"),
        outlines=lambda wildcards: {key: glacier_site(wildcards)["outlines"][key] for key in ("id_field", "where")},
        tiles=lambda wildcards: glacier_site(wildcards)["scenes"][0]["tiles"],
    script:
        "../scripts/glacier/glacier_labels.py"


rule glacier_scenes:
    """Every year's image under the outlines of the reference year, to check inputs by eye."""
    input:
        scenes=lambda wildcards: expand(
            "results/glacier/{site}/scenes/{scene}.tif",
            site=wildcards.site,
            scene=scene_names("glacier", wildcards.site),
        ),
        labels="results/glacier/{site}/labels.tif",
        table="results/glacier/{site}/scenes.csv",
    output:
        figure=report(
            "results/glacier/{site}/glacier_scenes.png",
            category="glacier",
            subcategory="{site}",
            labels={"figure": "scenes and outlines"},
            caption="../report/glacier_scenes.rst",
        ),
    log:
        "logs/glacier/{site}/glacier_scenes.log",
    conda:
        "../envs/figures.yaml"
    params:
        code=code("glacier/glacier_scenes.py"),
        rgb=config.get("glacier", {}).get("figures", {}).get("rgb"),
        reference_year=lambda wildcards: sites("glacier")[wildcards.site]["reference_year"],
    script:
        "../scripts/glacier/glacier_scenes.py"
