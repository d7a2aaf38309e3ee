"""Cut patches of the labeled scene for training and validation into one file."""

from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.segmentation.patches import plan_patches, write_patches

log = start_log(snakemake.log[0], snakemake.rule)
size, stride = snakemake.params.patches["size_px"], snakemake.params.patches["stride_px"]
with opened(snakemake.input.labels) as raster:
    labels = raster.read(1)
with opened(snakemake.input.splits) as raster:
    splits = raster.read(1)
with error_context(f"{snakemake.wildcards.study} site '{snakemake.wildcards.site}'"):
    plan = plan_patches(splits, read_table(snakemake.input.blocks), size, stride)
    with RasterStack(snakemake.input.channels) as stack:
        progress = Progress(log, len(plan.origins), "patch").step
        write_patches(snakemake.output.patches, stack, labels, splits, plan, size, progress)
