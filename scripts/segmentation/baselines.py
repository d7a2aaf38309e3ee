"""Score the random forest and the threshold index on every pixel of validation and test blocks, as counts."""

from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.segmentation.baselines import fit_baselines, score_blocks, training_sample
from climate_indicators.segmentation.spatial_blocks import holdout_blocks
from climate_indicators.stats.score_histograms import write_scores

log = start_log(snakemake.log[0], snakemake.rule)
settings, seed, bands = snakemake.params.baselines, snakemake.params.seed, snakemake.params.bands
labels, splits = snakemake.input.labels, snakemake.input.splits
blocks = holdout_blocks(read_table(snakemake.input.blocks))
with RasterStack(snakemake.input.channels) as stack:
    with error_context(f"{snakemake.wildcards.study} site '{snakemake.wildcards.site}'"):
        sample = training_sample(stack, labels, splits, settings["forest_samples"], seed)
        models = fit_baselines(sample, stack.bands, bands, settings["ratio"], settings["forest_trees"], seed)
    log.info("%s: %d training pixels, %d positive", ", ".join(models), len(sample.labels), sample.labels.sum())
    progress = Progress(log, len(blocks), "block").step
    write_scores(snakemake.output.scores, score_blocks(models, stack, labels, splits, blocks, progress))
