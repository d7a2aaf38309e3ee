"""Resample labeled images and their labels to the input size of the network, as a patch file for training.

Reads the image table and the images and masks listed there; writes ``patches.h5``, one sample per image.
"""

from climate_indicators.carbon.images.arrays import Reading
from climate_indicators.carbon.images.samples import sample_reader, write_samples
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.tables import read_table

log = start_log(snakemake.log[0], snakemake.rule)
params, labels = snakemake.params, snakemake.params.labels
table = read_table(snakemake.input.table, na_values=[])
reading = Reading.from_settings(params.reading)
read = sample_reader(table, params.folder, params.masks, reading, labels["source"], params.mask_values)
progress = Progress(log, int(table.labeled.sum()), "image").step
with error_context(f"carbon site '{snakemake.wildcards.site}'"):
    write_samples(
        snakemake.output.patches, table, read, labels, params.size_px, labels["target"], params.band_names, progress
    )
