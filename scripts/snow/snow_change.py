"""Compute the change of every radar scene of one year relative to the snow-free reference of its relative orbit.

Writes a folder with ``SCENE.tif`` (VV_change and VH_change, 0.01 dB).
"""

from pathlib import Path

from climate_indicators.core.atomic_files import atomic_path
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.snow.scenes.snow_free_reference import orbit_of, write_change

log = start_log(snakemake.log[0], snakemake.rule)
scenes = sorted(Path(snakemake.input.radar).glob("*.tif"))
progress = Progress(log, len(scenes), "scene")
with error_context(f"snow site '{snakemake.wildcards.site}'"):
    with atomic_path(snakemake.output.folder) as folder:
        folder.mkdir()
        for scene in scenes:
            write_change(folder / scene.name, scene, Path(snakemake.input.reference) / f"o{orbit_of(scene)}.tif")
            progress.step()
