"""Loss, scores and learning rate of every epoch, with the epoch whose weights were kept."""

from climate_indicators.figures.learning import learning_figure
from climate_indicators.figures.style import save_figure
from climate_indicators.logs import start_log
from climate_indicators.tables import read_table

start_log(snakemake.log[0], snakemake.rule)
save_figure(learning_figure(read_table(snakemake.input.history)), snakemake.output.figure)
