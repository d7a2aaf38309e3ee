"""Grids, rasters, vector files and terrain."""
