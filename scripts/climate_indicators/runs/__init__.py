"""Records of a run of the workflow: its jobs, how far they are, what failed and why.

Uses only the standard library: the Snakefile imports it, and it works beside a bare Snakemake.
"""
