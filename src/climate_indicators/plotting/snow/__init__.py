"""Figures of snow."""
