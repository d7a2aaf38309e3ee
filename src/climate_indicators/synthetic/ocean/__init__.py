"""Synthetic ocean fields."""
