"""The carbon study: carbon of vegetation over images and time, its trends and its forecast."""
