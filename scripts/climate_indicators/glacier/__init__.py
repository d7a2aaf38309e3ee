"""The glacier study: flowlines, terminus change, elevation."""
