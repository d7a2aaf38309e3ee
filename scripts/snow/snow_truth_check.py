"""Snow cover, warming, regressions and curation of a simulated site beside the truth.

Reads the tables of the study and the simulation's truth; writes ``truth_check.csv``: ``quantity, unit, truth,
estimate, lower, upper, within``, and its figure.
"""

from pathlib import Path

from climate_indicators.figures.snow_truth import snow_truth_figure
from climate_indicators.figures.style import save_figure
from climate_indicators.files import read_json, write_csv
from climate_indicators.logs import start_log
from climate_indicators.snow.truth import SERIES, Truth, compare_cover, error_interval, series_of, truth_table
from climate_indicators.tables import read_table

log = start_log(snakemake.log[0], snakemake.rule)
params, folder = snakemake.params, Path(snakemake.input.truth)
truth = Truth(
    read_table(folder / "cover.csv"),
    read_table(folder / "defects.csv", dtype=str),
    read_json(folder / "planted.json"),
)
names = ("radar_cover", "snow_weather", "trends", "regressions", "curation", "triplets", "seasons")
tables = {name: read_table(snakemake.input[name], dtype={"radar": str, "optical": str}) for name in names}
compared = compare_cover(read_table(snakemake.input.cover, dtype={"orbit": str}), truth)
errors = {
    name: error_interval(series_of(compared, name), params.confidence, params.seed)
    for name in SERIES
    if len(series_of(compared, name))
}
for name, (value, low, high) in errors.items():
    log.info("%s: mean error %.4f (%.4f to %.4f)", SERIES[name], value, low, high)
seasons = tables.pop("seasons")
table = truth_table(compared, *tables.values(), truth)
for row in table.itertuples():
    note = "" if row.within else ", outside its interval"
    log.info("%s: %.4g, truth %.4g %s%s", row.quantity, row.estimate, row.truth, row.unit, note)
write_csv(table, snakemake.output.table)
figure = snow_truth_figure(table, compared, errors, seasons, snakemake.wildcards.site, params.confidence)
save_figure(figure, snakemake.output.figure)
