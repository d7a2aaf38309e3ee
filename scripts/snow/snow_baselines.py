"""Score a random forest and the wet-snow threshold on the same triplets, as counts by place and by triplet."""

import h5py

from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.tables import read_table
from climate_indicators.segmentation.patch_scores import training_pixels
from climate_indicators.snow.triplets.baselines import band_names, fit_triplet_baselines, score_baselines
from climate_indicators.snow.triplets.scores import by_place, holdout_triplets, read_pixels
from climate_indicators.stats.score_histograms import write_scores

log = start_log(snakemake.log[0], snakemake.rule)
settings, seed = snakemake.params.baselines, snakemake.params.seed
triplets = read_table(snakemake.input.triplets, dtype={"orbit": str})
with h5py.File(snakemake.input.patches) as store:
    with error_context(f"snow site '{snakemake.wildcards.site}'"):
        sample = training_pixels(store, settings["forest_samples"], seed, read_pixels)
    bands, trees, limit = band_names(store), settings["forest_trees"], settings["wet_snow_db"]
    models = fit_triplet_baselines(sample, bands, trees, limit, seed)
    log.info("%s: %d training pixels, %d of snow", ", ".join(models), len(sample.labels), sample.labels.sum())
    progress = Progress(log, len(holdout_triplets(store, triplets)), "triplet").step
    scores = score_baselines(models, store, triplets, progress)
write_scores(snakemake.output.by_triplet, scores)
write_scores(snakemake.output.scores, {name: by_place(score, triplets) for name, score in scores.items()})
