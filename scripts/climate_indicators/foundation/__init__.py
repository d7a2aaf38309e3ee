"""Models of others, learnt on large sets of photographs: loaded from folders, asked for masks and features."""
