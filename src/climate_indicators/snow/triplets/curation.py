"""Selection of triplets, with reasons for rejection."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
import pandas as pd

from climate_indicators.snow.scenes.checks import DUPLICATE, MISREGISTRATION, NO_PAIR, ORBIT_MIX

NODATA, CLOUD, ALL_SNOW, NO_SNOW = "nodata", "cloud", "all_snow", "no_snow"
KEPT, REJECTED = "kept", "rejected"
# in order of priority: the first reason that applies is recorded
REASONS = {
    NO_PAIR: "no scene of the other sensor near in time",
    DUPLICATE: "copy of an earlier scene",
    ORBIT_MIX: "radar image of another orbit",
    MISREGISTRATION: "optical image shifted",
    NODATA: "radar missing",
    CLOUD: "clouds or gaps over the snow mask",
    ALL_SNOW: "nearly all snow",
    NO_SNOW: "nearly no snow",
}
COLUMNS = [
    "triplet", "radar", "optical", "orbit", "date", "place", "row", "col", "decision", "reason", "value", "limit",
    "note",
]  # fmt: skip
VERDICT = ["reason", "value", "limit", "note"]


def pair_verdicts(pairs: pd.DataFrame, checks: pd.DataFrame) -> pd.DataFrame:
    """Results of the scene checks for each pair.

    Parameters
    ----------
    pairs : ``pair, radar, optical``.
    checks : of `climate_indicators.snow.scenes.checks.check_scenes`.

    Returns
    -------
    ``reason, value, limit, note`` by ``pair``; the reason is empty where both scenes passed.
    """
    bad = checks[checks["rejected"].astype(bool)]
    order = {reason: place for place, reason in enumerate(REASONS)}
    bad = bad.assign(order=bad["check"].map(order)).sort_values("order", kind="stable")
    first = {row.scene: row for row in bad.drop_duplicates("scene").itertuples()}
    rows = []
    for pair in pairs.itertuples():
        found = [first[scene] for scene in (pair.radar, pair.optical) if scene in first]
        worst = min(found, key=lambda row: row.order, default=None)
        rows.append(["", np.nan, np.nan, ""] if worst is None else [worst.check, worst.value, worst.limit, worst.note])
    verdicts = pd.DataFrame(rows, columns=VERDICT, index=pd.Index(pairs["pair"], name="pair"))
    return verdicts.astype({"value": float, "limit": float}).assign(note=verdicts["note"].fillna(""))


def chip_verdicts(measures: pd.DataFrame, limits: Mapping[str, float]) -> pd.DataFrame:
    """Checks of the pixels of each chip.

    Parameters
    ----------
    measures : ``missing`` and ``unknown`` (shares of the chip's pixels without radar, and without a snow mask) and
        ``snow`` (share of the known pixels, NaN if there is none).
    limits : ``max_missing, max_cloud, max_snow, min_snow``, shares.

    Returns
    -------
    ``reason, value, limit, note`` with the index of ``measures``; the reason is empty for a chip to keep.
    """
    missing, unknown, snow = (measures[name].to_numpy(float) for name in ("missing", "unknown", "snow"))
    tests = {
        NODATA: (missing > limits["max_missing"], missing, limits["max_missing"]),
        CLOUD: ((unknown > limits["max_cloud"]) | np.isnan(snow), unknown, limits["max_cloud"]),
        ALL_SNOW: (snow > limits["max_snow"], snow, limits["max_snow"]),
        NO_SNOW: (snow < limits["min_snow"], snow, limits["min_snow"]),
    }
    applies = [test[0] for test in tests.values()]
    return pd.DataFrame(
        {
            "reason": np.select(applies, list(tests), ""),
            "value": np.select(applies, [test[1] for test in tests.values()], np.nan),
            "limit": np.select(applies, [test[2] for test in tests.values()], np.nan),
            "note": "",
        },
        index=measures.index,
    )


def curate(
    pairs: pd.DataFrame, checks: pd.DataFrame, candidates: pd.DataFrame, limits: Mapping[str, float]
) -> pd.DataFrame:
    """Decision on every triplet, and on every scene without a pair.

    Parameters
    ----------
    pairs : of `climate_indicators.snow.scenes.pairing.pair_scenes`.
    checks : of `climate_indicators.snow.scenes.checks.check_scenes`.
    candidates : one row per triplet: ``triplet, pair, place, row, col`` and the measures of `chip_verdicts`, NaN where
        the pair was refused and its chips not looked at.
    limits : as for `chip_verdicts`, and ``keep_uniform``, the share of the triplets of nearly all or no snow that is
        kept nonetheless; the triplet's name decides which.

    Returns
    -------
    Columns ``COLUMNS``; scenes without a pair first, then triplets in order of name. The reason is empty for those
    that are kept.
    """
    of_pair = pair_verdicts(pairs, checks).reindex(candidates["pair"]).set_index(candidates.index)
    of_chip = chip_verdicts(candidates, limits)
    # without any of them, the network would have no bare ground to train on and would predict snow in summer
    spared = of_chip["reason"].isin([ALL_SNOW, NO_SNOW]) & _drawn(candidates["triplet"], limits["keep_uniform"])
    of_chip.loc[spared, "note"] = of_chip.loc[spared, "reason"].map(REASONS) + ", kept as an example"
    of_chip.loc[spared, "reason"] = ""
    refused = of_pair["reason"] != ""
    verdicts = of_chip.where(~refused, of_pair)
    table = candidates.merge(pairs[["pair", "radar", "optical", "orbit", "date"]], on="pair", how="left", sort=False)
    table = table.set_index(candidates.index).assign(**verdicts)
    table["decision"] = np.where(table["reason"] == "", KEPT, REJECTED)
    alone = checks[checks["check"] == NO_PAIR]
    left = alone.assign(
        triplet=alone["scene"],
        radar=alone["scene"].where(alone["sensor"] == "radar", ""),
        optical=alone["scene"].where(alone["sensor"] == "optical", ""),
        reason=NO_PAIR,
        decision=REJECTED,
    )
    both = pd.concat([left.reindex(columns=COLUMNS), table.sort_values("triplet")[COLUMNS]], ignore_index=True)
    return both.astype({"place": "Int64", "row": "Int64", "col": "Int64"})


def _drawn(names: pd.Series, share: float) -> pd.Series:
    """A share of the names; the choice of a name does not depend on the other names."""
    return names.map(lambda name: zlib.crc32(name.encode()) / 2**32 < share).astype(bool)


def count_reasons(curation: pd.DataFrame) -> pd.DataFrame:
    """Table ``reason, n``: selected triplets first, then every reason in order, including those with n = 0."""
    names = curation["reason"].where(curation["decision"] == REJECTED, KEPT)
    counts = names.value_counts().reindex([KEPT, *REASONS], fill_value=0)
    return counts.rename_axis("reason").rename("n").reset_index()
