"""The ocean study: cells, regressions, biomes, their tracking and their coverage."""
