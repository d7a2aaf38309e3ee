"""Define the biomes of the reference month: Ward tree of standardized slopes, all cuts, the chosen cut, the names.

Writes ``linkage.nc`` (the tree, the map positions of its cells, the cut), ``cuts.csv`` (every cut with its scores),
``biomes.nc`` (the map of labels) and ``biomes.csv`` (one row per biome).
"""

import numpy as np
import xarray as xr

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import InputError
from climate_indicators.core.log import start_log
from climate_indicators.geo.netcdf import read_fields, write_fields
from climate_indicators.ocean.biomes.criteria import cut_table
from climate_indicators.ocean.biomes.cuts import consolidate
from climate_indicators.ocean.biomes.labels import label_attributes, names_and_colors, on_map
from climate_indicators.ocean.biomes.monthly_slopes import cell_fields, kept_slopes
from climate_indicators.ocean.biomes.naming import apply_names, biome_table
from climate_indicators.ocean.biomes.ward import linkage_dataset, standardize, ward

MIN_CELLS = 30

log = start_log(snakemake.log[0], snakemake.rule)
params, settings = snakemake.params, snakemake.params.settings
fields = read_fields(snakemake.input.slopes[0]).sel(time=[f"{params.month}-01"])
known = read_fields(snakemake.input.cells)
slopes = kept_slopes(fields)[0]
kept = np.flatnonzero(np.isfinite(slopes).all(axis=1))
if not fields.data_share.sum() > 0:
    raise InputError(
        f"ocean site '{snakemake.wildcards.site}': the files have no data in the reference month {params.month}, in "
        "which the biomes are defined (`missing_months` in inputs.csv). Choose another reference_month."
    )
if len(kept) < MIN_CELLS:
    raise InputError(
        f"ocean site '{snakemake.wildcards.site}': {len(kept)} cells of the reference month {params.month} have valid "
        f"slopes; biomes need {MIN_CELLS}. The reasons are in `status` of {snakemake.input.slopes[0]}; larger "
        "cells (ocean.cells.size) contain more points."
    )
z, _, _ = standardize(slopes[kept])
tree = ward(z)
mode, grid = settings["mode"], settings[settings["mode"]]
names = {"published": ("delta_dist", "delta_var"), "density": ("max_density_ratio", "compactness")}[mode]
table, cut = cut_table(
    tree,
    mode,
    {name: grid[name] for name in names},
    criterion=settings["criterion"],
    min_share=settings["density"]["min_share"],
    scale_by_cells=settings["published"]["scale"],
    bootstraps=settings["bootstraps"],
    seed=params.seed,
)
labels = consolidate(z, cut.labels) if mode == "density" and grid["consolidate"] else cut.labels
moved = int((labels != cut.labels).sum())
log.info("%d biomes of %d cells; %d moved to the nearest mean", cut.k, len(kept), moved)
if moved > len(kept) / 3:
    log.warning(
        "%d of %d cells were moved to the nearest mean, so the means define the biomes and not the tree. With "
        "ocean.biomes.density.consolidate: false, the tree defines them.",
        moved,
        len(kept),
    )

if cut.k == 1:
    log.warning(
        "no density minimum separates the slopes of %s: they form one biome, and nothing can be tracked. To divide "
        "a continuum into compact parts, set ocean.biomes.density.max_density_ratio to 1.0.",
        params.month,
    )

area = known.area_km2.values
latitude = np.repeat(known.lat.values, area.shape[1])
means = {name: values[0].ravel()[kept] for name, values in cell_fields(fields).items()}
biomes = biome_table(labels, z, slopes[kept], latitude[kept], area.ravel()[kept], means)
biomes = apply_names(biomes, {entry["label"]: entry["name"] for entry in params.names})
given, _ = names_and_colors(biomes)
maps = xr.Dataset(
    {
        "label": (("lat", "lon"), on_map(labels, kept, area), label_attributes(given)),
        "lat_bnds": (("lat", "bounds"), known.lat_bnds.values),
        "lon_bnds": (("lon", "bounds"), known.lon_bnds.values),
    },
    {"lat": known.lat, "lon": known.lon},
    {"title": f"Carbon biomes of {params.month}"},
)
linkage = linkage_dataset(tree).assign(
    place=("cell", kept.astype("int32"), {"long_name": "position of the cell in the flattened map"}),
    node=("piece", cut.nodes.astype("int64"), {"long_name": "node of the tree that the cut does not split"}),
    node_label=("piece", cut.node_labels.astype("int16"), {"long_name": "biome of the node"}),
)
write_csv(table, snakemake.output.cuts)
write_csv(biomes, snakemake.output.table)
write_fields(maps, snakemake.output.biomes)
write_fields(linkage, snakemake.output.linkage)
