"""Images of a carbon site: which they are, their dates, masks, labels and splits."""
