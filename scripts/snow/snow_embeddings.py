"""Compute embeddings of all radar and color chips, and evaluate them: retrieval, geometry, domain shift, planes.

Reads ``patches.h5``, ``triplets.csv`` and the encoders' folder; writes ``embeddings.h5`` (all triplets, in one pass),
``retrieval.csv``, ``embedding_geometry.csv``, ``domain_shift.csv`` (fitted on training and validation pairs, measured
on test pairs) and ``embedding_planes.csv`` (the test pairs by principal components and t-SNE).
"""

import h5py
import numpy as np

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.tables import read_table
from climate_indicators.segmentation.backend import use_threads
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES
from climate_indicators.snow.embeddings.domain_shift import domain_shift
from climate_indicators.snow.embeddings.encoders import load_encoders
from climate_indicators.snow.embeddings.pairs import views, write_embeddings
from climate_indicators.snow.embeddings.projection import projection_table
from climate_indicators.snow.embeddings.retrieval import geometry_table, retrieval_table

log = start_log(snakemake.log[0], snakemake.rule)
use_threads(snakemake.threads)
patches, output, seed = snakemake.input.patches, snakemake.output, snakemake.params.seed
triplets = read_table(snakemake.input.triplets)
progress = Progress(log, len(triplets), "pair").step
write_embeddings(output.embeddings, patches, load_encoders(snakemake.input.model), progress=progress)
with h5py.File(output.embeddings) as store:
    radar, rgb, number, split, place = (store[name][:] for name in ("radar", "rgb", "number", "split", "block"))
retrieval = retrieval_table(radar, rgb, views(triplets)[number], place, split, seed)
test = split == SPLIT_VALUES["test"]
fit = np.isin(split, [SPLIT_VALUES["train"], SPLIT_VALUES["validation"]])
shift = domain_shift(radar, rgb, place, fit, test, seed)
for row in retrieval.itertuples():
    log.info("%s, %s: recall@1 %.3f (chance %.3f)", row.direction, row.part, row.recall_at_1, row.chance_at_1)
log.info("%s", shift.sentence)
planes = projection_table(radar[test], rgb[test], number[test], seed)
write_csv(retrieval, output.retrieval)
write_csv(geometry_table(radar, rgb, split, seed), output.geometry)
write_csv(shift.table, output.domain_shift)
write_csv(planes.merge(triplets[["number", "date", "season", "snow_fraction"]], on="number"), output.planes)
