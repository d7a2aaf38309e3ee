"""Keys and rules of the study of vegetation carbon."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from climate_indicators.config.models.base import (
    BatchSize,
    Count,
    Group,
    Probability,
    Seed,
    Study,
    Text,
    group,
    list_of,
    number,
    sites_of,
    whole,
)
from climate_indicators.config.models.carbon_site import CarbonSite
from climate_indicators.config.models.segmentation import (
    Augmentation,
    Baselines,
    Inference,
    Splits,
    Training,
    pool_problems,
)

STRIDE = 32
RESNET50_WIDTH = 64


class Images(Splits):
    """Preparation of images, and fractions for training, validation and test."""

    size_px: whole(ge=32, le=8192, unit="px") = 320
    """Side of the square input of the network, a multiple of 32. Images are scaled to fit."""
    smallest_px: whole(ge=2, le=100000, unit="px") = 16
    """Images with a shorter side are refused."""
    black_is_missing: bool = True
    """True if black areas that touch the image edge, as around a rotated scene, are missing data."""
    near_bits: whole(ge=0, le=16, unit="bits") = 10
    """Images are near duplicates if their perceptual hashes differ in at most this many of 64 bits and the images are
    correlated."""
    skip_bad: bool = False
    """True leaves out and lists images that cannot be used; false ends the run."""
    train: Probability = 0.55
    """Fraction of the labeled images used for training."""
    validation: Probability = 0.15
    """Fraction used to stop the training and to choose calibration temperature and threshold."""
    test: Probability = 0.3
    """Fraction held out for the skill scores."""
    split_seed: Seed = 0
    """Random seed for assigning groups of images to training, validation and test."""

    def problems(self, path: str) -> Iterator[str]:
        """Sizes and fractions that do not go together."""
        if self.size_px % STRIDE:
            lower = self.size_px - self.size_px % STRIDE
            yield (
                f"{path}.size_px: {self.size_px} is not a multiple of {STRIDE}, the network's stride. Nearest: {lower} "
                f"or {lower + STRIDE}."
            )
        yield from self.share_problems(path)


class Labels(Group):
    """Labels of vegetation for training."""

    source: Literal["masks", "hsv", "excess_green", "ndvi"] = "masks"
    """Given masks, a rule for colors (hsv), or an index of the bands."""
    hue: list_of(number(ge=0, le=180), min_length=2, max_length=2) = [35, 85]
    """Minimum and maximum hue of the HSV rule, 0 to 180."""
    min_saturation: number(ge=0, le=255) = 40
    """Minimum saturation of the HSV rule, 0 to 255."""
    min_value: number(ge=0, le=255) = 20
    """Minimum value of the HSV rule, 0 to 255."""
    min_index: number(ge=-10, le=10) = 0.1
    """Minimum index of vegetation, with `excess_green` or `ndvi`."""
    target: Literal["extent", "density"] = "extent"
    """`extent`: each network pixel is vegetation or not. `density`: fraction of vegetation in each network pixel."""


class CarbonNetwork(Group):
    """Size of the network: ResNet-50 with attention, ASPP and a U-Net decoder."""

    width: whole(ge=4, le=64) = 64
    """Filters of the encoder's first layer; 64 is ResNet-50, less is a narrower copy of it."""
    encoder_weights: Text = "none"
    """Initial weights of the encoder. `none`: random; `imagenet`: downloaded once; else a file of a ResNet-50 without
    its top."""
    full_resolution: bool = True
    """True adds a last step at full image size that uses the image itself; false enlarges a map of half the size."""
    pixel_filters: list[BatchSize] = []
    """Filters of each of the 1×1 convolutions that use the color of single pixels. Empty: none."""
    aspp_rates: list_of(whole(ge=1, le=1000), distinct=True, min_length=1) = [1, 6, 12]
    """Dilations of the ASPP convolutions. On small maps, large dilations see only padding."""


class CarbonAugmentation(Augmentation):
    """Random changes of each training image."""

    rotation_deg: number(ge=0, le=180, unit="degrees") = 30
    """Maximum rotation by any angle, in both directions."""
    zoom: number(ge=0, le=0.9) = 0.2
    """Maximum relative change of size."""
    noise: number(ge=0, le=10) = 0.02
    """Standard deviation of added noise, in standard deviations of the bands."""


