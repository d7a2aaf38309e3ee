"""Simulated worlds whose truth is known: the embedded demo's inputs; import the module you need."""
