"""Glacier areas and their change: what the corrections recover, and how often the intervals contain the truth.

Glaciers shrink from 42 to 25 of 100 km² in nine years. The maps err in ways of `glacier_worlds`; the network is not
simulated, its errors are. Blocks are dealt anew in each repeat. ``before`` is the estimator that applied the rates of
the reference year, P(reference | map), to all years, with a jackknife that takes blocks as dealt at random.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from coverage_series import rate
from glacier_worlds import BLOCK, PIXEL_KM2, WHOLE_KM2, WORLDS, land

from climate_indicators.glacier.area_correction import (
    MIN_TEST_BLOCKS,
    area_correction,
    block_area,
    count_zones,
    margin_zones,
    scatter_of_years,
)
from climate_indicators.segmentation.spatial_blocks import make_blocks
from climate_indicators.stats.metrics import iou_gain_interval, skill
from climate_indicators.stats.trend_tests import theil_sen_slope
from climate_indicators.stats.trends import trend_row

YEARS = np.arange(2016, 2025)
SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}


def rows(repeats: int, seed: int) -> pd.DataFrame:
    """Ratio of the slope and coverage of slope, total change and yearly areas in each world of wrong maps."""
    table = []
    for number, name in enumerate(WORLDS):
        rng = np.random.default_rng([seed, number])
        found = pd.DataFrame([one_run(name, rng) for _ in range(repeats)])
        iou = found["iou"].mean()
        about = {"world": f"{name}, IoU {iou:.2f}", "n": len(YEARS)}
        ratio = {"percent": 100 * found["ratio"].mean(), "lower": np.nan, "upper": np.nan}
        table.append(
            {"quantity": "glacier area", "measure": "slope ratio"}
            | about | ratio | {"before": 100 * found["ratio_before"].mean()}
        )  # fmt: skip
        for measure, key in (
            ("coverage of the slope", "slope"),
            ("coverage of the total change", "total"),
            ("coverage of the area, reference year", "reference"),
            ("coverage of the area, other years", "others"),
        ):
            table.append(
                {"quantity": "glacier area", "measure": measure}
                | about | rate(round(found[key].sum()), repeats) | {"before": 100 * found[f"{key}_before"].mean()}
            )  # fmt: skip
    rng = np.random.default_rng([seed, len(WORLDS)])
    table += [gain_row(hard, blocks, repeats, rng) for hard in (0.15, 0.30) for blocks in (13, 25)]
    return pd.DataFrame(table)


def gain_row(hard: float, blocks: int, repeats: int, rng: np.random.Generator) -> dict[str, object]:
    """How often the interval of the gain holds it where the gain comes from a share ``hard`` of the blocks.

    There the simple method misses half of the ice or more, elsewhere both models are alike. The test blocks are a
    sixth of all, assigned evenly along their share of ice. No interval of the gain was published before.
    """
    held = 0
    for _ in range(repeats):
        ice = np.round(5000 * np.sort(np.clip(rng.beta(0.6, 0.8, 6 * blocks), 0, 1)))
        missed = rng.normal(0.02, 0.01, len(ice)), rng.normal(0.015, 0.01, len(ice))
        missed = missed[0], np.where(rng.random(len(ice)) < hard, rng.uniform(0.5, 0.9, len(ice)), missed[1])
        invented = rng.normal(0.01, 0.005, len(ice)), rng.normal(0.03, 0.03, len(ice))
        models = [_confusion(ice, *parts) for parts in zip(missed, invented, strict=True)]
        test = ((np.arange(blocks) + rng.uniform()) * 6).astype(int)
        lower, upper = iou_gain_interval(*(model.iloc[test] for model in models))
        truth = float(np.subtract(*(skill(**model.sum().to_dict())["iou"] for model in models)))
        held += lower <= truth <= upper
    return {
        "quantity": "gain of the network", "world": f"{100 * hard:.0f} % hard blocks", "n": blocks,
        "measure": "coverage", **rate(held, repeats), "before": np.nan,
    }  # fmt: skip


def _confusion(ice: np.ndarray, missed: np.ndarray, invented: np.ndarray) -> pd.DataFrame:
    """Pixels of blocks of 5000 by cell of the confusion, from the share of ice missed and of ground taken for ice."""
    fn, fp = np.round(ice * np.clip(missed, 0, 1)), np.round((5000 - ice) * np.clip(invented, 0, 1))
    return pd.DataFrame({"tn": 5000 - ice - fp, "fp": fp, "fn": fn, "tp": ice - fn}).astype(int)


def one_run(name: str, rng: np.random.Generator) -> dict[str, float]:
    """Maps of one world, corrected; whether intervals contain the truth, and by how much the slope is wrong."""
    world = land(rng, len(YEARS))
    maps = WORLDS[name](world, rng)
    labels, mapped = world.ice[0].astype("uint8"), maps[0].astype("uint8")
    zones, held_out = held_out_zones(labels, mapped, rng)
    true, seen = (stack.sum(axis=(1, 2)) * PIXEL_KM2 for stack in (world.ice, maps))
    slope = theil_sen_slope(YEARS.astype("float64"), true)
    new, old = corrected(zones, held_out, seen), corrected_before(zones.sum(axis=1), seen)
    none = np.zeros(len(YEARS), bool)
    factors = 1 / new[0, 3], new[0, 4] / new[0, 3]
    trend = trend_row("glacier area", "km²", YEARS, new[:, 0], none, change_factors=factors)
    trend_before = trend_row("glacier area", "km²", YEARS, old[:, 0], none)
    whole = zones.sum(axis=(0, 1))
    result = {"iou": skill(*whole.ravel().tolist())["iou"], "factor": new[0, 3], "most": new[0, 4]}
    for suffix, line, areas in (("", trend, new), ("_before", trend_before, old)):
        inside = (areas[:, 1] <= true) & (true <= areas[:, 2])
        result |= {
            f"ratio{suffix}": line["slope_per_year"] / slope,
            f"slope{suffix}": line["lower_per_year"] <= slope <= line["upper_per_year"],
            f"width{suffix}": (line["upper_per_year"] - line["lower_per_year"]) / abs(slope),
            f"reference{suffix}": inside[0],
            f"total{suffix}": line["total_lower"] <= true[-1] - true[0] <= line["total_upper"],
            f"others{suffix}": inside[1:].mean(),
            f"reference_width{suffix}": areas[0, 2] - areas[0, 1],
            f"reference_error{suffix}": areas[0, 0] - true[0],
        }
    return result


def held_out_zones(labels: np.ndarray, mapped: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Confusions by zone of the blocks that are counted, and of all held-out ones, assigned again."""
    blocks = make_blocks(labels, np.ones(labels.shape, bool), BLOCK, SHARES, int(rng.integers(1 << 30)))
    near = margin_zones(labels)
    zones = {"test": [], "validation": []}
    for row in blocks[blocks.split != "train"].itertuples():
        window = np.s_[row.row_start : row.row_stop, row.col_start : row.col_stop]
        zones[row.split].append(count_zones(near[window], mapped[window], labels[window]))
    held_out = np.array(zones["validation"] + zones["test"])
    return np.array(zones["test"]) if len(zones["test"]) >= MIN_TEST_BLOCKS else held_out, held_out


def corrected(zones: np.ndarray, held_out: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Area, lower and upper bound, factor of change and its bound, of each year; the first is the reference."""
    correction = area_correction(zones, [WHOLE_KM2 - seen[0], seen[0]], held_out=held_out)
    year_km2 = scatter_of_years(YEARS, seen) * correction.factor
    return np.array(
        [
            [*correction.apply(area, WHOLE_KM2, year_km2 if place else 0.0), correction.factor, correction.most]
            for place, area in enumerate(seen)
        ]
    )


def corrected_before(confusions: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Area, lower and upper bound of each year by the rates of the reference year, blocks as if dealt at random."""
    estimates = [block_area(confusions, [WHOLE_KM2 - area, area]) for area in seen]
    return np.array([[part.area[1], part.lower[1], part.upper[1]] for part in estimates])
