"""Draw the termini of all years on the latest image, and the retreat of every glacier by year."""

import geopandas as gpd

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.glacier.termini import termini_map, terminus_change
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
inputs, params = snakemake.input, snakemake.params
flowlines, termini = gpd.read_file(inputs.flowlines), gpd.read_file(inputs.termini)
title = f"Ice fronts of {snakemake.wildcards.site}, image of {params.latest_year}"
save_figure(termini_map(inputs.image, params.rgb, flowlines, termini, title), snakemake.output.map)
table, rates = (read_table(path, dtype={"glacier_id": str}) for path in (inputs.table, inputs.rates))
change = terminus_change(table, rates, params.reference_year, params.confidence)
save_figure(change, snakemake.output.change)
