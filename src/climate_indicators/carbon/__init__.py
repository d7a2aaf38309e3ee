"""Vegetation carbon: images, their carbon, its series and its forecast."""
