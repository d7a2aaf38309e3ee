"""Embeddings of radar and optical chips, their retrieval and domain shift."""
