"""Daily weather from Open-Meteo."""
