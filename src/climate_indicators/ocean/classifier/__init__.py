"""The network that assigns months to biomes, and its comparison with baselines."""
