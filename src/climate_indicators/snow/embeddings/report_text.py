"""Sentences about the domain-shift test, generated from its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

VERDICTS = {
    "same": "SAR and RGB embeddings of a pair are already the same point within the limit",
    "translated": "SAR and RGB embeddings are translated copies of each other",
    "rotated": "SAR and RGB embeddings are not translated copies of each other, but rotated ones",
    "related": "SAR and RGB embeddings are related, but neither translated nor rotated copies of each other",
    "unrelated": "SAR and RGB embeddings of a pair are no more alike than those of shuffled pairs",
}
# share of the gap above which a translation is reported to reduce the distance of the clouds
MOST = 0.5


def verdict_sentence(
    kind: str, rows: Sequence[Mapping[str, Any]], sizes: Mapping[str, int], copy_limit: float = 0.1
) -> str:
    """Verdict with the numbers that it rests on.

    Parameters
    ----------
    kind : of `climate_indicators.snow.embeddings.domain_shift.DomainShift`.
    rows : ``measure, state, value, share_removed``, the rows of its table; none are needed for ``unknown``.
    sizes : ``n_fit, n_test, n_places``.
    copy_limit : share of the distance of shuffled pairs that a copy leaves at most.
    """
    if kind == "unknown":
        return (
            f"Whether SAR and RGB embeddings are translated copies cannot be said from {sizes['n_test']} test pairs of "
            f"{sizes['n_places']} places and {sizes['n_fit']} pairs to fit with."
        )
    found = {(row["measure"], row["state"]): row for row in rows}
    left = {state: row["value"] for (measure, state), row in found.items() if measure == "pair_distance"}
    text = (
        f"{VERDICTS[kind]}: on {sizes['n_test']} test pairs of {sizes['n_places']} places, subtracting the mean "
        f"difference {_removes(found['pair_distance', 'translated']['share_removed'])} of the mean squared distance of "
        f"partners and leaves {_percent(left['translated'])} of that of shuffled pairs (a copy leaves "
        f"{_percent(copy_limit)} at most); the best rotation leaves {_percent(left['rotated'])}, one fitted to "
        f"shuffled pairs {_percent(left['rotated_shuffled'])}. "
    )
    return text + _clouds(kind, found)


def _clouds(kind: str, found: Mapping[tuple[str, str], Mapping[str, Any]]) -> str:
    before, after = (found["probe_accuracy", state]["value"] for state in ("before", "translated"))
    removed = found["cloud_distance", "translated"]["share_removed"]
    probe = f"a linear probe separates SAR and RGB with accuracy {before:.2f} before and {after:.2f} after (chance 0.5)"
    if np.isnan(removed):
        return f"The two clouds as wholes lie together already; {probe}."
    text = f"Of the distance between the two clouds as wholes the translation {_removes(removed)}; {probe}."
    if kind in ("related", "unrelated", "rotated") and removed >= MOST:
        text += " The translation brings the clouds nearer, as a plot shows, without bringing each partner to its own."
    return text


def _removes(share: float) -> str:
    return f"removes {_percent(share)}" if share >= 0.005 else "removes nothing"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %".replace("-", "−")
