"""Sizes of blocks and patches are checked against the labels, and others are proposed that fit."""

import re

import numpy as np
import pytest
import yaml
from affine import Affine

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.glacier.site_check import check_patches, coarse_grid
from refusals import raises_naming

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}
DEFAULT = {"size_px": 128, "stride_px": 64, "block_px": 256, "gap_px": 16} | SHARES


def disk(side, radius):
    row, col = np.indices((side, side)) - side // 2
    return (np.hypot(row, col) < radius).astype("uint8")


@pytest.mark.parametrize(("side", "radius"), [(150, 40), (200, 60), (400, 90), (700, 200)])
def test_proposed_sizes_fit(side, radius):
    labels = disk(side, radius)
    with raises_naming(InputError, f"{side} × {side}", "size_px: ") as caught:
        check_patches(labels, DEFAULT | {"block_px": max(256, side)}, 0, 8)
    sizes = yaml.safe_load(str(caught.value).split("patches: ")[-1])
    assert sizes["size_px"] % 8 == 0 and sizes["size_px"] <= 2 * (sizes["block_px"] - sizes["gap_px"])
    counts = re.findall(r"\d+", check_patches(labels, DEFAULT | sizes, 0, 8))
    assert all(int(count) >= 1 for count in counts)


def test_an_image_that_no_sizes_fit_is_refused_with_another_way():
    with pytest.raises(InputError, match=r"pooling\.md"):
        check_patches(disk(40, 12), DEFAULT, 0, 8)


def test_settings_that_fit_are_left_alone(lines):
    assert check_patches(disk(1400, 500), DEFAULT, 0, 8).startswith("blocks: ")
    assert not lines()


def test_sizes_that_leave_few_blocks_are_a_warning(lines):
    assert check_patches(disk(700, 300), DEFAULT, 0, 8) == "blocks: 5 train, 2 validation, 2 test"
    (line,) = lines()
    assert "only 2 validation blocks" in line and "patches.block_px to about 98" in line


@pytest.mark.parametrize("most", [10_000, 640 * 480])
def test_the_coarse_grid_covers_the_same_ground(most):
    grid = Grid("EPSG:32632", Affine(10, 0, 600_000, 0, -10, 5_200_000), 640, 480)
    coarse = coarse_grid(grid, most)
    assert coarse.width * coarse.height <= most * 1.1
    assert coarse.bounds == pytest.approx(grid.bounds, abs=coarse.transform.a)
    assert coarse.transform.c == grid.transform.c and coarse.transform.f == grid.transform.f
