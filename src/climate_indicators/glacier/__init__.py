"""Glaciers: outlines, areas, terminus retreat, elevation."""
