"""Score the network on every pixel of the validation and test blocks, as counts."""

from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.core.tables import read_table
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.segmentation.inference import open_engine, with_test_time_augmentation
from climate_indicators.segmentation.model_files import read_card
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES, holdout_blocks
from climate_indicators.segmentation.tiled_prediction import Windows, predict_rectangle
from climate_indicators.stats.score_histograms import LOGIT, ScoreCounts, write_scores

log = start_log(snakemake.log[0], snakemake.rule)
settings, model = snakemake.params.prediction, snakemake.input.model
card = read_card(model)
engine = open_engine(model, settings["engine"], settings["precision"], snakemake.threads)
if settings["test_time_augmentation"]:
    engine = with_test_time_augmentation(engine)
windows = Windows.from_settings(settings, card["network"]["depth"])
blocks = holdout_blocks(read_table(snakemake.input.blocks))
scores = ScoreCounts.empty(LOGIT, blocks.block, blocks.split)
progress = Progress(log, len(blocks), "block")
with (
    RasterStack(snakemake.input.channels) as stack,
    opened(snakemake.input.labels) as label_raster,
    opened(snakemake.input.splits) as split_raster,
):
    for index, block in enumerate(blocks.itertuples()):
        rows, cols = (block.row_start, block.row_stop), (block.col_start, block.col_stop)
        logits, _ = predict_rectangle(engine, stack, card["scaling"]["mean"], rows, cols, windows)
        labels, splits = (raster.read(1, window=(rows, cols)) for raster in (label_raster, split_raster))
        labels[splits != SPLIT_VALUES[block.split]] = BYTE_NODATA
        scores.add(index, logits, labels)
        progress.step()
write_scores(snakemake.output.scores, {"unet": scores})
