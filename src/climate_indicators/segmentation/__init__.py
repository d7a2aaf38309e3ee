"""Patches, networks, training, prediction and baselines, for all studies of images."""
