"""Map the vegetation of every image: fractions as a table, and masks at the original image size."""

from pathlib import Path

import pandas as pd

from climate_indicators.carbon.estimation.vegetation import Calibration, map_images, write_mask
from climate_indicators.carbon.images.arrays import Reading, read_image
from climate_indicators.core.atomic_files import atomic_path, read_json, write_csv
from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.tables import read_table
from climate_indicators.segmentation.inference import open_engine, with_test_time_augmentation
from climate_indicators.segmentation.model_files import read_card

log = start_log(snakemake.log[0], snakemake.rule)
params, model = snakemake.params, snakemake.input.model
card, settings, reading = read_card(model), params.prediction, Reading.from_settings(params.reading)
engine = open_engine(model, settings["engine"], settings["precision"], snakemake.threads)
if settings["test_time_augmentation"]:
    engine = with_test_time_augmentation(engine)
names = read_table(snakemake.input.table).image.tolist()
progress, rows = Progress(log, len(names), "image"), []
with atomic_path(snakemake.output.masks) as folder:
    folder.mkdir()
    for mapped in map_images(
        names,
        lambda name: read_image(Path(params.folder) / name, reading),
        engine.run,
        card["scaling"]["mean"],
        card["patch_px"],
        settings["batch_size"],
        Calibration(**read_json(snakemake.input.calibration), target=params.target),
    ):
        write_mask(folder, mapped)
        rows.append(mapped.row())
        progress.step()
write_csv(pd.DataFrame(rows), snakemake.output.table)
