"""Synthetic sites with known truth: inputs of the demo and of tests."""
