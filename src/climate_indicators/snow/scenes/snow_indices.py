"""Snow from reflectance: the normalized differences NDSI and NDFSI, and the rules that call a pixel snow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from climate_indicators.core.errors import InputError

SNOW, NO_SNOW, UNKNOWN = 1, 0, 255
# Water and deep shadow reflect less in the near infrared than snow under trees. Their NDFSI is dominated by noise.
DARK_NIR = 0.03
RULES = ("ndsi", "ndsi_nir", "ndfsi", "ndsi_nir_or_ndfsi")


@dataclass(frozen=True)
class SnowRule:
    """How a pixel is called snow.

    Attributes
    ----------
    rule : ``ndsi``; ``ndsi_nir``, which also wants it bright in the near infrared, as water is not; ``ndfsi``, for
        snow beneath trees; ``ndsi_nir_or_ndfsi``, either of the last two.
    ndsi, nir, ndfsi : snow lies above these; ``nir`` in reflectance.
    """

    rule: str = "ndsi_nir"
    ndsi: float = 0.4
    nir: float = 0.11
    ndfsi: float = 0.4

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise InputError(f"the rule of snow masks is '{self.rule}'; expected one of {', '.join(RULES)}.")


def normalized_difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(a − b) / (a + b) of two reflectances, −1 to 1.

    Reflectances below 0, which atmospheric correction leaves in shadow, count as 0.

    Parameters
    ----------
    a, b : float arrays of one shape.

    Returns
    -------
    float array of that shape, NaN where both are 0 or one is NaN.
    """
    a, b = np.maximum(a, 0), np.maximum(b, 0)
    total = a + b
    return np.divide(a - b, total, out=np.full_like(total, np.nan), where=total > 0)


def ndsi(green: np.ndarray, swir: np.ndarray) -> np.ndarray:
    """Normalized difference snow index (Dozier 1989), of green (B03) and short-wave infrared (B11)."""
    return normalized_difference(green, swir)


def ndfsi(nir: np.ndarray, swir: np.ndarray) -> np.ndarray:
    """Normalized difference forest snow index (Wang et al. 2015), of near (B08) and short-wave infrared (B11)."""
    return normalized_difference(nir, swir)


def snow_by_rule(
    green: np.ndarray, nir: np.ndarray, swir: np.ndarray, limits: SnowRule
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Snow according to each rule, and pixels where the rules apply.

    Parameters
    ----------
    green, nir, swir : reflectance, float arrays of one shape, NaN where missing.
    limits : thresholds.

    Returns
    -------
    Bool arrays by name of the rule, and a bool array: where both indices have a value.
    """
    index, forest = ndsi(green, swir), ndfsi(nir, swir)
    known = np.isfinite(index) & np.isfinite(forest)
    rules = {"ndsi": index > limits.ndsi, "ndfsi": forest > limits.ndfsi}
    rules["ndsi_nir"] = rules["ndsi"] & (nir > limits.nir)
    rules["ndsi_nir_or_ndfsi"] = rules["ndsi_nir"] | (rules["ndfsi"] & (nir > DARK_NIR))
    return {name: rules[name] & known for name in RULES}, known


def snow_mask(rules: dict[str, np.ndarray], known: np.ndarray, limits: SnowRule) -> np.ndarray:
    """Mask by the chosen rule, uint8: 1 snow, 0 no snow, 255 where ``known`` is false."""
    return np.where(known, rules[limits.rule], UNKNOWN).astype("uint8")
