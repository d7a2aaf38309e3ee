"""Check measured carbon before training, and match each row of the user's CSV with its image.

Writes ``measurements.csv``: ``row`` of the CSV, ``image`` as in the table of images, ``truth_kg``.
"""

from climate_indicators.carbon.images.matching import match_images
from climate_indicators.carbon.series.comparison import read_ground_truth
from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table

log = start_log(snakemake.log[0], snakemake.rule)
columns = {key: snakemake.params.ground_truth[key] for key in ("image", "carbon", "unit")}
with error_context(f"carbon site '{snakemake.wildcards.site}'"):
    truth = read_ground_truth(snakemake.input.truth, **columns)
    tables = [read_table(path, dtype={"image": str}) for path in (snakemake.input.images, snakemake.input.rejected)]
    names = [name for table in tables for name in table.image]
    truth["image"] = match_images(truth, names, f"ground truth {snakemake.input.truth}")
log.info("%d rows, %d of them with a measurement", len(truth), truth.truth_kg.notna().sum())
write_csv(truth, snakemake.output.table)
