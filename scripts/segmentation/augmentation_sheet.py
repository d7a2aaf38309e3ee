"""Draw a contact sheet of training patches with each augmentation alone and with all of them."""

from climate_indicators.core.log import start_log
from climate_indicators.plotting.augmentation import augmentation_figure
from climate_indicators.plotting.style import save_figure
from climate_indicators.segmentation.augmentation import Augmentation

start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
settings = Augmentation(**params.augmentation)
save_figure(augmentation_figure(snakemake.input.patches, settings, params.seed, params.rgb), snakemake.output.figure)
