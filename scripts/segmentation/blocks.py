"""Assign blocks of the labeled scene to training, validation and test, and write the split of every pixel."""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.geo.raster import write_cog
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.segmentation.spatial_blocks import SPLITS, few_blocks_warning, make_blocks, split_map

log = start_log(snakemake.log[0], snakemake.rule)
settings = snakemake.params.patches
with opened(snakemake.input.labels) as raster:
    labels = raster.read(1)
with RasterStack(snakemake.input.channels) as stack:
    grid, valid = stack.grid, stack.valid()
place = f"{snakemake.wildcards.study} site '{snakemake.wildcards.site}'"
with error_context(place):
    blocks = make_blocks(
        labels, valid, settings["block_px"], {split: settings[split] for split in SPLITS}, snakemake.params.split_seed
    )
log.info("blocks: %s", ", ".join(f"{count} {split}" for split, count in blocks.split.value_counts().items()))
if warning := few_blocks_warning(blocks, settings):
    log.warning("%s: %s", place, warning)
splits = split_map(blocks, labels, valid, settings["gap_px"])
write_cog(snakemake.output.splits, grid, splits, "split: 1 train, 2 validation, 3 test", 0)
write_csv(blocks, snakemake.output.blocks)
