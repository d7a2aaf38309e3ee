"""Train two encoders, for radar and color chips, contrastively on the training pairs.

Reads ``patches.h5`` and ``triplets.csv``; writes ``radar.keras``, ``rgb.keras`` and ``card.json`` in one folder, and
``encoder_history.csv``, one row per epoch. An interrupted training resumes after its last finished epoch.
"""

import json
from pathlib import Path

import h5py

from climate_indicators.core.atomic_files import sha256, write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.segmentation.backend import use_threads, versions
from climate_indicators.segmentation.checkpoint_folders import checkpoint_folder
from climate_indicators.snow.embeddings.contrastive import train_encoders
from climate_indicators.snow.embeddings.encoders import save_encoders
from climate_indicators.snow.embeddings.pairs import views

log = start_log(snakemake.log[0], snakemake.rule)
patches, params = snakemake.input.patches, snakemake.params
use_threads(params.threads)
settings = {name: params[name] for name in ("embeddings", "seed", "threads")} | {"patches_sha256": sha256(patches)}
root = Path(snakemake.output.model).with_name(".encoder_training")
shared = views(read_table(snakemake.input.triplets))
place = f"snow site '{snakemake.wildcards.site}'"
with checkpoint_folder(root, settings | {"code": params.code}, log) as checkpoints, error_context(place):
    trained = train_encoders(patches, shared, checkpoints, params.embeddings, params.seed, log)
    with h5py.File(patches) as store:
        bands = json.loads(store.attrs["bands"])
    best = trained.history[trained.history.epoch == trained.best_epoch].iloc[0]
    learning = {"best_epoch": trained.best_epoch, "temperature": float(best.temperature)}
    learning["epochs"] = len(trained.history)
    card = {"bands": {"radar": bands, "rgb": ["red", "green", "blue"]}, "versions": versions()} | settings | learning
    save_encoders(snakemake.output.model, trained.encoders, card)
    write_csv(trained.history, snakemake.output.history)
