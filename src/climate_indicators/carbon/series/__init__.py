"""Carbon over time: monthly series, trends, steps, forecasts, comparison with measurements."""
