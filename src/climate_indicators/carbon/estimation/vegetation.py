"""Vegetation of every image: fractions, and a mask at the image's own size, streamed in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.special import expit, logit

from climate_indicators.carbon.images.arrays import NetworkImage, fit, unfit
from climate_indicators.carbon.mask_values import NOT_SEEN, OTHER, VEGETATION
from climate_indicators.geo.rasters.guard import created
from climate_indicators.segmentation.patches import fill_invalid

DENSITY = "density"
NOTHING = np.empty((0, 0, 0), "float32")
TINY = 1e-12  # a probability that is rounded to 0 or 1 has no logit


@dataclass(frozen=True)
class Mapped:
    """Vegetation that the network maps in one image.

    Attributes
    ----------
    name : of the image.
    mask : uint8, the image's shape: 255 vegetation, 0 other ground, 128 not seen.
    valid_fraction : share of the image's pixels that show something.
    mapped_fraction, density_fraction : share of the seen pixels called vegetation, and their mean probability, at the
        network's resolution; NaN where nothing is seen.
    source : the image itself, for its place on the ground.
    """

    name: str
    mask: np.ndarray
    valid_fraction: float
    mapped_fraction: float
    density_fraction: float
    source: NetworkImage

    def row(self) -> dict[str, object]:
        """Line of the table ``image, n_pixels, valid_fraction, mapped_fraction, density_fraction``."""
        return {
            "image": self.name,
            "n_pixels": int(self.mask.size),
            "valid_fraction": self.valid_fraction,
            "mapped_fraction": self.mapped_fraction,
            "density_fraction": self.density_fraction,
        }


@dataclass(frozen=True)
class Calibration:
    """``temperature`` and probability ``threshold`` chosen on validation images; type of the network output.

    The temperature makes probabilities of a binary label honest. A network that learned densities gives shares as they
    are: its temperature counts for the threshold alone.
    """

    temperature: float
    threshold: float
    target: str = "extent"

    @property
    def limit(self) -> float:
        """Logit from which on a pixel is vegetation."""
        return self.temperature * float(logit(np.clip(self.threshold, TINY, 1 - TINY)))

    def share(self, logits: np.ndarray) -> np.ndarray:
        """Probability, or density, of pixels."""
        return expit(logits / (1.0 if self.target == DENSITY else self.temperature))


def map_images(
    names: Sequence[str],
    read: Callable[[str], NetworkImage],
    run: Callable[[np.ndarray], np.ndarray],
    mean: Sequence[float],
    size_px: int,
    batch_size: int,
    calibration: Calibration,
) -> Iterator[Mapped]:
    """Run the network over images, in order; the next batch is decoded while one is computed.

    At most two batches of images are in memory, however many there are.

    Parameters
    ----------
    names : of the images.
    read : opens one.
    run : from float32 images (batch, size, size, bands) to float32 logits (batch, size, size).
    mean : of each band, put where nothing is seen.
    size_px : side of the square that the network sees.
    batch_size : images of a batch.
    calibration : chosen on validation images.
    """
    batches = [names[start : start + batch_size] for start in range(0, len(names), batch_size)]

    def load(batch: Sequence[str]) -> list[tuple]:
        images = (read(name) for name in batch)
        # only the mask of valid pixels of an image is retained, not its values
        return [(replace(image, values=NOTHING), *fit(image.values, image.seen, size_px)) for image in images]

    with ThreadPoolExecutor(1) as reader:
        ahead = reader.submit(load, batches[0])
        for batch, following in zip(batches, [*batches[1:], None], strict=True):
            loaded = ahead.result()
            if following is not None:
                ahead = reader.submit(load, following)
            inputs = np.stack([fill_invalid(values, seen, mean) for _, values, seen, _ in loaded])
            for name, (image, _, seen, content), logits in zip(batch, loaded, run(inputs), strict=True):
                yield _mapped(name, image, seen, content, logits, calibration)


def write_mask(folder: Path, mapped: Mapped) -> None:
    """Write one mask under its image's name: GeoTIFF where the image has a place on the ground, else PNG.

    Parameters
    ----------
    folder : where masks lie, itself written atomically; folders of the image's name are made in it.
    mapped : result of `map_images`.
    """
    image = mapped.source
    with_module_prefix = image.crs is not None
    path = (folder / mapped.name).with_suffix(".tif" if with_module_prefix else ".png")
    rows, cols = mapped.mask.shape
    profile = {"width": cols, "height": rows, "count": 1, "dtype": "uint8", "nodata": NOT_SEEN}
    profile |= (
        {"driver": "GTiff", "crs": image.crs, "transform": image.transform, "compress": "deflate"}
        if with_module_prefix
        else {"driver": "PNG"}
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with created(path, **profile) as raster:
        raster.write(mapped.mask, 1)


def _mapped(
    name: str,
    image: NetworkImage,
    seen: np.ndarray,
    content: tuple[int, int],
    logits: np.ndarray,
    calibration: Calibration,
) -> Mapped:
    known = logits[seen]
    shares = (np.nan, np.nan)
    if len(known):
        shares = float((known >= calibration.limit).mean()), float(calibration.share(known).mean())
    inside = unfit(logits, content, image.seen.shape) >= calibration.limit
    mask = np.where(image.seen, np.where(inside, VEGETATION, OTHER), NOT_SEEN).astype("uint8")
    return Mapped(name, mask, float(image.seen.mean()), *shares, image)
