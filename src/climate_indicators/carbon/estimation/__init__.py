"""Carbon of images from mapped vegetation, and its error."""
