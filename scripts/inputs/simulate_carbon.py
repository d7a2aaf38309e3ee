"""Simulate landscapes: monthly images of several places, masks of some of them, measured carbon, and the truth.

The truth folder contains ``masks/`` of all images, ``images.csv``, ``series.csv`` and ``planted.json``.
"""

import pandas as pd

from climate_indicators.core.atomic_files import atomic_path, write_csv, write_json
from climate_indicators.core.log import Progress, start_log
from climate_indicators.synthetic.carbon.render import write_jpeg, write_mask
from climate_indicators.synthetic.carbon.series import measurements
from climate_indicators.synthetic.carbon.site import SyntheticCarbonSite

log = start_log(snakemake.log[0], snakemake.rule)
settings, output = snakemake.params.site, snakemake.output
site = SyntheticCarbonSite(**settings)
progress = Progress(log, site.n_images, "picture")
records = []
with atomic_path(output.images) as images, atomic_path(output.masks) as masks, atomic_path(output.truth) as truth:
    for folder in (images, masks, truth / "masks"):
        folder.mkdir(parents=True)
    for number in range(len(site.places)):
        for month in range(len(site.design.months)):
            rendered = site.rendered(number, month)
            write_jpeg(images / f"{rendered.name}.jpg", rendered.picture)
            write_mask(truth / "masks" / f"{rendered.name}.png", rendered.mask)
            if rendered.labeled:
                write_mask(masks / f"{rendered.name}.png", rendered.mask)
            records.append({"image": f"{rendered.name}.jpg", **rendered.record})
            progress.step()
    table = pd.DataFrame(records)
    write_csv(table, truth / "images.csv")
    write_csv(site.series(table), truth / "series.csv")
    write_json(site.planted(table), truth / "planted.json")
write_csv(measurements(table, settings["seed"]), output.ground_truth)
