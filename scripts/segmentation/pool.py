"""Join training and validation patches of several sites in one file, for one network.

Reads ``patches.h5`` of the sites and their grids, if any; writes ``patches.h5`` and ``pool.csv``, one row per site:
``site, train_patches, train_used, validation_patches, validation_used``.
"""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.geo.grid import Grid
from climate_indicators.segmentation.pooling import overlapping, pool_patches

SHOWN = 5

log = start_log(snakemake.log[0], snakemake.rule)
params, study = snakemake.params, snakemake.wildcards.study
places = zip(params.places, snakemake.input.grids, strict=True)
pairs = overlapping({site: Grid.read(path) for site, path in places})
for one, other in pairs[:SHOWN]:
    log.warning(
        "%s sites '%s' and '%s' overlap: held-out pixels of one site may be training pixels of the other",
        study,
        one,
        other,
    )
if len(pairs) > SHOWN:
    log.warning("and %d more pairs of sites overlap; their skill is overestimated", len(pairs) - SHOWN)
sources = dict(zip(params.sites, snakemake.input.patches, strict=True))
with error_context(f"{study} study, one network for {len(sources)} sites"):
    progress = Progress(log, len(sources), "site").step
    table = pool_patches(snakemake.output.patches, sources, params.limit, params.seed, progress)
log.info("%d training and %d validation patches", table.train_used.sum(), table.validation_used.sum())
write_csv(table, snakemake.output.table)
