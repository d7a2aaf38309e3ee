"""Ocean carbon biomes: fields, regressions, biomes, their classifier and their coverage."""
