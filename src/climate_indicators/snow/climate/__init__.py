"""Snow cover, its dates and its relation to weather."""
