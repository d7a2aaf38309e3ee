"""Models of the configuration: every key with its type, limits, unit, default and description."""
