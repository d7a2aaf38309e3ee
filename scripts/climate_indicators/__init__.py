"""Climate indicators from satellite images and ocean fields: the library under every script of the workflow.

Modules are small and independent, so that editing one makes stale only the rules whose scripts import it. Import the
module you need (``from climate_indicators.raster import read_stack``); this package file imports none of them.
"""
