"""Predict whole scenes window by window: calibrated probability and extent."""

from pathlib import Path

from climate_indicators.core.atomic_files import read_json
from climate_indicators.core.log import Progress, start_log
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.segmentation.inference import open_engine, with_test_time_augmentation
from climate_indicators.segmentation.model_files import read_card
from climate_indicators.segmentation.tiled_prediction import Windows, count_windows, predict_logits, write_prediction

log = start_log(snakemake.log[0], snakemake.rule)
settings, model, output = snakemake.params.prediction, snakemake.input.model, snakemake.output
card, calibration = read_card(model), read_json(snakemake.input.calibration)
engine = open_engine(model, settings["engine"], settings["precision"], snakemake.threads)
if settings["test_time_augmentation"]:
    engine = with_test_time_augmentation(engine)
windows = Windows.from_settings(settings, card["network"]["depth"])
study = snakemake.wildcards.study
for scene, probability, extent in zip(snakemake.input.scenes, output.probabilities, output.extents, strict=True):
    with RasterStack([scene, *snakemake.input.terrain]) as stack:
        progress = Progress(log, count_windows(stack.grid.shape, windows), "window").step
        share = write_prediction(
            probability,
            extent,
            stack,
            predict_logits(engine, stack, card["scaling"]["mean"], windows, progress),
            calibration["temperature"],
            calibration["threshold"],
            (f"probability of {study}", study),
            {
                "ENGINE": engine.name,
                "PRECISION": engine.precision,
                "TEST_TIME_AUGMENTATION": "8" if settings["test_time_augmentation"] else "1",
                "MODEL_PATCHES_SHA256": card["patches_sha256"],
            },
        )
    found = (Path(scene).stem, study, engine.name, engine.precision, 100 * share)
    log.info("scene %s: %s with %s in %s: %.2f %% of the valid pixels", *found)
