"""Triplets of radar, optical image and snow mask, and the skill of models on them."""
