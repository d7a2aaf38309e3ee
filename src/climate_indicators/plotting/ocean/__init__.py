"""Figures of ocean biomes."""
