"""Radar and optical scenes of a snow site."""
