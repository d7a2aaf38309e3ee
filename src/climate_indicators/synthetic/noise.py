"""Random fields and random streams of the synthetic sites."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, name: str, *keys: int) -> np.random.Generator:
    """Independent random generator of one named use, so that no use depends on how much another one drew.

    Parameters
    ----------
    seed : seed of the synthetic site, >= 0.
    name : what the numbers are for.
    keys : further keys >= 0, such as the year or the number of a valley.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(name.encode()), *keys)))


def fractal_field(size: int, exponent: float, rng: np.random.Generator, longest: float = 1.0) -> np.ndarray:
    """Field whose spectral amplitude falls as frequency to the power ``-exponent``: mountains at 2, clouds at 1.6.

    Spectral synthesis after Saupe (1988, in "The Science of Fractal Images", chapter 2).

    Parameters
    ----------
    size : side of the square field, in pixels.
    exponent : fall of the amplitude (not power) with frequency.
    rng : source of the white noise.
    longest : longest wave kept, as a share of the field's side; longer ones are damped.

    Returns
    -------
    float32 array, shape (size, size), mean 0, standard deviation 1.
    """
    frequency = _frequency(size) * size
    amplitude = np.where(frequency > 0, np.maximum(frequency, 1.0 / longest) ** -exponent, 0.0)
    return _filtered(size, amplitude * np.minimum(frequency * longest, 1.0), rng)


def band_field(size: int, wavelength_px: float, rng: np.random.Generator, width: float = 0.35) -> np.ndarray:
    """Field of bumps of one size: a log-normal band of waves around ``wavelength_px`` pixels.

    Parameters
    ----------
    size : side of the square field, in pixels.
    wavelength_px : middle of the band, in pixels.
    rng : source of the white noise.
    width : standard deviation of the band in the natural logarithm of the wavelength.

    Returns
    -------
    float32 array, shape (size, size), mean 0, standard deviation 1.
    """
    frequency = np.maximum(_frequency(size), 1e-9)
    return _filtered(size, np.exp(-0.5 * (np.log(frequency * wavelength_px) / width) ** 2), rng)


def smoothstep(values: np.ndarray, lower: float, upper: float) -> np.ndarray:
    """Smooth ramp from 0 at ``lower`` to 1 at ``upper``, of the same shape as ``values``."""
    ramp = np.clip((values - lower) / (upper - lower), 0.0, 1.0)
    return ramp * ramp * (3.0 - 2.0 * ramp)


def _frequency(size: int) -> np.ndarray:
    return np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])


def _filtered(size: int, amplitude: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((size, size))) * amplitude, s=(size, size))
    field -= field.mean()
    return (field / field.std()).astype(np.float32)
