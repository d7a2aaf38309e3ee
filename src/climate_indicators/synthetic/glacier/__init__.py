"""Synthetic glaciers."""
