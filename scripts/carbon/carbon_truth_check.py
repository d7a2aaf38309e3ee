"""Recovered total carbon, trend, season, disturbance and forecast of a simulated site beside the truth.

Reads the estimates with their totals, the trend table, the forecast and the simulation's truth; writes
``truth_check.csv``: ``quantity, unit, truth, estimate, lower, upper, within``, and its figure.
"""

from pathlib import Path

from climate_indicators.carbon.truth import Truth, truth_table
from climate_indicators.figures.carbon_truth import carbon_truth_figure
from climate_indicators.figures.style import save_figure
from climate_indicators.files import read_json, write_csv
from climate_indicators.logs import start_log
from climate_indicators.tables import read_table

log = start_log(snakemake.log[0], snakemake.rule)
folder, confidence = Path(snakemake.input.truth), snakemake.params.confidence
estimates, totals, trends, forecast, skill, held_out = (
    read_table(snakemake.input[name]) for name in ("estimates", "total", "trend", "forecast", "skill", "held_out")
)
truth = Truth(read_table(folder / "images.csv"), read_table(folder / "series.csv"), read_json(folder / "planted.json"))
table = truth_table(estimates, totals, trends, forecast, held_out, truth, confidence)
for row in table.itertuples():
    note = "" if row.within else ", outside its interval"
    log.info("%s: %.4g, truth %.4g %s%s", row.quantity, row.estimate, row.truth, row.unit, note)
log.info("%s", skill["verdict"].iloc[0])
write_csv(table, snakemake.output.table)
figure = carbon_truth_figure(table, estimates, forecast, truth, snakemake.wildcards.site, confidence)
save_figure(figure, snakemake.output.figure)
