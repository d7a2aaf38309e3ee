"""Synthetic sites whose truth is known: inputs of the demo and of tests."""
