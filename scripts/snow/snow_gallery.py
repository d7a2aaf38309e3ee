"""Draw test triplets of the wet and the dry season: radar change, color image, mask, and the network's map."""

import h5py

from climate_indicators.core.atomic_files import read_json
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.grid import Grid
from climate_indicators.plotting.snow.gallery import snow_gallery_figure
from climate_indicators.plotting.style import save_figure
from climate_indicators.segmentation.inference import open_engine, with_test_time_augmentation
from climate_indicators.snow.triplets.examples import choose_examples, read_examples
from climate_indicators.snow.triplets.skill import logit_limit

log = start_log(snakemake.log[0], snakemake.rule)
settings = snakemake.params.prediction
engine = open_engine(snakemake.input.model, settings["engine"], settings["precision"], snakemake.threads)
if settings["test_time_augmentation"]:
    engine = with_test_time_augmentation(engine)
chosen = choose_examples(read_table(snakemake.input.metrics))
limit = logit_limit(read_json(snakemake.input.calibration))
with h5py.File(snakemake.input.patches) as store:
    examples = read_examples(store, chosen, engine.run, limit)
for row in chosen.itertuples():
    log.info("%s: %s, Dice %.3f", row.chosen, row.triplet, row.dice)
save_figure(
    snow_gallery_figure(examples, snakemake.wildcards.site, Grid.read(snakemake.input.grid)), snakemake.output.figure
)
