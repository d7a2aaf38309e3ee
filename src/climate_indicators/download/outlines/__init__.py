"""Glacier outlines from inventories and GLIMS."""
