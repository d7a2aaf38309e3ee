"""Map snow in all radar scenes of a year, window by window, in bounded memory.

Writes for each scene its calibrated probability and its extent, and ``{year}.csv``: ``scene, date, orbit,
snow_share``.
"""

from climate_indicators.core.atomic_files import atomic_path, read_json, write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.segmentation.inference import open_engine, with_test_time_augmentation
from climate_indicators.segmentation.model_files import read_card
from climate_indicators.segmentation.tiled_prediction import Windows, count_windows
from climate_indicators.snow.triplets.maps import SnowModel, map_scene, maps_table, scene_files

log = start_log(snakemake.log[0], snakemake.rule)
settings, model = snakemake.params.prediction, snakemake.input.model
card = read_card(model)
engine = open_engine(model, settings["engine"], settings["precision"], snakemake.threads)
turns = "8" if settings["test_time_augmentation"] else "1"
tags = {"ENGINE": engine.name, "PRECISION": engine.precision, "TEST_TIME_AUGMENTATION": turns,
        "MODEL_PATCHES_SHA256": card["patches_sha256"]}  # fmt: skip
if settings["test_time_augmentation"]:
    engine = with_test_time_augmentation(engine)
windows = Windows.from_settings(settings, card["network"]["depth"])
calibration = read_json(snakemake.input.calibration)
network = SnowModel(engine, card["bands"], card["scaling"]["mean"], calibration, windows, tags)
with error_context(f"snow site '{snakemake.wildcards.site}'"):
    scenes, rows = scene_files(snakemake.input.radar, snakemake.input.change), []
    total = 0
    if scenes:
        with RasterStack(next(iter(scenes.values()))) as stack:
            total = len(scenes) * count_windows(stack.grid.shape, windows)
    progress = Progress(log, total, "window").step
    with atomic_path(snakemake.output.folder) as folder:
        folder.mkdir()
        for scene, paths in scenes.items():
            rows.append(map_scene(network, scene, paths, folder, progress))
            log.info("%s: %.2f %% of the valid pixels are snow", scene, 100 * rows[-1]["snow_share"])
write_csv(maps_table(rows), snakemake.output.table)
