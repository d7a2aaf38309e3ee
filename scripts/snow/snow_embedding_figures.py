"""Pictures of the embeddings: both kinds on planes, retrieval with the learning curve, the test of the domain shift."""

from climate_indicators.figures.snow_embeddings import domain_shift_figure, plane_figure, retrieval_figure
from climate_indicators.figures.style import save_figure
from climate_indicators.logs import start_log
from climate_indicators.tables import read_table

log = start_log(snakemake.log[0], snakemake.rule)
site, output = snakemake.wildcards.site, snakemake.output
names = ("planes", "retrieval", "history", "domain_shift")
planes, retrieval, history, shift = (read_table(snakemake.input[name]) for name in names)
save_figure(plane_figure(planes, "tsne", site), output.tsne)
save_figure(plane_figure(planes, "pca", site), output.pca)
save_figure(retrieval_figure(retrieval, history, site), output.retrieval)
save_figure(domain_shift_figure(shift, site), output.domain_shift)
