"""Animate the image of every year with its mapped outline, date, area, interval and scale bar."""

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.animation import write_animation, write_page
from climate_indicators.plotting.glacier.timelapse import EXACT, timelapse_frames

start_log(snakemake.log[0], snakemake.rule)
scenes = read_table(snakemake.input.table)
files = scenes.assign(image=list(snakemake.input.scenes), extent=list(snakemake.input.extents)).sort_values("scene")
frames = timelapse_frames(
    files.image.tolist(),
    files.extent.tolist(),
    snakemake.input.labels,
    read_table(snakemake.input.areas),
    snakemake.params.rgb,
    snakemake.params.reference_year,
    snakemake.params.confidence,
)
write_animation(frames, snakemake.output.animation, snakemake.params.seconds_per_frame, EXACT)
write_page(snakemake.output.animation, snakemake.output.page, f"glacier retreat, {snakemake.wildcards.site}")
