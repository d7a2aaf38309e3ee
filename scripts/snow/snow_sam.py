"""Compute SAM masks of the held-out triplets, with prompts from the truth (an oracle) and from radar only.

Each image is encoded once and cached by content. Scores use the same pixels as those of all other models, by place and
by triplet. Also writes ``sam_runs.csv``: triplet, prompts, n_points, n_foreground, own_score,
mapped_fraction, weights.
"""

import h5py

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.tables import read_table
from climate_indicators.segmentation.backend import make_deterministic, use_threads
from climate_indicators.snow.foundation_models.loading import open_foundation
from climate_indicators.snow.foundation_models.presets import weights_title
from climate_indicators.snow.foundation_models.result_cache import ImageCache
from climate_indicators.snow.foundation_models.sam import Sam
from climate_indicators.snow.foundation_models.sam_triplets import check_bands, score_sam
from climate_indicators.snow.triplets.scores import by_place, holdout_triplets, read_labels
from climate_indicators.stats.score_histograms import write_scores

log = start_log(snakemake.log[0], snakemake.rule)
settings = snakemake.params.sam
use_threads(snakemake.params.threads)
make_deterministic()
triplets = read_table(snakemake.input.triplets)
with error_context(f"snow site '{snakemake.wildcards.site}'"):
    foundation = open_foundation(snakemake.input.sam, "sam")
    with h5py.File(snakemake.input.patches) as store:
        check_bands(store, settings["picture"])
        cache = ImageCache(snakemake.params.cache, foundation.digest)
        members = holdout_triplets(store, triplets)
        weights = weights_title(foundation.card)
        log.info("SAM (%s) at %d px, %d triplets", weights, foundation.size_px, len(members))
        progress = Progress(log, len(members), "triplet").step
        sam = Sam(foundation, cache)
        scores, runs = score_sam(sam, store, members, read_labels, settings, snakemake.params.seed, weights, progress)
log.info("%d images encoded, %d read from %s", cache.computed, cache.read, snakemake.params.cache)
write_scores(snakemake.output.by_triplet, scores)
write_scores(snakemake.output.scores, {model: by_place(score, triplets) for model, score in scores.items()})
write_csv(runs, snakemake.output.runs)
