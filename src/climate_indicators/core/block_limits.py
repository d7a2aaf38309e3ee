"""Smallest spatial block that patches of a size need; standard library only."""

from __future__ import annotations


def smallest_block_px(size_px: int, gap_px: int) -> int:
    """Smallest side of a block, in pixels: half a patch of side ``size_px`` plus the gap."""
    return -(-size_px // 2) + gap_px
