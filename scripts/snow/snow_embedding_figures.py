"""Draw projections of the embeddings, retrieval with the learning curve, and the domain-shift test."""

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.snow.embeddings import domain_shift_figure, plane_figure, retrieval_figure
from climate_indicators.plotting.style import save_figure

log = start_log(snakemake.log[0], snakemake.rule)
site, output = snakemake.wildcards.site, snakemake.output
names = ("planes", "retrieval", "history", "domain_shift")
planes, retrieval, history, shift = (read_table(snakemake.input[name]) for name in names)
save_figure(plane_figure(planes, "tsne", site), output.tsne)
save_figure(plane_figure(planes, "pca", site), output.pca)
save_figure(retrieval_figure(retrieval, history, site), output.retrieval)
save_figure(domain_shift_figure(shift, site), output.domain_shift)
