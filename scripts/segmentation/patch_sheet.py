"""Draw a contact sheet of patches with their labels, one or more rows per split, to check the network input."""

from climate_indicators.core.log import start_log
from climate_indicators.plotting.patches import patches_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
save_figure(patches_figure(snakemake.input.patches, snakemake.params.rgb), snakemake.output.figure)