class CarbonTraining(Training):
    """Training of the network."""

    epochs: Count = 100
    """Maximum number of passes over the training images."""
    batch_size: BatchSize = 8
    """Images per step. Memory grows with it."""
    learning_rate: number(gt=0, le=100) = 0.001
    """Maximum learning rate."""
    warmup_epochs: whole(ge=0, le=100000) = 0
    """Epochs during which the learning rate rises."""
    patience: Count = 12
    """Training stops after this many epochs without a better validation loss."""
    bce_weight: number(ge=0, le=1) = 0.0
    """Weight of binary cross-entropy in the loss; the rest is Dice loss."""
    optimizer: Literal["adam", "adamw"] = "adamw"
    """Optimizer."""
    weight_decay: number(ge=0, le=100) = 0.01
    """Weight decay of `adamw`."""
    schedule: Literal["plateau", "cosine"] = "plateau"
    """`plateau` halves the learning rate when the validation loss stagnates; `cosine` decreases it to zero along a
    cosine."""
    plateau_patience: Count = 3
    """Epochs without a better validation loss after which `plateau` lowers the learning rate."""
    frozen_epochs: whole(ge=0, le=100000) = 0
    """Epochs at the start during which a pretrained encoder is not changed."""
    fine_tuning_factor: number(gt=0, le=1) = 0.1
    """Factor on the learning rate after the frozen epochs."""
    dice_over: Literal["batch", "image"] = "batch"
    """Pixels over which Dice loss is computed: all of a batch, or those of each `image`, so that images with little
    vegetation have the same weight."""
    augmentation: CarbonAugmentation = group(CarbonAugmentation)

    def problems(self, path: str, network: CarbonNetwork) -> Iterator[str]:
        """Epochs and weights that do not go together."""
        yield from self.warmup_problems(path, ("warmup_epochs", "frozen_epochs"))
        if network.encoder_weights == "none":
            if self.frozen_epochs:
                yield (
                    f"{path}.training.frozen_epochs: found {self.frozen_epochs}, but network.encoder_weights is none: "
                    "an encoder with random weights must not be frozen. Set it to 0, or name weights."
                )
        elif network.width != RESNET50_WIDTH:
            yield (
                f"{path}.network.width: found {network.width}; the weights '{network.encoder_weights}' are those of a "
                f"ResNet-50 of width {RESNET50_WIDTH}. Set it to {RESNET50_WIDTH}, or encoder_weights to none."
            )


class CarbonPrediction(Inference):
    """Prediction of all images."""

    batch_size: BatchSize = 8
    """Images that are predicted at a time. Memory grows with it."""


class Factor(Group):
    """A factor with its uncertainty."""

    value: number(gt=0, le=1000000)
    """Best value."""
    standard_error: number(ge=0, le=1000000) = 0
    """Standard error, in the same unit."""


class Factors(Group):
    """Factors from vegetation area to carbon."""

    biomass_kg_m2: Factor = Field({"value": 0.5, "standard_error": 0.05}, validate_default=True)
    """Dry biomass per square meter of vegetation, in kg m⁻²; by default 0.5 ± 0.05."""
    carbon_fraction: Factor = Field({"value": 0.47, "standard_error": 0.02}, validate_default=True)
    """Fraction of carbon in dry biomass; by default 0.47 ± 0.02."""
    co2_per_carbon: number(gt=0, le=1000) = 3.667
    """Mass of CO2 per mass of carbon."""


class Estimates(Group):
    """Intervals of carbon estimates."""

    draws: whole(ge=100, le=1000000) = 1000
    """Monte Carlo draws of factors and mask errors."""
    confidence: Probability = 0.95
    """Confidence level of the intervals."""


class Series(Group):
    """Time series and trends."""

    window: whole(ge=2, le=100000) = 20
    """Number of values in the moving average."""
    confidence: Probability = 0.95
    """Confidence level of the intervals of trends."""
    significance: Probability = 0.05
    """A trend or change point is significant if its p-value is below this."""


class Forecast(Group):
    """Forecast of the carbon series."""

    horizon_months: whole(ge=1, le=12, unit="months") = 12
    """Number of months to forecast."""


class Carbon(Study):
    """The study of vegetation carbon. Without this section it is not run."""

    sites: sites_of(CarbonSite)
    """Sets of images, or tables of carbon values, by name. Names have lower-case letters, digits and underscores."""
    images: Images = group(Images)
    labels: Labels = group(Labels)
    network: CarbonNetwork = group(CarbonNetwork)
    training: CarbonTraining = group(CarbonTraining)
    baselines: Baselines = group(Baselines)
    prediction: CarbonPrediction = group(CarbonPrediction)
    factors: Factors = group(Factors)
    estimates: Estimates = group(Estimates)
    series: Series = group(Series)
    forecast: Forecast = group(Forecast)

    def problems(self, path: str) -> Iterator[str]:
        """Problems of the study and its sites, one line each."""
        yield from self.images.problems(f"{path}.images")
        yield from self.training.problems(path, self.network)
        yield from pool_problems(path, self, ("band_names",))
        low, high = self.labels.hue
        if low > high:
            yield f"{path}.labels.hue: found {low:g} to {high:g}; the lower one comes first."
        share = self.factors.carbon_fraction.value
        if share > 1:
            yield f"{path}.factors.carbon_fraction.value: found {share:g}; a fraction is at most 1."
        for name, site in self.sites.items():
            yield from site.problems(f"{path}.sites.{name}", self)
