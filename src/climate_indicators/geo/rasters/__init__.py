"""Reading and checking of user rasters: fill, radiometry, layout, plausibility."""
