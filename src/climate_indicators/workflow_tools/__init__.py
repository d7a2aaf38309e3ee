"""Records of a run: its jobs, their state, failures, warnings, results.

Uses the standard library alone where the Snakefile imports it, so that it works beside a bare Snakemake.
"""
