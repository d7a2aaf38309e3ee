"""The network's skill on its validation patches, as training measured it and as the engine of prediction gives it.

Ends the run where the two differ by more than a tolerance; writes ``network_check.csv``: ``engine, precision,
n_patches, iou_training, iou_prediction, tolerance``.
"""

from climate_indicators.core.errors import naming
from climate_indicators.engines import open_engine
from climate_indicators.files import write_csv
from climate_indicators.logs import start_log
from climate_indicators.network_check import check_network
from climate_indicators.tables import read_table

log = start_log(snakemake.log[0], snakemake.rule)
settings = snakemake.params.prediction
with naming(f"{snakemake.wildcards.study} site '{snakemake.wildcards.site}'"):
    engine = open_engine(snakemake.input.model, settings["engine"], settings["precision"], snakemake.threads)
    table = check_network(engine, snakemake.input.patches, read_table(snakemake.input.history))
write_csv(table, snakemake.output.table)
