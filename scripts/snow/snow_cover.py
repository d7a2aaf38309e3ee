"""Compute the snow-covered area of every scene, and the series for regressions against weather.

Reads the masks of optical scenes, the maps of radar scenes and the table of triplets, and fills pixels under clouds.
Writes ``cover.csv`` (one row per scene, with the reason if it is excluded), ``snow_cover.csv`` (the series),
``radar_cover.csv`` (error rates of the radar maps and the mean snow cover corrected for them) and the figure.
"""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.rasters.guard import opened
from climate_indicators.plotting.snow.cover import snow_cover_figure
from climate_indicators.plotting.style import save_figure
from climate_indicators.snow.climate.cloud_gaps import fill_gaps, gap_messages, read_sample, with_filled
from climate_indicators.snow.climate.cover_rates import count_cells, map_rates, rates_table
from climate_indicators.snow.climate.cover_reasons import shown_scenes
from climate_indicators.snow.climate.row_areas import M2_PER_KM2, row_areas
from climate_indicators.snow.climate.snow_cover import (
    OPTICAL,
    RADAR,
    cover_rows,
    cover_table,
    refused_scenes,
    snow_series,
)
from climate_indicators.snow.climate.snow_wetness import read_temperature
from climate_indicators.snow.climate.wetness_classes import DRY
from climate_indicators.snow.scenes.pairing import scene_path

log = start_log(snakemake.log[0], snakemake.rule)
params, site = snakemake.params, snakemake.wildcards.site
grid = Grid.read(snakemake.input.grid)
with opened(snakemake.input.aoi) as raster:
    area = raster.read(1)
areas = row_areas(grid)
whole_km2 = float((area == 1).sum(axis=1) @ areas) / M2_PER_KM2
log.info("a pixel covers %.6g to %.6g m²", areas.min(), areas.max())
scenes, checks = (read_table(snakemake.input[name], dtype={"orbit": str}) for name in ("scenes", "scene_checks"))
triplets = read_table(snakemake.input.triplets, dtype={"orbit": str, "radar": str, "optical": str})
progress = Progress(log, len(scenes), "map").step
with error_context(f"snow site '{site}'"):
    weather = [read_temperature(path, params.columns) for path in snakemake.input.weather]
    rows = [
        row
        for source, folders in ((OPTICAL, snakemake.input.optical), (RADAR, snakemake.input.maps))
        for row in cover_rows(folders, source, area, grid, areas, progress)
    ]
    refused = refused_scenes(checks)
    sound = [row for row in rows if row["source"] == OPTICAL and row["scene"] not in refused]
    paths = [scene_path(snakemake.input.optical, row["date"][:4], f"{row['scene']}_mask") for row in sound]
    filled = fill_gaps(read_sample(paths, [row["date"] for row in sound], area, grid, areas)) if sound else None
    rows = with_filled(rows, [row["scene"] for row in sound], filled, whole_km2)
    rates = map_rates(count_cells(triplets, snakemake.input.maps, snakemake.input.optical, params.triplets))
    settings = params.cover["source"], params.cover["min_valid"], params.wet_above_c
    cover = cover_table(rows, checks, weather[0] if weather else None, *settings, rates)
for message in gap_messages(filled, params.cover["min_valid"]):
    log.warning("snow site '%s': %s", site, message)
for reason, count in cover.why.value_counts().items():
    log.info("%d scenes: %s", count, reason or "in the series")
shown = shown_scenes(cover)
table = rates_table(shown[shown.source == RADAR], rates)
for row in table.itertuples():
    # a radar series without correction also contains the map errors
    level = log.warning if row.note and params.cover["source"] == RADAR and row.regime != DRY else log.info
    level("snow cover of radar scenes, regime %s: %s", row.regime, row.note or f"{row.corrected_fraction:.3f}")
if not params.triplets["keep_uniform"]:
    log.warning(
        "no triplet with bare ground or full cover was selected (snow.triplets.keep_uniform): errors of radar maps are "
        "counted only at snow lines, where they are more frequent"
    )
write_csv(table, snakemake.output.rates)
write_csv(cover, snakemake.output.cover)
write_csv(snow_series(cover), snakemake.output.snow)
save_figure(snow_cover_figure(cover, whole_km2, site), snakemake.output.figure)
