"""Compute the snow-free reference of every relative orbit: the pixel-wise median of scenes in snow-free months.

Writes a folder with ``oORBIT.tif`` and the table ``orbit, n_scenes, first, last, scenes``.
"""

from pathlib import Path

from climate_indicators.core.atomic_files import atomic_path, write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.snow.scenes.snow_free_reference import choose_references, write_reference
from climate_indicators.snow.scenes.table import RADAR, read_scenes

log = start_log(snakemake.log[0], snakemake.rule)
settings, years = snakemake.params.reference, {Path(folder).name: Path(folder) for folder in snakemake.input.radar}
scenes = read_scenes(snakemake.input.scenes, RADAR)
with error_context(f"snow site '{snakemake.wildcards.site}'"):
    table = choose_references(scenes, settings["reference_months"], settings["reference_scenes"])
    with atomic_path(snakemake.output.folder) as folder:
        folder.mkdir()
        for row in table.itertuples():
            paths = [years[scene[:4]] / f"{scene}.tif" for scene in row.scenes.split()]
            write_reference(folder / f"o{row.orbit}.tif", paths, row.orbit)
            log.info("relative orbit %s: %d scenes, %s to %s", row.orbit, row.n_scenes, row.first, row.last)
            if row.n_scenes == 1:
                # a change of 0 everywhere identifies the scene but contains no information about snow
                log.warning("%s is the only scene of its reference, so its change is 0 everywhere", row.scenes)
write_csv(table, snakemake.output.table)
