"""Values of the masks that the carbon study writes as PNG."""

VEGETATION, OTHER, NOT_SEEN = 255, 0, 128
