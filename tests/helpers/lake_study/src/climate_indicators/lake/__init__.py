"""Lake levels: means of calendar years."""
