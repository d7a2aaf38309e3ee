"""Which settings of the ocean study go together: rules that span several keys."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from typing import Any
from urllib.parse import unquote, urlsplit

from climate_indicators.core.addresses import as_list

# an address may hide a slash or a line end behind a percent sign; hidden files are those of the fetching itself
_FILE_NAME = re.compile(r"[^/\\.\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]*")
FROM_FILES = ("files", "downloads", "variables", "mask", "climatology", "cell_edges")


def download_name(download: Mapping[str, Any]) -> str:
    """Name under which `files` names a file that is fetched."""
    return download["name"] or unquote(urlsplit(as_list(download["url"])[0]).path.rpartition("/")[2]) or "file"


def ocean_problems(study: Mapping[str, Any]) -> Iterator[str]:
    """Problems of the ocean study's settings, one line each."""
    shares = study["classifier"]["shares"]
    if abs(sum(shares.values()) - 1) > 1e-6:
        found = " + ".join(f"{key} {value:g}" for key, value in shares.items())
        yield f"ocean.classifier.shares: {found} make {sum(shares.values()):g}; they must make 1."
    yield from _zone_problems(study["zones"])
    yield from _competition_problems(study["competition"])
    for name, site in study["sites"].items():
        yield from _site_problems(f"ocean.sites.{name}", site, study)


def _zone_problems(zones: list[Mapping[str, Any]]) -> Iterator[str]:
    for name, count in Counter(zone["name"] for zone in zones).items():
        if count > 1:
            yield f"ocean.zones: the name {name} is used {count} times; give each zone a name of its own."
        if name == "global":
            yield "ocean.zones: the name global stands for the whole ocean, which is always reported; choose another."
    for position, zone in enumerate(zones):
        here = f"ocean.zones[{position}] ({zone['name']})"
        if zone["file"] and (zone["lat"] or zone["lon"]):
            yield f"{here}: has borders and a file of polygons; remove one of them."
        if not (zone["file"] or zone["lat"] or zone["lon"]):
            yield f"{here}: has neither lat, lon nor file; it would be the whole ocean, which is always reported."
        if zone["lat"]:
            yield from _latitude_problems(f"{here}.lat", zone["lat"])
        for west, east in zone["lon"] or ():
            if not (-180 <= west <= 360 and -180 <= east <= 360) or west == east or east - west > 360:
                yield (
                    f"{here}.lon: found [{west:g}, {east:g}]; expected a western and an eastern border within −180 and "
                    "360, not more than 360 degrees apart."
                )


def _competition_problems(bands: list[Mapping[str, Any]]) -> Iterator[str]:
    for name, count in Counter(band["name"] for band in bands).items():
        if count > 1:
            yield f"ocean.competition: the name {name} is used {count} times; give each band a name of its own."
    for position, band in enumerate(bands):
        yield from _latitude_problems(f"ocean.competition[{position}] ({band['name']}).lat", band["lat"])


def _latitude_problems(path: str, lat: list[float]) -> Iterator[str]:
    if not -90 <= lat[0] < lat[1] <= 90:
        yield f"{path}: found {lat}; expected a southern and a northern border within −90 and 90."


def _site_problems(path: str, site: Mapping[str, Any], study: Mapping[str, Any]) -> Iterator[str]:
    first, last, reference = site["first_month"], site["last_month"], site["reference_month"]
    if first > last:
        yield f"{path}.first_month: found {first}, later than last_month ({last}); exchange them."
    elif not first <= reference <= last:
        yield f"{path}.reference_month: found {reference}; the months are {first} to {last}; choose one of them."
    labels = Counter(entry["label"] for entry in site["names"])
    for label, count in labels.items():
        if count > 1:
            yield f"{path}.names: biome {label} is named {count} times; keep one."
    if site["source"] == "simulate":
        yield from _simulated_problems(path, site)
    else:
        yield from _files_problems(path, site, study)


def _simulated_problems(path: str, site: Mapping[str, Any]) -> Iterator[str]:
    for key in FROM_FILES:
        if site[key]:
            yield f"{path}.{key}: has no effect with source: simulate; remove it, or set source: files."
    step = site["simulate"]["resolution_deg"]
    if abs(180 / step - round(180 / step)) > 1e-9:
        yield f"{path}.simulate.resolution_deg: found {step:g}; 180 must be a multiple of it, such as 1 or 0.25."


def _files_problems(path: str, site: Mapping[str, Any], study: Mapping[str, Any]) -> Iterator[str]:
    if "simulate" in site:
        yield f"{path}.simulate: has no effect with source: files; remove it, or set source: simulate."
    variables = site["variables"]
    for name in ("sst", "dic", "alk"):
        if name not in variables:
            yield f"{path}.variables.{name}: missing; fCO2 is regressed on sst, dic and alk."
    if not {"fco2", "pco2", "salinity"} & set(variables):
        yield f"{path}.variables: neither fco2 nor pco2 is named, nor salinity, for computing fCO2; add one."
    if study["regression"]["salinity"] and "salinity" not in variables:
        yield f"{path}.variables.salinity: missing; ocean.regression.salinity needs it. Name it, or set that to false."
    for group in [*(f"variables.{name}" for name in variables), "mask", "cell_edges"]:
        head, _, name = group.partition(".")
        settings = variables[name] if name else site[head]
        if settings and not (settings["files"] or site["files"]):
            yield f"{path}.{group}.files: empty, and so is {path}.files; name the NetCDF files that hold it."
    yield from _download_problems(path, site)
    edges = site["cell_edges"]
    if edges and not (edges["area"] or (edges["x"] and edges["y"])):
        yield f"{path}.cell_edges: needs x and y, or area."


def _download_problems(path: str, site: Mapping[str, Any]) -> Iterator[str]:
    """Downloads of one name, or that nothing reads."""
    groups = [site, *site["variables"].values(), site["mask"], site["cell_edges"], site["coordinates"]]
    read = {name for group in groups if group for name in group["files"]}
    for name, count in Counter(map(download_name, site["downloads"])).items():
        if not _FILE_NAME.fullmatch(name):
            yield (
                f"{path}.downloads: a file would be called {name!r}; expected a name without folders and control "
                "characters that does not begin with a dot. Give it one (name)."
            )
        if count > 1:
            yield f"{path}.downloads: {count} files are called {name}; give each a name of its own (name)."
        if not any(name == one or fnmatch(name, one) for one in read):
            yield f"{path}.downloads: nothing reads {name}; name it in {path}.files, or in the files of a variable."
