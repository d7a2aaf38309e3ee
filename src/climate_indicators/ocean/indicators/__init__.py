"""Coverage, trends, seasons and water properties of biomes."""
