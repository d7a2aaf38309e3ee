"""Basics for all packages: errors, atomic file writing, logs, constants."""
