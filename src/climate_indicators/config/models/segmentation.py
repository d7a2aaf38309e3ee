"""Keys and rules that the studies with segmented images share: glacier, snow and carbon."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from climate_indicators.config.models.base import (
    BatchSize,
    Count,
    Fraction,
    Group,
    Probability,
    Study,
    Text,
    Texts,
    either,
    group,
    map_of,
    number,
    text,
    whole,
)
from climate_indicators.config.pools import POOLED, has_images

MAX_NAMED = 10  # sites that a message lists

OffsetDn = number(ge=-1000000, le=1000000, example=-1000)
ProcessingBaseline = either(
    number=number(ge=0, le=9999),
    text=text(pattern="^[Nn]?[0-9]{1,2}[.]?[0-9]{0,2}$", example="05.09"),
)
NoneText = text(pattern="^none$", example="none")
BandFiles = map_of(Text, min_length=1)


class Radiometry(Group):
    """Conversion of digital numbers of optical images to reflectance: (number + offset) × scale."""

    scale: number(gt=0, le=1000) | None = None
    """Reflectance per digital number. null reads the scale from the file, or uses 0.0001."""
    offset_dn: number(ge=-1000000, le=1000000) | None = None
    """Added to every digital number before scaling. null reads the offset from the file, or uses none."""
    sentinel2_baseline: bool | None = None
    """True: Sentinel-2 L2A, whose numbers include +1000 from 2022-01-25 on; the offset is removed by the date of the
    scene. null assumes this for unsigned 16-bit numbers with scale 0.0001 and no offset."""
    nodata: either(number=number(nan=True, example=0), text=NoneText) | None = None
    """Value of missing pixels in tiles that declare none; `.nan` is allowed. `none`: all pixels are valid. null
    refuses tiles in which one number other than 0 fills many pixels."""


class Network(Group):
    """Size of the U-Net."""

    width: whole(ge=1, le=4096) = 64
    """Filters of the first level; each lower level has twice as many."""
    depth: whole(ge=1, le=6) = 3
    """Number of times that the image is halved."""
    normalization: Literal["none", "batch"] = "none"
    """Layer after each convolution."""

    def multiple_problems(self, path: str, value: int) -> Iterator[str]:
        """A side in pixels that the network cannot halve as often as it must."""
        stride = 2**self.depth
        if value % stride:
            lower = value - value % stride
            near = f"{lower} or {lower + stride}" if lower else str(stride)
            yield (
                f"{path}: {value} is not a multiple of {stride}, the network's stride (2**network.depth with depth "
                f"{self.depth}). Nearest: {near}."
            )


class Augmentation(Group):
    """Random changes of each training sample."""

    flip: bool = True
    """Mirror."""
    rotate: bool = True
    """Rotate by multiples of 90°."""
    brightness: number(ge=0, le=10) = 0.1
    """Maximum shift of all bands, in standard deviations."""
    contrast: number(ge=0, lt=1) = 0.1
    """Maximum relative change of contrast."""
    noise: number(ge=0, le=10) = 0.0
    """Standard deviation of added noise, in standard deviations of the bands."""


class Training(Group):
    """Training, and whether the sites share a network."""

    epochs: Count = 40
    """Maximum number of passes over the training data."""
    batch_size: BatchSize = 16
    """Samples per step. Memory grows with it."""
    learning_rate: number(gt=0, le=100) = 0.0003
    """Maximum learning rate."""
    warmup_epochs: whole(ge=0, le=100000) = 2
    """Epochs during which the learning rate rises."""
    patience: Count = 10
    """Training stops after this many epochs without a better validation loss."""
    bce_weight: Fraction = 0.5
    """Weight of binary cross-entropy in the loss; the rest is Dice loss."""
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "auto"
    """Arithmetic of training. `auto`: mixed_bfloat16 where the processor or GPU has fast bfloat16, else float32."""
    sites: Literal["each", "pooled"] = "each"
    """`each`: every site has its own network. `pooled`: one network learns from all sites and maps all of them.
    Calibration and skill are always computed per site."""
    pool: Texts = []
    """With `pooled`: sites that the network learns from; empty means all with images. Other sites are mapped by a
    network that has never seen them, and adding such a site does not retrain."""
    patches_per_site: whole(ge=1, le=100000000) | None = None
    """With `pooled`: maximum number of training patches, and of validation patches, per site, drawn at random. null
    takes all."""

    def warmup_problems(self, path: str, names: Sequence[str] = ("warmup_epochs",)) -> Iterator[str]:
        """Epochs at the start that leave no epoch for the rest of the training."""
        for name in names:
            if getattr(self, name) >= self.epochs:
                yield (
                    f"{path}.training.{name}: found {getattr(self, name)}, but training has {self.epochs} epochs in "
                    "all; make it smaller."
                )


class UNetTraining(Training):
    """Training of the U-Net."""

    augmentation: Augmentation = group(Augmentation)


class Splits(Group):
    """Fractions of the data for training, validation and test."""

    train: Probability = 0.6
    """Fraction used for training."""
    validation: Probability = 0.2
    """Fraction used to stop the training and to choose calibration temperature and threshold."""
    test: Probability = 0.2
    """Fraction held out for the skill scores."""

    def share_problems(self, path: str) -> Iterator[str]:
        """Fractions that do not sum to 1."""
        shares = {name: getattr(self, name) for name in Splits.model_fields}
        if abs(sum(shares.values()) - 1) > 1e-6:
            found = " + ".join(f"{name} {value:g}" for name, value in shares.items())
            yield f"{path}: the shares {found} make {sum(shares.values()):g}; they must make 1."


class Baselines(Group):
    """The random forest that the network is compared with."""

    forest_trees: Count = 100
    """Trees of the per-pixel random forest."""
    forest_samples: whole(ge=100, le=100000000) = 40000
    """Maximum number of training pixels of the random forest."""


class Inference(Group):
    """How a network is run."""

    engine: Literal["auto", "openvino", "keras"] = "auto"
    """Program that runs the network. `auto`: OpenVINO where it is installed, else Keras."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Arithmetic of prediction. `auto`: bfloat16 where the processor has matrix units for it, else float32."""
    test_time_augmentation: bool = False
    """Average the predictions of all eight rotations and mirror images (test-time augmentation): steadier maps at
    eight times the cost."""


