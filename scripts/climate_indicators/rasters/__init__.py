"""Rasters of the user and of archives: what a file holds, read onto a site's grid; import the module you need."""
