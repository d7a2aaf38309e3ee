"""The two kinds of chips and of embeddings."""

RADAR, RGB = "radar", "rgb"
MODALITIES = (RADAR, RGB)
