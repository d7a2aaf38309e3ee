"""Example test triplets with the map of the network."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import h5py
import numpy as np
import pandas as pd

from climate_indicators.core.raster_encoding import BYTE_NODATA
from climate_indicators.snow.triplets.scores import read_labels
from climate_indicators.snow.triplets.skill import DRY, NETWORK, WET, rows_of_test

# which triplets of each regime, by their place in the order of Dice
WANTED = {WET: (("best", 1.0), ("median", 0.5), ("worst", 0.0)), DRY: (("median", 0.5),)}


@dataclass(frozen=True)
class Example:
    """A test triplet.

    Attributes
    ----------
    title : which one of which regime, its name and skill.
    change : float32, shape (rows, columns): VV change against the snow-free reference, dB; NaN where missing.
    rgb : uint8, shape (rows, columns, 3).
    truth, mapped : uint8, shape (rows, columns): 1 snow, 0 none, 255 not known.
    """

    title: str
    change: np.ndarray
    rgb: np.ndarray
    truth: np.ndarray
    mapped: np.ndarray


def choose_examples(metrics: pd.DataFrame) -> pd.DataFrame:
    """Best, median and worst test triplet of the wet season by the network's Dice, and the median of the dry one.

    If a season has none, test triplets of any season are used; if there are fewer than requested, each occurs
    once. Triplets without snow in mask and map have no Dice and are passed over, unless there are no others.

    Parameters
    ----------
    metrics : table of `skill.triplet_metrics`.

    Returns
    -------
    Its rows, with the column ``chosen``, such as ``wet season, best``.
    """
    test = rows_of_test(metrics[metrics["model"] == NETWORK])
    parts = []
    for regime, wanted in WANTED.items():
        own = test[test["regime"] == regime]
        own, season = (own, f"{regime} season") if len(own) else (test, "any season")
        defined = own.dropna(subset="dice")
        ordered = (own if defined.empty else defined).sort_values(["dice", "triplet"], kind="stable")
        for name, share in wanted:
            row = ordered.iloc[[round(share * (len(ordered) - 1))]]
            parts.append(row.assign(chosen=f"{season}, {name}"))
    return pd.concat(parts).drop_duplicates("triplet", ignore_index=True)


def read_examples(
    store: h5py.File, chosen: pd.DataFrame, run: Callable[[np.ndarray], np.ndarray], limit: float
) -> list[Example]:
    """Images of the selected triplets with new predictions.

    Parameters
    ----------
    store : patch file of the triplets.
    chosen : of `choose_examples`.
    run : the network, from float32 images (batch, size, size, bands) to logits.
    limit : logit from which on a pixel is snow.
    """
    places = _places(store, chosen["triplet"])
    change = json.loads(store.attrs["bands"]).index("VV_change")
    examples = []
    for row, place in zip(chosen.itertuples(), places, strict=True):
        image, valid = store["image"][place].astype("float32"), store["valid"][place]
        mapped = np.where(valid, run(image[None])[0] >= limit, BYTE_NODATA).astype("uint8")
        truth = read_labels(store, np.array([place]))[0]
        shown = np.where(valid, image[..., change], np.nan)
        examples.append(Example(_title(row), shown, store["rgb"][place], truth, mapped))
    return examples


def _places(store: h5py.File, names: Sequence[str]) -> list[int]:
    places = {name: place for place, name in enumerate(store["name"].asstr()[:])}
    return [places[name] for name in names]


def _title(row: tuple) -> str:
    skill = "Dice not defined" if np.isnan(row.dice) else f"Dice {row.dice:.2f}"
    return f"{row.chosen}\n{row.triplet}\n{skill}, snow {row.true_fraction:.0%}, mapped {row.mapped_fraction:.0%}"
