"""Regional regressions, Ward clustering, the cut and the names of biomes."""
