"""Activation maps of CLIP, DINOv2 or DeepLabV3 for optical and radar images of the same places, at several depths."""

import h5py
import numpy as np

from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.plotting.snow.activation_maps import activation_figure, paired
from climate_indicators.plotting.style import save_figure
from climate_indicators.segmentation.backend import make_deterministic, use_threads
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES
from climate_indicators.snow.foundation_models.features import activation_maps
from climate_indicators.snow.foundation_models.loading import open_foundation
from climate_indicators.snow.foundation_models.model_inputs import (
    POLARIZATIONS,
    color_picture,
    sample_picture,
    spread_of_snow,
)
from climate_indicators.snow.foundation_models.presets import NAMES, weights_title

log = start_log(snakemake.log[0], snakemake.rule)
kind = snakemake.wildcards.model
use_threads(snakemake.threads)
make_deterministic()
with h5py.File(snakemake.input.patches) as store:
    places = spread_of_snow(store, SPLIT_VALUES["test"], snakemake.params.examples)
    names = [store["name"].asstr()[place] for place in places]
    pairs = [[color_picture(store["rgb"][place]), sample_picture(store, place, POLARIZATIONS)] for place in places]
pictures = np.concatenate(pairs)
with error_context(f"snow site '{snakemake.wildcards.site}'"):
    foundation = open_foundation(snakemake.input.model, kind)
examples = paired(names, pictures, activation_maps(foundation, pictures))
title = weights_title(foundation.card)
save_figure(activation_figure(NAMES[kind], title, examples, POLARIZATIONS), snakemake.output.figure)
log.info("%s (%s) at %d px, %d examples", NAMES[kind], title, foundation.size_px, len(examples))
