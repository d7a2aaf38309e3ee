"""The user's rasters read and checked: fill, radiometry, layout, plausibility."""
