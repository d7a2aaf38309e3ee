"""Middle latitudes: subtropical against subpolar biomes, and thermal against chemical effects on fCO2."""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.geo.netcdf import read_fields
from climate_indicators.ocean.biomes.monthly_slopes import FEATURES, cell_fields, kept_slopes
from climate_indicators.ocean.indicators.midlatitude_balance import MidlatitudeBalance
from climate_indicators.plotting.ocean.midlatitude_balance import midlatitude_balance_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
bands = snakemake.params.bands
known = read_fields(snakemake.input.cells)
families = read_table(snakemake.input.table).set_index("label").family.to_dict()
found = MidlatitudeBalance(families, known.area_km2.values, known.lat.values, bands)
for slopes_path, labels_path in zip(snakemake.input.slopes, snakemake.input.labels, strict=True):
    fields, labels = read_fields(slopes_path), read_fields(labels_path).label
    slopes = kept_slopes(fields).reshape(*labels.shape, len(FEATURES))
    by_name = {name: slopes[..., place] for place, name in enumerate(FEATURES)}
    found.add(labels.values, by_name, cell_fields(fields), labels.time.values)
table = found.table()
write_csv(table, snakemake.output.midlatitude_balance)
titles = {band["name"]: band["title"] for band in bands}
save_figure(midlatitude_balance_figure(table, titles, snakemake.wildcards.site), snakemake.output.figure)
