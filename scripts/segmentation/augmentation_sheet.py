"""Contact sheet of training patches under each change of the augmentation alone and under all of them together."""

from climate_indicators.augmentation import Augmentation
from climate_indicators.figures.augmentation_sheet import augmentation_figure
from climate_indicators.figures.style import save_figure
from climate_indicators.logs import start_log

start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
settings = Augmentation(**params.augmentation)
save_figure(augmentation_figure(snakemake.input.patches, settings, params.seed, params.rgb), snakemake.output.figure)
