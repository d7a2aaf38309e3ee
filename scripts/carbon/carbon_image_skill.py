"""Measure the skill of the network on each held-out image, averaged over images and pooled over pixels.

Writes ``image_metrics.csv`` (two rows per image: calibrated threshold, and 0.5 before calibration) and ``protocol.csv``
(means over images and pooled).
"""

import h5py

from climate_indicators.carbon.estimation.image_skill import image_metrics, protocol_table
from climate_indicators.carbon.estimation.vegetation import Calibration
from climate_indicators.carbon.images.samples import true_shares
from climate_indicators.core.atomic_files import read_json, write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.stats.score_histograms import read_scores

log = start_log(snakemake.log[0], snakemake.rule)
scores = read_scores(snakemake.input.scores)["unet"]
calibration = Calibration(**read_json(snakemake.input.calibration), target=snakemake.params.target)
with h5py.File(snakemake.input.patches) as store:
    shares = true_shares(store, scores.blocks)
images = read_table(snakemake.input.images)
metrics = image_metrics(scores, images, calibration, shares)
protocol = protocol_table(metrics)
for row in protocol.itertuples():
    log.info("%s, %s, %s: IoU %.4f, Dice %.4f", row.split, row.threshold_rule, row.averaging, row.iou, row.dice)
write_csv(metrics, snakemake.output.metrics)
write_csv(protocol, snakemake.output.protocol)
