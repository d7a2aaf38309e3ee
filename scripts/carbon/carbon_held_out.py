"""Score the network on every pixel of the validation and test images, as counts by group and by image."""

import h5py

from climate_indicators.core.log import Progress, start_log
from climate_indicators.segmentation.inference import open_engine, with_test_time_augmentation
from climate_indicators.segmentation.patch_scores import by_group, holdout_samples, score_images
from climate_indicators.stats.score_histograms import write_scores

log = start_log(snakemake.log[0], snakemake.rule)
settings = snakemake.params.prediction
engine = open_engine(snakemake.input.model, settings["engine"], settings["precision"], snakemake.threads)
if settings["test_time_augmentation"]:
    engine = with_test_time_augmentation(engine)
with h5py.File(snakemake.input.patches) as store:
    members = [place for place, _ in holdout_samples(store)]
    progress = Progress(log, len(members), "image").step
    scores = score_images(engine.run, store, settings["batch_size"], progress)
    groups = store["block"][:][members]
write_scores(snakemake.output.by_image, {"unet": scores})
write_scores(snakemake.output.scores, {"unet": by_group(scores, groups)})
