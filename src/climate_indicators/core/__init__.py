"""What all packages use: errors, files written whole, logs, constants."""
