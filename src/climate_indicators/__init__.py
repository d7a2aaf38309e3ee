"""Climate indicators from satellite images and ocean fields: the library of the workflow."""
