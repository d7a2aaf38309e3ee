"""Select triplets of radar, true color and snow mask, with reasons for rejection, and write them as patches.

Reads the pairs, the checks of scenes and the scenes on the grid; writes ``curation.csv`` (one row per candidate and per
scene without a pair), ``curation_counts.csv``, its figure, ``triplets.csv`` (the selected ones with their split) and
``patches.h5``.
"""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.plotting.snow.curation import snow_curation_figure
from climate_indicators.plotting.style import save_figure
from climate_indicators.snow.scenes.pairing import read_pairs
from climate_indicators.snow.triplets.curation import count_reasons, curate, pair_verdicts
from climate_indicators.snow.triplets.extraction import (
    Folders,
    measure_chips,
    triplet_table,
    with_years,
    write_triplets,
)
from climate_indicators.snow.triplets.places import make_places

log = start_log(snakemake.log[0], snakemake.rule)
params, inputs, outputs = snakemake.params.triplets, snakemake.input, snakemake.output
size = params["size_px"]
folders = Folders(inputs.radar, inputs.change, inputs.optical)
pairs = with_years(read_pairs(inputs.pairs))
checks = read_table(inputs.scene_checks, dtype={"scene": str, "orbit": str}, parse_dates=["date"])
with opened(inputs.aoi) as raster:
    area = raster.read(1)
with error_context(f"snow site '{snakemake.wildcards.site}'"):
    places = make_places(area, size, params["gap_px"])
    verdicts = pair_verdicts(pairs, checks)
    refused = verdicts.index[verdicts["reason"] != ""]
    progress = Progress(log, len(pairs), "pair measured").step
    candidates = measure_chips(pairs, refused, places, folders, area, size, progress)
    curation = curate(pairs, checks, candidates, params)
    counts = count_reasons(curation)
    write_csv(curation, outputs.curation)
    write_csv(counts, outputs.counts)
    save_figure(snow_curation_figure(curation, snakemake.wildcards.site), outputs.figure)
    triplets = triplet_table(curation, candidates, pairs, params, snakemake.params.split_seed)
for row in counts[counts["n"] > 0].itertuples():
    log.info("%s: %d", row.reason, row.n)
if not (triplets["held_out"] == "place_and_year").any():
    log.info("fewer than three hydrological years remain: no year is held out, and the test uses only new places")
for (split, held_out), n in triplets.groupby(["split", "held_out"]).size().items():
    log.info("%s (held out: %s): %d triplets", split, held_out, n)
write_csv(triplets, outputs.triplets)
progress = Progress(log, len(triplets), "triplet").step
write_triplets(outputs.patches, triplets, pairs, folders, area, size, progress)
