"""Evaluate the network and the baselines on the same held-out blocks, after calibration on validation blocks.

Writes ``calibration.json`` (temperature and threshold of the network), ``metrics.csv`` (one row per model and split,
with intervals over blocks of the IoU and of its difference from the network), ``reliability.csv`` (probability against
observed fraction)
and ``block_confusion.csv`` (pixels by block).
"""

from climate_indicators.core.atomic_files import write_csv, write_json
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.stats.metrics import evaluate
from climate_indicators.stats.score_histograms import read_scores

log = start_log(snakemake.log[0], snakemake.rule)
with error_context(f"{snakemake.wildcards.study} site '{snakemake.wildcards.site}'"):
    models = [read_scores(path) for path in snakemake.input]
    scores = {name: counts for model in models for name, counts in model.items()}
    evaluation = evaluate(scores, stratified=snakemake.params.stratified)
for row in evaluation.metrics.itertuples():
    log.info("%s, %s: IoU %.3f (%.3f to %.3f)", row.model, row.split, row.iou, row.iou_lower, row.iou_upper)
write_json(evaluation.calibration, snakemake.output.calibration)
write_csv(evaluation.metrics, snakemake.output.metrics)
write_csv(evaluation.reliability, snakemake.output.reliability)
write_csv(evaluation.confusion, snakemake.output.confusion)
