"""Which settings of the snow study go together: rules that span several keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

NEEDED = {"table": ("table",), "series": ("snow", "weather")}


def snow_problems(study: Mapping[str, Any]) -> Iterator[str]:
    """Problems of the snow study's settings, one line each."""
    for name, site in study["sites"].items():
        path, source = f"snow.sites.{name}", site["source"]
        for other, keys in NEEDED.items():
            for key in keys:
                if other == source and not site[key]:
                    yield f"{path}.{key}: missing; source: {source} needs it."
                if other != source and site[key]:
                    yield f"{path}.{key}: has no effect with source: {source}; remove it, or set source: {other}."
        known = {"date", "place", site["measure"], *study["climate"]["variables"]}
        for key in site["columns"]:
            if key not in known:
                yield f"{path}.columns.{key}: no such column is used; those that are: {', '.join(sorted(known))}."
