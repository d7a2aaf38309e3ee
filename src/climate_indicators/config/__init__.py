"""The configuration: its keys, limits and defaults. Imports nothing heavy."""
