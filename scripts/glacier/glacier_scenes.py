"""Draw the image of every year with the outlines of the reference year, one contrast stretch and a scale bar."""

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.scenes import scenes_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
table = read_table(snakemake.input.table)
titles = [f"{row.date or row.scene}, {row.valid_fraction:.0%} valid" for row in table.itertuples()]
figure = scenes_figure(
    snakemake.input.scenes, titles, snakemake.input.labels, snakemake.params.rgb, snakemake.params.reference_year
)
save_figure(figure, snakemake.output.figure)
