"""What all comparisons of methods on held-out data share."""

CONFIDENCE = 0.95
# what a model's name ends with where its probabilities are meant before calibration
UNCALIBRATED = "_uncalibrated"
RELIABILITY_BINS = 15
# range of temperatures; at the coldest the labels are separated without an error and there is no best one
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
