"""Embeddings of radar and colour pictures of the same places: training, retrieval, and how the two domains differ."""
