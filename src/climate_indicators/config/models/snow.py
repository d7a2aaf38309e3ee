"""Keys and rules of the snow study."""

from collections.abc import Iterator
from typing import Literal

from climate_indicators.config.models.base import (
    Count,
    Fraction,
    Group,
    Probability,
    Study,
    Text,
    either,
    group,
    list_of,
    number,
    sites_of,
    text,
    whole,
)
from climate_indicators.config.models.segmentation import (
    Baselines,
    Network,
    NoneText,
    Prediction,
    Splits,
    UNetTraining,
    pool_problems,
)
from climate_indicators.config.models.snow_site import SnowSite

WeatherVariable = Literal[
    "temperature_2m_max",
    "temperature_2m_min",
    "temperature_2m_mean",
    "precipitation_sum",
    "rain_sum",
    "snowfall_sum",
    "relative_humidity_2m_mean",
    "relative_humidity_2m_max",
    "relative_humidity_2m_min",
    "wind_speed_10m_max",
    "shortwave_radiation_sum",
]


class Radar(Group):
    """Preparation of radar scenes."""

    unit: Literal["auto", "db", "linear", "amplitude"] = "auto"
    """Unit of radar files: `linear` is power, `amplitude` its square root. `auto` takes the unit that the file
    declares; else dB if the median of VH is negative, power if the numbers can hardly be amplitude, and refuses other
    files. Scale and offset of the file are applied first. Scenes of `archive` are always power."""
    nodata: either(number=number(example=-9999), text=NoneText) | None = None
    """Value of missing pixels, in addition to the one that the files declare. `none`: all other pixels are valid. null
    refuses files in which one conspicuous number fills more than 1 % of the pixels."""
    filter: Literal["none", "lee", "mean"] = "lee"
    """Speckle filter, applied to linear power."""
    filter_px: whole(ge=3, le=1001, unit="px") = 3
    """Width of the filter window, an odd number."""
    reference_months: list_of(whole(ge=1, le=12), distinct=True, min_length=1) = [7, 8, 9]
    """Months without snow. The median of their scenes, per orbit, is the reference for change in backscatter."""
    reference_scenes: whole(ge=1, le=10000) = 1
    """Minimum number of scenes for the reference of an orbit."""


class Masks(Group):
    """Rule for snow in optical images."""

    rule: Literal["ndsi", "ndsi_nir", "ndfsi", "ndsi_nir_or_ndfsi"] = "ndsi_nir"
    """Indices used. `ndsi_nir` also requires a bright near infrared; `ndsi_nir_or_ndfsi` adds snow under trees."""
    ndsi: number(ge=-1, le=1) = 0.4
    """Snow has a higher NDSI, (B03 − B11) / (B03 + B11)."""
    nir: Fraction = 0.11
    """Snow has a higher reflectance in B08."""
    ndfsi: number(ge=-1, le=1) = 0.4
    """Snow has a higher NDFSI, (B08 − B11) / (B08 + B11)."""


class Pairs(Group):
    """Matching of radar and optical scenes."""

    max_days: whole(ge=0, le=3660, unit="days") = 3
    """Maximum number of days between the two."""
    wet_above_c: number(ge=-100, le=100, unit="°C") = 5
    """Snow is classified as wet if the mean of the daily maximum temperatures of three days reaches this."""
    max_shift_px: number(gt=0, le=1000, unit="px") = 2
    """Optical scenes with a larger shift relative to the others are rejected."""
    min_orbit_correlation: number(ge=-1, le=1) = 0.3
    """Radar scenes with a lower correlation with the reference of their orbit are rejected."""


class Triplets(Splits):
    """Triplets of radar image, color image and snow mask."""

    size_px: whole(ge=16, le=8192, unit="px") = 256
    """Width and height of a triplet; a multiple of 2**network.depth."""
    gap_px: whole(ge=0, le=100000, unit="px") = 16
    """Unused pixels between triplets."""
    max_missing: Fraction = 0.1
    """Maximum fraction of a triplet without radar."""
    max_cloud: Fraction = 0.3
    """Maximum fraction of a triplet without a known mask."""
    min_snow: Fraction = 0.02
    """Triplets with a smaller fraction of snow are rejected."""
    max_snow: Fraction = 0.98
    """Triplets with a larger fraction of snow are rejected."""
    keep_uniform: Fraction = 0.1
    """Fraction of the triplets outside these two limits that is used anyway, for bare ground and full cover."""

    def problems(self, path: str, network: Network) -> Iterator[str]:
        """Sizes and limits that do not go together."""
        yield from network.multiple_problems(f"{path}.size_px", self.size_px)
        yield from self.share_problems(path)
        if self.min_snow >= self.max_snow:
            yield (
                f"{path}.min_snow: found {self.min_snow:g}, not less than max_snow ({self.max_snow:g}); no triplet "
                "could be used."
            )


