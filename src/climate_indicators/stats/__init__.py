"""Skill, calibration, trends, resampling and intervals."""
