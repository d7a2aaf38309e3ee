"""Simulate a snow site: radar and optical scenes of several years with their table, daily weather, area and truth.

The truth folder contains ``snow/`` (classes at the date of every scene), ``land.tif``, ``elevation.tif``,
``cover.csv``, ``defects.csv`` and ``planted.json``.
"""

from contextlib import ExitStack

from climate_indicators.core.atomic_files import atomic_path, write_csv
from climate_indicators.core.log import start_log
from climate_indicators.synthetic.snow.site import Folders, SyntheticSnowSite, write_area, write_scenes

log = start_log(snakemake.log[0], snakemake.rule)
output = snakemake.output
site = SyntheticSnowSite(snakemake.params.site)
with ExitStack() as stack:
    paths = (output.radar, output.optical, output.clouds, output.truth)
    folders = Folders(*(stack.enter_context(atomic_path(path)) for path in paths))
    for folder in (folders.radar, folders.optical, folders.clouds, folders.truth):
        folder.mkdir(parents=True)
    write_scenes(site, folders, log)
write_csv(site.scene_table(), output.scenes)
write_csv(site.weather, output.weather)
write_area(site.area_of_interest, output.aoi)
