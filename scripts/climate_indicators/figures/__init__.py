"""Figures of the indicators; import the module you need, this file imports none."""
