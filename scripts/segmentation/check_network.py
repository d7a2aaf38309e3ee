"""Compare the network's skill on its validation patches in training and in the inference engine.

Stops the run if they differ by more than a tolerance; writes ``network_check.csv``: ``engine, precision,
n_patches, iou_training, iou_prediction, tolerance``.
"""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.segmentation.inference import open_engine
from climate_indicators.segmentation.network_check import check_network

log = start_log(snakemake.log[0], snakemake.rule)
settings = snakemake.params.prediction
with error_context(f"{snakemake.wildcards.study} site '{snakemake.wildcards.site}'"):
    engine = open_engine(snakemake.input.model, settings["engine"], settings["precision"], snakemake.threads)
    table = check_network(engine, snakemake.input.patches, read_table(snakemake.input.history))
write_csv(table, snakemake.output.table)
