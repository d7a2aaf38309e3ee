"""Train the network on the training patches, select it on the validation patches, and write its history and card.

Each finished epoch is saved next to the outputs, so an interrupted training resumes from there.
"""

import json
from pathlib import Path

import h5py

from climate_indicators.core.atomic_files import sha256, write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.segmentation.backend import training_precision, use_threads, versions
from climate_indicators.segmentation.checkpoint_folders import checkpoint_folder
from climate_indicators.segmentation.model_io import save_model
from climate_indicators.segmentation.training import train_network

log = start_log(snakemake.log[0], snakemake.rule)
params = {name: snakemake.params[name] for name in ("code", "network", "training", "seed", "constant_bands", "threads")}
use_threads(params["threads"])
encoder = snakemake.input.get("encoder_weights")
sources = {"patches_sha256": sha256(snakemake.input.patches)} | ({"encoder_sha256": sha256(encoder)} if encoder else {})
root = Path(snakemake.output.model).with_name(".training")
depends_on = params | sources | {"automatic_precision": training_precision()}
place = f"{snakemake.wildcards.study} site '{snakemake.wildcards.site}'"
with checkpoint_folder(root, depends_on, log) as checkpoints, error_context(place):
    trained = train_network(
        snakemake.input.patches,
        checkpoints,
        params["network"],
        params["training"],
        params["seed"],
        params["constant_bands"],
        log,
        encoder,
    )
    with h5py.File(snakemake.input.patches) as store:
        scaling = {"mean": store.attrs["mean"].tolist(), "std": store.attrs["std"].tolist()}
        bands, size = json.loads(store.attrs["bands"]), store["image"].shape[1]
        pooled = {"sites": store["sites"].asstr()[:].tolist()} if "sites" in store else {}
    learning = {
        "best_epoch": trained.best_epoch,
        "epochs": len(trained.history),
        "weights": trained.model.count_params(),
    }
    settings = {name: params[name] for name in ("network", "training", "seed", "threads")}
    card = {"bands": bands, "patch_px": size, "scaling": scaling, "versions": versions()} | settings | learning
    card |= sources | pooled
    save_model(snakemake.output.model, trained.model, card)
    write_csv(trained.history, snakemake.output.history)
