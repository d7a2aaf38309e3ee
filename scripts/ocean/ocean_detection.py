"""Draw the choice of biomes: map, tree with its cut, scores of all cuts, and slopes of each biome."""

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.netcdf import read_fields
from climate_indicators.ocean.biomes.labels import names_and_colors
from climate_indicators.ocean.biomes.ward import tree_from_dataset
from climate_indicators.plotting.ocean.biome_maps import biome_map_figure
from climate_indicators.plotting.ocean.biome_profile import biome_profile_figure
from climate_indicators.plotting.ocean.cut_grid import cut_grid_figure
from climate_indicators.plotting.ocean.dendrogram import dendrogram_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
params, site = snakemake.params, snakemake.wildcards.site
biomes, cuts = read_table(snakemake.input.table), read_table(snakemake.input.cuts)
names, colors = names_and_colors(biomes)
linkage = read_fields(snakemake.input.linkage)
labels = read_fields(snakemake.input.biomes).label.values
title, text = (
    f"Carbon biomes, {site}, {params.month}",
    "Regions where fCO₂ responds similarly to temperature, carbon and alkalinity",
)
figure = biome_map_figure(read_fields(snakemake.input.cells), labels, names, colors, title, text)
save_figure(figure, snakemake.output.map)
nodes, node_labels = linkage.node.values, linkage.node_label.values
figure = dendrogram_figure(tree_from_dataset(linkage), nodes, node_labels, colors, names, site=site)
save_figure(figure, snakemake.output.dendrogram)
save_figure(cut_grid_figure(cuts, params.mode, params.criterion, site), snakemake.output.grid)
save_figure(biome_profile_figure(biomes, site=site), snakemake.output.profile)
