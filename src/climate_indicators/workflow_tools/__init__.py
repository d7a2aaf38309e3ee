"""Records of a run: its jobs, their state, failures, warnings, results.

The modules that the Snakefile imports use only the standard library, so that they work with a bare Snakemake.
"""
