"""Score simple methods on every pixel of the validation and test images, as counts by group."""

import h5py

from climate_indicators.carbon.estimation.sample_baselines import band_names, fit_sample_baselines, score_samples
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.segmentation.patch_scores import holdout_samples, training_pixels
from climate_indicators.stats.score_histograms import write_scores

log = start_log(snakemake.log[0], snakemake.rule)
settings, seed = snakemake.params.baselines, snakemake.params.seed
with h5py.File(snakemake.input.patches) as store:
    with error_context(f"carbon site '{snakemake.wildcards.site}'"):
        sample = training_pixels(store, settings["forest_samples"], seed)
        models = fit_sample_baselines(
            sample, band_names(store), snakemake.params.labels, settings["forest_trees"], seed
        )
    log.info("%s: %d training pixels, %d positive", ", ".join(models), len(sample.labels), sample.labels.sum())
    progress = Progress(log, len(holdout_samples(store)), "image").step
    write_scores(snakemake.output.scores, score_samples(models, store, progress))
