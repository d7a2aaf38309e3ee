"""Scenes from STAC catalogs: search, choice, windows, annual composites."""
