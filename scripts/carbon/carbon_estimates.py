"""Estimate vegetation area, biomass, carbon and CO2 of every image and in total, with intervals.

Reads the vegetation of every image, the table of images and the metrics of the held-out images; writes ``CO2_seq.csv``
(one row per image: CO2 in kg, vegetation area in m², date, and the intervals) and ``carbon_total.csv``.
"""

from climate_indicators.carbon.estimation.estimates import estimate
from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
vegetation = read_table(snakemake.input.vegetation, dtype={"image": str})
images = read_table(snakemake.input.images, dtype={"image": str, "place": str, "date": str})
estimates = estimate(
    vegetation, images, read_table(snakemake.input.held_out), params.factors, params.pixel_area_m2, params.target,
    params.draws, params.confidence, params.seed, snakemake.wildcards.site,
)  # fmt: skip
little = int((estimates.images["carbon_kg"].notna() & estimates.images["carbon_whole_kg"].isna()).sum())
if little:
    log.warning("%d of %d images show less than half of their place: excluded from totals and months", little,
                len(estimates.images))  # fmt: skip
for row in estimates.totals.groupby("part", sort=False).head(1).itertuples():
    log.info(
        "%s, %s, %d images of %d places: carbon %.4g t (%.4g to %.4g)",
        row.part, row.date, row.n_images, row.n_places, row.carbon_kg / 1000, row.carbon_kg_lower / 1000,
        row.carbon_kg_upper / 1000,
    )  # fmt: skip
write_csv(estimates.images, snakemake.output.table)
write_csv(estimates.totals, snakemake.output.total)
