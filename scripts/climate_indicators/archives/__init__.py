"""Archives on the network: what is fetched from them once, checked and kept."""
