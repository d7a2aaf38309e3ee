"""Test images from the worst to the best IoU: original, truth, and what the network found, missed and made up."""

from climate_indicators.figures.carbon_gallery import carbon_gallery_figure
from climate_indicators.figures.style import save_figure
from climate_indicators.logs import start_log
from climate_indicators.tables import read_table

start_log(snakemake.log[0], snakemake.rule)
metrics = read_table(snakemake.input.metrics)
figure = carbon_gallery_figure(snakemake.input.patches, metrics, snakemake.input.masks)
save_figure(figure, snakemake.output.figure)
