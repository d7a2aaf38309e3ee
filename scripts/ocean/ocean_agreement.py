"""Compare the biomes with other groupings of the same slopes: other cut, fixed number, mixture, HDBSCAN.

Writes ``agreement.csv``: ``method, k, share_labeled, ami_with_biomes`` and, for synthetic data, ``ami_with_truth``.
"""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.geo.netcdf import read_fields
from climate_indicators.ocean.biomes.alternatives import agreement_table, fixed_cut, gaussian_mixture, hdbscan
from climate_indicators.ocean.biomes.criteria import PARAMETERS, cut_table
from climate_indicators.ocean.biomes.membership import cells_of_dataset
from climate_indicators.ocean.biomes.ward import labels_from_nodes, tree_from_dataset
from climate_indicators.ocean.truth import cell_regimes

log = start_log(snakemake.log[0], snakemake.rule)
params, settings = snakemake.params, snakemake.params.settings
linkage, known = read_fields(snakemake.input.linkage), read_fields(snakemake.input.cells)
tree, place = tree_from_dataset(linkage), linkage.place.values
biomes = read_fields(snakemake.input.biomes).label.values.ravel()[place]
area = known.area_km2.values.ravel()[place]
other = next(mode for mode in PARAMETERS if mode != settings["mode"])
grid = {name: settings[other][name] for name in PARAMETERS[other]}
shares = {"min_share": settings["density"]["min_share"], "scale_by_cells": settings["published"]["scale"]}
_, other_cut = cut_table(tree, other, grid, criterion="silhouette", bootstraps=0, seed=params.seed, **shares)
labelings = {
    "biomes": biomes,
    f"{settings['mode']} cut, as the tree has it": labels_from_nodes(
        tree, linkage.node.values, linkage.node_label.values
    ),
    f"{other} cut": other_cut.labels,
    f"tree cut into {biomes.max()}": fixed_cut(tree, int(biomes.max())),
    "Gaussian mixture, lowest BIC": gaussian_mixture(tree.values, seed=params.seed),
    "HDBSCAN": hdbscan(tree.values, settings["density"]["min_share"], seed=params.seed),
}
truth = None
if snakemake.input.truth:
    regime = read_fields(snakemake.input.truth[0]).sel(time=f"{params.month}-01").regime
    truth = cell_regimes(regime, cells_of_dataset(known))[place]
table = agreement_table(labelings, biomes, area, truth)
for row in table.itertuples():
    log.info("%s: %d groups, AMI with the biomes %.3f", row.method, row.k, row.ami_with_biomes)
write_csv(table, snakemake.output.agreement)
