"""Synthetic snow scenes and weather."""
