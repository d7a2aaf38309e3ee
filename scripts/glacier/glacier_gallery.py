"""Draw test blocks: image, probability and map with outlines, for the year of the outlines and the last year."""

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.glacier.gallery import GalleryScene, example_blocks, gallery_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
inputs = snakemake.input
scenes = [
    GalleryScene(int(year), *files)
    for year, *files in zip(snakemake.params.years, inputs.scenes, inputs.probabilities, inputs.extents, strict=True)
]
blocks = example_blocks(read_table(inputs.blocks), 4 // len(scenes))
save_figure(gallery_figure(scenes, inputs.labels, blocks, snakemake.params.rgb), snakemake.output.figure)
