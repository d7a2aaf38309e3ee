"""Check the inputs of a glacier site; writes ``level, input, message``, one row per file, scene or setting.

Problems do not stop this job; `check` reports those of all sites together.
"""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.geo.mosaic import SceneInputs
from climate_indicators.geo.rasters.radiometry import Radiometry, SceneOffset
from climate_indicators.glacier.site_check import GlacierSite, check_glacier_site, findings_table

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
scenes = {
    scene["name"]: SceneInputs(
        scene["tiles"],
        params.site["bands"],
        params.site["band_names"],
        scene["cloud_mask"],
        Radiometry(**params.site["radiometry"]),
        SceneOffset(scene["date"], scene["offset_dn"], scene["processing_baseline"], scene["boa_offset_applied"]),
    )
    for scene in params.scenes
}
inputs = GlacierSite(
    scenes=scenes,
    **params.inputs,
    patches=params.patches,
    split_seed=params.split_seed,
    patch_multiple=params.patch_multiple,
    min_valid_fraction=params.min_valid_fraction,
)
write_csv(findings_table(check_glacier_site(inputs, lambda name: log.info("%s", name))), snakemake.output.table)
