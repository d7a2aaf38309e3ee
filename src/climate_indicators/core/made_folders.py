"""Output folders of rules with missing files."""

from __future__ import annotations

import re
from pathlib import Path

# file that Snakemake writes into the output folder of a rule
MADE = ".snakemake_timestamp"
_PATH = re.compile(r"[^\s'\"“”,;:()\[\]]+/[^\s'\"“”,;:()\[\]]+")


def missing_parts(message: str) -> str:
    """Advice for an error about files that are missing in folders which a rule has made; empty if there is none.

    Snakemake makes such a folder again if it is missing as a whole, and never looks for the files in it.

    Parameters
    ----------
    message : of the error, with the paths of the files.
    """
    folders = {}
    for text in _PATH.findall(message):
        path = Path(text.rstrip("."))
        made = next((parent for parent in path.parents if (parent / MADE).is_file()), None)
        if made is not None and not path.exists():
            folders.setdefault(made, path)
    return " ".join(
        f"{path} is missing in {folder}, which the workflow makes as a whole: delete the folder {folder} and run again."
        for folder, path in folders.items()
    )
