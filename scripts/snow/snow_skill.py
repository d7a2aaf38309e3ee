"""Compare all models on the same triplets: by triplet, by season, by wet and dry snow, and on the test triplets.

Writes ``triplet_metrics.csv`` (one row per model and triplet), ``season_metrics.csv`` (one row per model, type of
held-out data, season and averaging), ``benchmark.csv`` (one row per model), ``benchmark_notes.csv`` (conclusions as
sentences) and the figure.
"""

from climate_indicators.core.atomic_files import read_json, write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.snow.benchmark import snow_benchmark_figure
from climate_indicators.plotting.style import save_figure
from climate_indicators.snow.triplets.benchmark import benchmark_notes, benchmark_table, benchmark_warnings, sam_weights
from climate_indicators.snow.triplets.skill import chosen_edges, season_metrics, triplet_metrics
from climate_indicators.stats.score_histograms import read_scores

log = start_log(snakemake.log[0], snakemake.rule)
scores = {name: score for path in snakemake.input.by_triplet for name, score in read_scores(path).items()}
triplets = read_table(snakemake.input.triplets, dtype={"orbit": str})
edges = chosen_edges(scores, read_json(snakemake.input.calibration), read_table(snakemake.input.metrics))
metrics = triplet_metrics(scores, edges, triplets)
weights = ", ".join(sam_weights(read_table(path)) for path in snakemake.input.sam_runs)
table = benchmark_table(metrics, weights)
notes = benchmark_notes(metrics, table)
for row in notes.itertuples():
    log.info("%s: %s", row.statement, row.evidence)
for message in benchmark_warnings(metrics, table):
    log.warning("snow site '%s': %s", snakemake.wildcards.site, message)
write_csv(metrics, snakemake.output.by_triplet)
write_csv(season_metrics(metrics), snakemake.output.seasons)
write_csv(table, snakemake.output.benchmark)
write_csv(notes, snakemake.output.notes)
save_figure(snow_benchmark_figure(table, snakemake.wildcards.site), snakemake.output.figure)
