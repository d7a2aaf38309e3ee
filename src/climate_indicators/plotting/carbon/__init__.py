"""Figures of vegetation carbon."""
