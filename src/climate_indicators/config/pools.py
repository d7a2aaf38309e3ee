"""Names and sources of sites that share one network; standard library only."""

from collections.abc import Mapping
from typing import Any

POOLED = "pooled"  # value of `training.sites`, and the name of all sites together
WITHOUT_IMAGES = ("table", "series")


def has_images(site: Mapping[str, Any]) -> bool:
    """Whether a site has images, from which a network can learn."""
    return site["source"] not in WITHOUT_IMAGES
