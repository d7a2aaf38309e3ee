"""Contact sheet of patches, a row or more a split, under their labels: what the network is given, to check by eye."""

from climate_indicators.figures.patches import patches_figure
from climate_indicators.figures.style import save_figure
from climate_indicators.logs import start_log

start_log(snakemake.log[0], snakemake.rule)
save_figure(patches_figure(snakemake.input.patches, snakemake.params.rgb), snakemake.output.figure)
