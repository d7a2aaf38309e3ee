"""Draw loss, scores and learning rate of every epoch, and mark the epoch of the selected weights."""

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.learning_curve import learning_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
save_figure(learning_figure(read_table(snakemake.input.history)), snakemake.output.figure)
