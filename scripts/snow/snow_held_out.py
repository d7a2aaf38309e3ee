"""Score the network on every held-out triplet, as counts by place and by triplet."""

import h5py

from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.tables import read_table
from climate_indicators.segmentation.inference import open_engine, with_test_time_augmentation
from climate_indicators.snow.triplets.scores import BATCH, by_place, holdout_triplets, score_triplets
from climate_indicators.stats.score_histograms import write_scores

log = start_log(snakemake.log[0], snakemake.rule)
settings = snakemake.params.prediction
triplets = read_table(snakemake.input.triplets, dtype={"orbit": str})
engine = open_engine(snakemake.input.model, settings["engine"], settings["precision"], snakemake.threads)
if settings["test_time_augmentation"]:
    engine = with_test_time_augmentation(engine)
with h5py.File(snakemake.input.patches) as store:
    progress = Progress(log, len(holdout_triplets(store, triplets)), "triplet").step
    scores = score_triplets(engine.run, store, triplets, BATCH, progress)
write_scores(snakemake.output.by_triplet, {"unet": scores})
write_scores(snakemake.output.scores, {"unet": by_place(scores, triplets)})
