"""Snow: radar and optical scenes, triplets, cover and its dates, weather."""
