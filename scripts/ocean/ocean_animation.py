"""Animate the biomes month by month, as a GIF and as a page for the report."""

import numpy as np

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.netcdf import read_fields
from climate_indicators.ocean.biomes.labels import names_and_colors
from climate_indicators.ocean.indicators.coverage import month_names
from climate_indicators.plotting.animation import write_animation, write_page
from climate_indicators.plotting.ocean.animation import chosen_months, exact_colors, ocean_frames

start_log(snakemake.log[0], snakemake.rule)
site = snakemake.wildcards.site
names, colors = names_and_colors(read_table(snakemake.input.table))
maps = [read_fields(path, ["label"]).label for path in snakemake.input.labels]
months = np.concatenate([month_names(labels.time.values) for labels in maps])
shown = np.isin(months, chosen_months(months.tolist()))
labels = np.concatenate([labels.values for labels in maps])[shown]
frames = ocean_frames(read_fields(snakemake.input.cells), labels, months[shown].tolist(), names, colors, site)
seconds = snakemake.params.seconds_per_frame
write_animation(frames, snakemake.output.animation, seconds, exact_colors(colors))
write_page(snakemake.output.animation, snakemake.output.page, f"carbon biomes, {site}")
