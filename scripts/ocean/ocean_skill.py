"""Draw the confusion and reliability of the network, and its skill compared with simple methods."""

from climate_indicators.core.atomic_files import read_json
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.ocean.biomes.labels import names_and_colors
from climate_indicators.plotting.ocean.classifier import classifier_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
tables = [read_table(snakemake.input[name]) for name in ("metrics", "confusion", "reliability")]
names, _ = names_and_colors(read_table(snakemake.input.table))
sentence = read_json(snakemake.input.verdict)["sentence"]
save_figure(classifier_figure(*tables, names, sentence), snakemake.output.figure)
