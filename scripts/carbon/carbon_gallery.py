"""Draw test images from the worst to the best IoU: original, truth, and correct, missed and false pixels."""

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.carbon.gallery import carbon_gallery_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
metrics = read_table(snakemake.input.metrics)
figure = carbon_gallery_figure(snakemake.input.patches, metrics, snakemake.input.masks)
save_figure(figure, snakemake.output.figure)
