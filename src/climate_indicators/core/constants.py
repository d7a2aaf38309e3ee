"""Constants of all comparisons of methods on held-out data."""

CONFIDENCE = 0.95
# suffix of the name of a model for its probabilities before calibration
UNCALIBRATED = "_uncalibrated"
RELIABILITY_BINS = 15
# range of temperatures; the lower bound means that labels are separable
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
