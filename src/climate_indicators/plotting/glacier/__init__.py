"""Figures of glaciers."""
