"""Compute area and percentage of every biome, and of unclassified ocean, by zone and month, under both scalers.

Writes ``coverage.csv``: ``scaler, zone, month, label, biome, percent, lower_percent, upper_percent, area_km2,
data_percent, flag``; coverage is missing in months flagged for insufficient data.
"""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.netcdf import read_fields
from climate_indicators.ocean.biomes.labels import names_and_colors, probabilities_of
from climate_indicators.ocean.indicators.coverage import coverage_table, flag_gaps, gap_sentences, in_order
from climate_indicators.ocean.indicators.zones import zone_masks

log = start_log(snakemake.log[0], snakemake.rule)
known = read_fields(snakemake.input.cells)
area = known.area_km2.values
masks = zone_masks(snakemake.params.zones, known.lat.values, known.lon.values, area)
names, _ = names_and_colors(read_table(snakemake.input.table))
paths = [(scaler, path) for scaler in ("frozen", "monthly") for path in snakemake.input[scaler]]
tables, progress = [], Progress(log, len(paths), "part")
for scaler, path in paths:
    part = read_fields(path)
    months, chances = part.time.values, probabilities_of(part)
    confidence = snakemake.params.confidence
    tables.append(coverage_table(part.label.values, chances, months, area, masks, names, scaler, confidence))
    progress.step()
table = flag_gaps(in_order(tables, list(masks)))
for sentence in gap_sentences(table):
    log.warning("%s", sentence)
write_csv(table, snakemake.output.coverage)