class SnowBaselines(Baselines):
    """Simple methods that the network is compared with on the same triplets."""

    wet_snow_db: number(ge=-100, lt=0, unit="dB") = -2.5
    """Wet snow is mapped where the change in backscatter from the reference is at most this."""


class Foundation(Group):
    """Third-party models, by keras-hub: `demo` (small, untrained), a preset's name, or a folder (path with a slash)."""

    sam: text(min_length=1, example="sam_base_sa1b") | None = None
    """Segment Anything, compared with the U-Net. null: not used."""
    clip: text(min_length=1, example="clip_vit_base_patch32") | None = None
    """CLIP, for activation maps. null: not used."""
    dinov2: text(min_length=1, example="dinov2_small") | None = None
    """DINOv2, for activation maps. null: not used."""
    deeplab: text(min_length=1, example="deeplab_v3_plus_resnet50_pascalvoc") | None = None
    """DeepLabV3, for activation maps. null: not used."""
    points: Count = 10
    """Number of prompt points on snow, and off snow, for Segment Anything."""
    picture: list_of(Text, min_length=3, max_length=3) = ["VV", "VH", "VV_change"]
    """Input shown as red, green and blue: bands, or differences of two such as `VV-VH`."""
    foreground_db: number(ge=-100, le=100, unit="dB") = -2
    """Prompt points on snow from radar are placed where the change in backscatter is at most this."""
    background_db: number(ge=-100, le=100, unit="dB") = -1
    """Prompt points off snow are placed where the change in backscatter is at least this."""
    smooth_px: whole(ge=1, le=1001, unit="px") = 5
    """Width of the window over which the change is averaged first, an odd number."""
    examples: whole(ge=1, le=1000) = 3
    """Number of triplets in the activation maps."""


class Embeddings(Group):
    """Contrastive encoders of radar and color images."""

    dimensions: whole(ge=2, le=65536) = 64
    """Length of an embedding."""
    width: whole(ge=1, le=4096) = 32
    """Filters of the first convolution."""
    epochs: Count = 30
    """Maximum number of passes over the training pairs."""
    batch_size: whole(ge=2, le=65536) = 64
    """Pairs per step; each pair is contrasted with all others of the step."""
    learning_rate: number(gt=0, le=100) = 0.001
    """Learning rate of the Adam optimizer."""
    patience: Count = 8
    """Training stops after this many epochs without a better validation loss."""


class Cover(Group):
    """Snow cover series for the comparison with weather."""

    source: Literal["optical", "radar"] = "optical"
    """Optical masks, or the network's maps of radar scenes."""
    min_valid: Fraction = 0.5
    """Scenes with a smaller valid fraction of the area of interest are left out."""


class Climate(Group):
    """Relations between snow and weather."""

    variables: list_of(WeatherVariable, distinct=True, min_length=1) = [
        "temperature_2m_max",
        "temperature_2m_min",
        "precipitation_sum",
        "snowfall_sum",
        "relative_humidity_2m_mean",
    ]
    """Daily weather variables by their names in Open-Meteo. The first is plotted together with snow."""
    lags_days: list_of(whole(ge=2, le=3660), distinct=True, unit="days") = [7, 30]
    """Lengths of the periods of preceding days over which weather is averaged."""
    year_start_month: whole(ge=1, le=12) = 1
    """First month of the year. 10 gives hydrological years, named by the year in which they end."""
    confidence: Probability = 0.95
    """Confidence level of the intervals."""
    significance: Probability = 0.05
    """A trend or relation is significant if its p-value is below this."""


class Snow(Study):
    """The snow study. Without this section it is not run."""

    sites: sites_of(SnowSite)
    """Regions with radar and optical images, or tables of snow, by name. Names have lower-case letters, digits and
    underscores."""
    radar: Radar = group(Radar)
    masks: Masks = group(Masks)
    pairs: Pairs = group(Pairs)
    triplets: Triplets = group(Triplets)
    network: Network = group(Network)
    training: UNetTraining = group(UNetTraining)
    baselines: SnowBaselines = group(SnowBaselines)
    prediction: Prediction = group(Prediction)
    foundation: Foundation = group(Foundation)
    embeddings: Embeddings = group(Embeddings)
    cover: Cover = group(Cover)
    climate: Climate = group(Climate)

    def problems(self, path: str) -> Iterator[str]:
        """Problems of the study and its sites, one line each."""
        for name, site in self.sites.items():
            yield from site.problems(f"{path}.sites.{name}", self)
        yield from self.triplets.problems(f"{path}.triplets", self.network)
        yield from self.prediction.window_problems(path, self.network)
        yield from self.training.warmup_problems(path)
        yield from pool_problems(path, self)
        width = self.radar.filter_px
        if width % 2 == 0:
            yield (
                f"{path}.radar.filter_px: found {width}; a window has a middle, so make it odd, {width - 1} or "
                f"{width + 1}."
            )
