"""Compare coverage and trends of a synthetic ocean with the truth.

Writes ``coverage_check.csv`` (every zone, month and province under both scalers), ``truth_check.csv`` (see
`ocean.truth.truth_table`) and their figure. A quantity outside its limits gives a warning, unless this is expected.
"""

import pandas as pd

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.netcdf import read_fields
from climate_indicators.ocean.biomes.membership import cells_of_dataset
from climate_indicators.ocean.biomes.monthly_slopes import cell_fields, kept_slopes
from climate_indicators.ocean.biomes.sensitivity import true_sensitivity
from climate_indicators.ocean.indicators.coverage import month_names
from climate_indicators.ocean.indicators.zones import zone_masks, zone_titles
from climate_indicators.ocean.truth import (
    cell_areas_by_regime,
    coverage_check,
    regime_names,
    regimes_of_biomes,
    true_coverage,
    truth_series,
    truth_table,
)
from climate_indicators.ocean.truth_maps import map_rows, regime_pairs
from climate_indicators.plotting.style import save_figure
from climate_indicators.plotting.truth_checks import truth_figure
from climate_indicators.segmentation.model_files import read_card
from climate_indicators.stats.truth_checks import check_table, report_checks

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
known = read_fields(snakemake.input.cells)
cells = cells_of_dataset(known)
masks = zone_masks(params.zones, known.lat.values, known.lon.values, known.area_km2.values)
labels = read_fields(snakemake.input.biomes).label.values.ravel()
tables, progress = [], Progress(log, len(snakemake.input.truth), "part")
for path in snakemake.input.truth:
    regime = read_fields(path).regime
    names = regime_names(regime)
    tables.append(true_coverage(regime, cells, masks, names))
    if params.month in tables[-1].month.values:
        areas = cell_areas_by_regime(regime.sel(time=f"{params.month}-01"), cells)
        numbers = regimes_of_biomes(labels, areas)
        regime_of = {label: names[number] for label, number in numbers.items()}
    progress.step()
pairs = {}
for path, mapped in zip(snakemake.input.truth, snakemake.input.frozen, strict=True):
    for year, more in regime_pairs(read_fields(mapped).label, read_fields(path).regime, cells, numbers).items():
        pairs.setdefault(year, []).extend(more)
sensitivity = read_table(snakemake.input.sensitivity)
card = read_card(snakemake.input.model)
true = []
for path in snakemake.input.slopes:
    # one month of each season represents the year
    fields = read_fields(path)
    fields = fields.isel(time=fields.time.dt.month.isin([1, 4, 7, 10]))
    months = month_names(fields.time.values)
    true.append(true_sensitivity(kept_slopes(fields), cell_fields(fields), months, card["mean"], card["sd"]))
sensitivity = sensitivity.merge(pd.concat(true), on=["month", "driver"])
check = coverage_check(read_table(snakemake.input.coverage), pd.concat(tables), regime_of)
titles = zone_titles(params.zones)
of_maps = check_table(map_rows(pairs))
table = pd.concat([truth_table(check, sensitivity, titles, params.confidence), of_maps], ignore_index=True)
report_checks(table, log)
write_csv(check, snakemake.output.monthly)
write_csv(table, snakemake.output.check)
title, series = "Coverage recovered from simulated fields and the truth", truth_series(check, sensitivity, titles)
save_figure(truth_figure(table, title, params.confidence, series), snakemake.output.figure)
