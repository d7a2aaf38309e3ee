"""Tune and train the network that predicts biomes from slopes, and compare it with simple methods.

Writes the model (a folder), ``tuning.csv``, ``history.csv``, ``metrics.csv``, ``confusion.csv``, ``reliability.csv``
and ``verdict.json``, a sentence that states whether the network is better than the simple methods.
"""

import numpy as np
from threadpoolctl import threadpool_limits

from climate_indicators.core.atomic_files import write_csv, write_json
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.netcdf import read_fields
from climate_indicators.ocean.biomes.monthly_slopes import FEATURES, kept_slopes
from climate_indicators.ocean.classifier.comparison import NETWORK, verdict
from climate_indicators.ocean.classifier.fit import fit_classifier
from climate_indicators.segmentation.backend import use_threads, versions
from climate_indicators.segmentation.model_io import save_model

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
use_threads(params.threads)
slopes = kept_slopes(read_fields(snakemake.input.slopes[0]).sel(time=[f"{params.month}-01"]))[0]
maps = read_fields(snakemake.input.biomes).label
latitude, longitude = (grid.ravel() for grid in np.meshgrid(maps.lat, maps.lon, indexing="ij"))
labels = maps.values.ravel()
seen = labels > 0
with (
    error_context(f"ocean site '{snakemake.wildcards.site}'"),
    threadpool_limits(params.threads),  # of the simple methods
):
    result = fit_classifier(
        slopes[seen], labels[seen], latitude[seen], longitude[seen], params.settings, params.seed, log
    )
names = read_table(snakemake.input.table).set_index("label").name
card = {
    "task": "biome of a cell from its slopes of fCO2",
    "slopes": [f"slope_{name}" for name in FEATURES],
    "mean": result.network.scaler.mean.tolist(),
    "sd": result.network.scaler.sd.tolist(),
    "temperature": result.skill.temperature[NETWORK],
    "biomes": {str(label): name for label, name in names.items()},
    "reference_month": params.month,
    "chosen": result.hyperparameters,
    "best_epoch": result.network.best_epoch,
    "n_neighbors": result.n_neighbors,
    "versions": versions(),
}
save_model(snakemake.output.model, result.network.model, card)
write_csv(result.tuning, snakemake.output.tuning)
write_csv(result.network.history, snakemake.output.history)
for name in ("metrics", "confusion", "reliability"):
    write_csv(getattr(result.skill, name), snakemake.output[name])
write_json({"sentence": verdict(result.skill.comparison)}, snakemake.output.verdict)
