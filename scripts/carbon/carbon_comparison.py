"""Compare estimated and measured carbon of images.

Reads the estimates, the table of images and the measured carbon of images; writes ``carbon_comparison.csv`` (one row
per measured image), ``comparison_skill.csv`` (bias, root mean square error, R² about the 1:1 line, concordance,
coverage of the intervals; for all and for test images) and a figure.
"""

from climate_indicators.carbon.series.comparison import compare, comparison_skill
from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.carbon.comparison import carbon_comparison_figure
from climate_indicators.plotting.style import save_figure

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
as_text = {"dtype": {"image": str, "image_path": str, "date": str}}
truth = read_table(snakemake.input.truth, **as_text)
table = compare(read_table(snakemake.input.estimates, **as_text), truth)
skill = comparison_skill(
    table, read_table(snakemake.input.images, **as_text), len(truth), params.confidence, params.seed
)
log.info("%d measured images compared, %d rows excluded", len(table), len(truth) - len(table))
for row in skill.itertuples():
    log.info("%s: bias %.4g kg, RMSE %.4g kg, R² %.3f", row.part, row.bias_kg, row.rmse_kg, row.r2)
write_csv(table, snakemake.output.table)
write_csv(skill, snakemake.output.skill)
figure = carbon_comparison_figure(table, skill, snakemake.wildcards.site, params.confidence)
save_figure(figure, snakemake.output.figure)
