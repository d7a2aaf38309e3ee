"""Find pairs of radar and optical scenes with close dates, and check whole scenes.

Reads the table of scenes, their rasters on the grid and the snow-free references; writes ``pairs.csv`` (one row per
pair with its season and snow wetness, the shift of its optical image, and the fit of its radar image to the reference
of its orbit) and ``scene_checks.csv`` (one row per scene and check with value, limit and decision).
"""

import pandas as pd

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.core.tables import read_table
from climate_indicators.snow.climate.snow_wetness import read_temperature, regime_of_dates
from climate_indicators.snow.scenes.checks import ORBIT_MIX, check_scenes, pair_values
from climate_indicators.snow.scenes.orbit_fit import orbit_warnings
from climate_indicators.snow.scenes.pairing import pair_scenes, scene_path
from climate_indicators.snow.scenes.table import OPTICAL, read_scenes

log = start_log(snakemake.log[0], snakemake.rule)
settings, inputs = snakemake.params.pairs, snakemake.input
scenes = read_scenes(inputs.scenes)
scenes["date"] = pd.to_datetime(scenes["date"])
folders = {"radar": inputs.radar, "optical": inputs.optical}
paths = {row.scene: scene_path(folders[row.sensor], row.year, row.scene) for row in scenes.itertuples()}
references = read_table(inputs.references, dtype={"orbit": str, "scenes": str})
with error_context(f"snow site '{snakemake.wildcards.site}'"):
    weather = read_temperature(inputs.weather[0], snakemake.params.columns) if inputs.get("weather") else None
    pairs, alone = pair_scenes(scenes, settings["max_days"])
total = 2 * len(scenes) - int((alone["sensor"] == OPTICAL).sum())
progress = Progress(log, total, "check of a scene").step
checks = check_scenes(scenes, alone, paths, references, inputs.reference, settings, progress)
pairs["regime"] = regime_of_dates(pairs["date"], weather, settings["wet_above_c"])
write_csv(pair_values(pairs, checks), snakemake.output.pairs)
write_csv(checks, snakemake.output.scene_checks)
rejected = checks[checks["rejected"]]
log.info("%d scenes: %d pairs, %d scenes without a pair", len(scenes), len(pairs), len(alone))
for message in orbit_warnings(checks[checks["check"] == ORBIT_MIX], references):
    log.warning("%s", message)
for row in rejected[rejected["check"] != "no_pair"].itertuples():
    log.info("%s: %s, %.3g (limit %.3g) %s", row.scene, row.check, row.value, row.limit, row.note)
