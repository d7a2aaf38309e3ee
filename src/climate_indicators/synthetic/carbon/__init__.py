"""Synthetic vegetation images."""
