"""Grids, rasters, NetCDF and vector files, terrain."""