class Prediction(Inference):
    """Prediction of whole scenes in windows, in bounded memory."""

    window_px: whole(ge=64, le=65536, unit="px") = 1024
    """Width and height of the window that is predicted at a time; a multiple of 2**network.depth. Memory grows with
    it."""
    halo_px: whole(ge=0, le=65536, unit="px") | None = None
    """Margin that is read around a window, a multiple of 2**network.depth. null: as far as the network sees."""
    blend_px: whole(ge=0, le=65536, unit="px") = 16
    """Part of the margin over which adjacent windows are blended."""

    def window_problems(self, path: str, network: Network) -> Iterator[str]:
        """Windows that do not fit the network or their own margin."""
        halo, blend = self.halo_px, self.blend_px
        yield from network.multiple_problems(f"{path}.prediction.window_px", self.window_px)
        if halo is not None:
            yield from network.multiple_problems(f"{path}.prediction.halo_px", halo)
        if halo is not None and blend > halo:
            yield (
                f"{path}.prediction.blend_px: found {blend}, more than halo_px ({halo}); windows are blended inside "
                "their halo, so make it at most that."
            )
        if blend % 2:
            yield (
                f"{path}.prediction.blend_px: found {blend}; half of it lies on each side of a border, so make it even."
            )


def pool_problems(path: str, study: Study, band_keys: Sequence[str] = ()) -> Iterator[str]:
    """Problems of one network for many sites, one line each.

    Parameters
    ----------
    path : name of the study.
    study : its configuration, with ``training`` and ``sites``.
    band_keys : keys of a site that together name its bands; none where all sites have the same.
    """
    training, sites = study.training, study.sites
    if POOLED in sites:
        yield f"{path}.sites.{POOLED}: found the name {POOLED}, which is that of all sites together; choose another."
    if training.sites != POOLED:
        for name in ("pool", "patches_per_site"):
            if getattr(training, name):
                yield f"{path}.training.{name}: has no effect with sites: {training.sites}; set sites: {POOLED}."
        return
    with_images = [name for name, site in sites.items() if has_images(vars(site))]
    yield from _unknown_members(f"{path}.training", training.pool, with_images)
    for name in with_images[1:]:
        first, found = (_bands(sites[one], band_keys) for one in (with_images[0], name))
        if first != found:
            yield (
                f"{path}.sites.{name}: its bands are {', '.join(found)}, those of {path}.sites.{with_images[0]} are "
                f"{', '.join(first)}. One network takes the same bands in the same order: list the same for all sites, "
                f"or set {path}.training.sites: each."
            )


def _bands(site: Any, keys: Sequence[str]) -> list[str]:
    return [band for name in keys for band in getattr(site, name)]


def _unknown_members(path: str, pool: Sequence[str], sites: Sequence[str]) -> Iterator[str]:
    """Members of a pool that are no sites with images."""
    listed = ", ".join(sites[:MAX_NAMED]) + (f" and {len(sites) - MAX_NAMED} more" if len(sites) > MAX_NAMED else "")
    if not sites:
        yield f"{path}.sites: found {POOLED}, but no site of the study has images to learn from; set it to each."
        return
    for name in pool:
        if name not in sites:
            yield f"{path}.pool: found {name!r}, which is no site with images; those are {listed}."
