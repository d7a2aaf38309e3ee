"""Figures. Import the module you need: this file imports none."""
