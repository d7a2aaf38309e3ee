"""Two encoders, of radar and of colour chips, trained contrastively on the training pairs: the encoders' folder.

Reads ``patches.h5`` and ``triplets.csv``; writes ``radar.keras``, ``rgb.keras`` and ``card.json`` in one folder, and
``encoder_history.csv``, one row an epoch. A killed training goes on from its last finished epoch.
"""

import json
import shutil
from pathlib import Path

import h5py

from climate_indicators.backend import use_threads, versions
from climate_indicators.embeddings.contrastive import train_encoders
from climate_indicators.embeddings.encoders import save_encoders
from climate_indicators.embeddings.pairs import views
from climate_indicators.files import sha256, write_csv
from climate_indicators.keeper import checkpoint_folder
from climate_indicators.logs import naming, start_log
from climate_indicators.tables import read_table

log = start_log(snakemake.log[0], snakemake.rule)
use_threads(snakemake.threads)
patches, params = snakemake.input.patches, snakemake.params
settings = {"embeddings": params.embeddings, "seed": params.seed, "patches_sha256": sha256(patches)}
root = Path(snakemake.output.model).with_name(".encoder_training")
checkpoints = checkpoint_folder(root, settings | {"code": params.code})
shared = views(read_table(snakemake.input.triplets))
with naming(f"snow site '{snakemake.wildcards.site}'"):
    trained = train_encoders(patches, shared, checkpoints, params.embeddings, params.seed, log)
with h5py.File(patches) as store:
    bands = json.loads(store.attrs["bands"])
best = trained.history[trained.history.epoch == trained.best_epoch].iloc[0]
learning = {"best_epoch": trained.best_epoch, "temperature": float(best.temperature), "epochs": len(trained.history)}
card = {"bands": {"radar": bands, "rgb": ["red", "green", "blue"]}, "versions": versions()} | settings | learning
save_encoders(snakemake.output.model, trained.encoders, card)
write_csv(trained.history, snakemake.output.history)
shutil.rmtree(root)
