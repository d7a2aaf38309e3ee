"""Predict the biome of every cell and month of a part, with the probabilities of all biomes, under one scaler."""

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.netcdf import read_fields, write_fields
from climate_indicators.ocean.biomes.labels import labels_dataset, names_and_colors
from climate_indicators.ocean.biomes.monthly_slopes import kept_slopes
from climate_indicators.ocean.classifier.apply import classify
from climate_indicators.segmentation.inference import open_engine
from climate_indicators.segmentation.model_files import read_card

log = start_log(snakemake.log[0], snakemake.rule)
fields, known = read_fields(snakemake.input.slopes), read_fields(snakemake.input.cells)
card = read_card(snakemake.input.model)
engine = open_engine(snakemake.input.model, "auto", "float32", snakemake.threads)
scaler, temperature = snakemake.wildcards.scaler, card["temperature"]
labels, probabilities = zip(
    *(
        classify(engine, month, scaler, card["mean"], card["sd"], temperature, snakemake.params.abstain_below)
        for month in kept_slopes(fields)
    ),
    strict=True,
)
names, _ = names_and_colors(read_table(snakemake.input.table))
coordinates = {name: fields[name] for name in ("time", "lat", "lon")}
dataset = labels_dataset(labels, probabilities, known.area_km2.values, coordinates, names, fields.data_share.values)
log.info("%d months, %s scaler, %s", len(labels), scaler, engine.name)
write_fields(dataset.assign_attrs(title=f"Carbon biomes by month, {scaler} scaler"), snakemake.output.labels)
