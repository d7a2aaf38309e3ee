"""Which settings go together: rules that span several keys, for any study that segments images."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from climate_indicators.config.download_checks import aoi_problems, outline_problems
from climate_indicators.config.stac_checks import archive_problems
from climate_indicators.core.block_limits import smallest_block_px
from climate_indicators.core.scene_paths import date_apart, repeated, scene_paths

SENTINEL2_SCALE = 1e-4
SIMULATED_BANDS = ("B02", "B03", "B04", "B08", "B11")
FROM_FILES = ("scenes", "outlines", "aoi", "aoi_layer", "dem", "band_names", "crs", "resolution_m")
TRUE_COLORS = (("B04", "B03", "B02"), ("red", "green", "blue"))
SNOW_AND_ICE = ("B04", "B11")  # bright in red, dark in the short-wave infrared
POOLED = "pooled"  # the way to train one network for many sites, and the name under which it stands
TABLES = ("table", "series")  # sources of sites without images
NAMED = 10  # sites that a message lists


def study_problems(path: str, study: Mapping[str, Any]) -> Iterator[str]:
    """Problems among the settings that all sites of a study share, one line each."""
    yield from _patch_problems(path, study["patches"], study["network"])
    yield from window_problems(path, study["prediction"], study["network"])
    yield from warmup_problems(path, study["training"])


def warmup_problems(path: str, training: Mapping[str, Any]) -> Iterator[str]:
    """A warm-up that leaves no epoch for the learning rate to fall."""
    warmup, epochs = training["warmup_epochs"], training["epochs"]
    if warmup >= epochs:
        yield (
            f"{path}.training.warmup_epochs: found {warmup}, but training has {epochs} epochs in all and the learning "
            "rate must fall again; make it smaller."
        )


def has_images(site: Mapping[str, Any]) -> bool:
    """Whether a site has images, from which a network can learn."""
    return site["source"] not in TABLES


def pool_problems(path: str, study: Mapping[str, Any], band_keys: Sequence[str] = ()) -> Iterator[str]:
    """Problems of one network for many sites, one line each.

    Parameters
    ----------
    path : name of the study.
    study : its settings.
    band_keys : settings of a site that together name its bands; none where all sites have the same.
    """
    training, sites = study["training"], study["sites"]
    if POOLED in sites:
        yield f"{path}.sites.{POOLED}: found the name {POOLED}, which is that of all sites together; choose another."
    if training["sites"] != POOLED:
        for key in ("pool", "patches_per_site"):
            if training[key]:
                yield f"{path}.training.{key}: has no effect with sites: {training['sites']}; set sites: {POOLED}."
        return
    with_images = [name for name, site in sites.items() if has_images(site)]
    yield from _unknown_members(f"{path}.training", training["pool"], with_images)
    for name in with_images[1:]:
        first, found = ([band for key in band_keys for band in sites[one][key]] for one in (with_images[0], name))
        if first != found:
            yield (
                f"{path}.sites.{name}: its bands are {', '.join(found)}, those of {path}.sites.{with_images[0]} are "
                f"{', '.join(first)}. One network takes the same bands in the same order: list the same for all sites, "
                f"or set {path}.training.sites: each."
            )


def _unknown_members(path: str, pool: Sequence[str], sites: Sequence[str]) -> Iterator[str]:
    """Members of a pool that are no sites with images."""
    listed = ", ".join(sites[:NAMED]) + (f" and {len(sites) - NAMED} more" if len(sites) > NAMED else "")
    if not sites:
        yield f"{path}.sites: found {POOLED}, but no site of the study has images to learn from; set it to each."
        return
    for name in pool:
        if name not in sites:
            yield f"{path}.pool: found {name!r}, which is no site with images; those are {listed}."


def site_problems(path: str, site: Mapping[str, Any], study: Mapping[str, Any]) -> Iterator[str]:
    """Problems of one site, one line each."""
    if site["source"] == "simulate":
        yield from _simulated_problems(path, site)
    elif site["source"] == "archive":
        yield from archive_problems(path, site)
        yield from terrain_problems(path, site)
    else:
        yield from _files_problems(path, site)
    if site["archive"] is not None and site["source"] != "archive":
        yield f"{path}.archive: has no effect with source: {site['source']}; remove it, or set source: archive."
    yield from outline_problems(path, site)
    yield from aoi_problems(path, site)
    yield from _band_problems(path, site, study)


def _patch_problems(path: str, patches: Mapping[str, Any], network: Mapping[str, Any]) -> Iterator[str]:
    size, stride, block, gap = (patches[key] for key in ("size_px", "stride_px", "block_px", "gap_px"))
    yield from not_multiple(f"{path}.patches.size_px", size, network)
    if stride > size:
        yield (
            f"{path}.patches.stride_px: found {stride}, more than the patch size {size}: pixels between patches would "
            "never be seen. Make it at most the patch size."
        )
    smallest = smallest_block_px(size, gap)
    if block < smallest:
        yield (
            f"{path}.patches.block_px: found {block}; beside its gap ({gap}) a block must hold half a patch ({size}), "
            f"else patches show hardly anything of it. Make it at least {smallest}."
        )
    yield from share_problems(f"{path}.patches", patches)


def share_problems(path: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """Shares of training, validation and test that do not make 1."""
    shares = {key: settings[key] for key in ("train", "validation", "test")}
    if abs(sum(shares.values()) - 1) > 1e-6:
        found = " + ".join(f"{key} {value:g}" for key, value in shares.items())
        yield f"{path}: the shares {found} make {sum(shares.values()):g}; they must make 1."


def window_problems(path: str, prediction: Mapping[str, Any], network: Mapping[str, Any]) -> Iterator[str]:
    """Windows of prediction that do not fit the network or their own margin."""
    halo, blend = prediction["halo_px"], prediction["blend_px"]
    yield from not_multiple(f"{path}.prediction.window_px", prediction["window_px"], network)
    if halo is not None:
        yield from not_multiple(f"{path}.prediction.halo_px", halo, network)
    if halo is not None and blend > halo:
        yield (
            f"{path}.prediction.blend_px: found {blend}, more than halo_px ({halo}); windows are blended inside their "
            "halo, so make it at most that."
        )
    if blend % 2:
        yield f"{path}.prediction.blend_px: found {blend}; half of it lies on each side of a border, so make it even."


def not_multiple(path: str, value: int, network: Mapping[str, Any]) -> Iterator[str]:
    """A side in pixels that the network cannot halve as often as it must."""
    stride = 2 ** network["depth"]
    if value % stride:
        lower = value - value % stride
        near = f"{lower} or {lower + stride}" if lower else str(stride)
        yield (
            f"{path}: {value} is not a multiple of {stride}, the network's stride (2**network.depth with depth "
            f"{network['depth']}). Nearest: {near}."
        )


def _simulated_problems(path: str, site: Mapping[str, Any]) -> Iterator[str]:
    world = site["simulate"]
    first, last, cloudy, reference = (
        world["first_year"],
        world["last_year"],
        world["cloudy_year"],
        site["reference_year"],
    )
    for key in FROM_FILES:
        if site[key]:
            yield f"{path}.{key}: has no effect with source: simulate; remove it, or set source: files."
    if first > last:
        yield f"{path}.simulate.first_year: found {first}, later than last_year ({last}); exchange them."
    elif not first <= reference <= last:
        yield f"{path}.reference_year: found {reference}; the simulated years are {first} to {last}; choose one."
    if cloudy is not None and not first <= cloudy <= last:
        yield f"{path}.simulate.cloudy_year: found {cloudy}; the simulated years are {first} to {last}; null is none."
    if cloudy == reference:
        yield (
            f"{path}.simulate.cloudy_year: found {cloudy}, which is the reference year, the one the network learns "
            "from; choose another year for one of them."
        )
    unknown = [band for band in site["bands"] if band not in SIMULATED_BANDS]
    if unknown:
        yield f"{path}.bands: found {', '.join(unknown)}; the simulated bands are {', '.join(SIMULATED_BANDS)}."


def _files_problems(path: str, site: Mapping[str, Any]) -> Iterator[str]:
    if "simulate" in site:
        yield f"{path}.simulate: has no effect with source: files; remove it, or set source: simulate."
    for key, example in (
        ("scenes", "a list, one entry a year"),
        ("outlines", "with a path, or an archive"),
        ("resolution_m", "such as 10"),
    ):
        if not site[key]:
            yield f"{path}.{key}: missing; source: files needs it ({example})."
    years = Counter(scene["year"] for scene in site["scenes"])
    for year, count in years.items():
        if count > 1:
            yield (
                f"{path}.scenes: year {year} is named {count} times; name each year once, and list all tiles of a "
                "year in its one entry."
            )
    if years and site["reference_year"] not in years:
        yield (
            f"{path}.reference_year: found {site['reference_year']}, but no scene has that year; the scenes have "
            f"{', '.join(map(str, sorted(years)))}."
        )
    for position, scene in enumerate(site["scenes"]):
        yield from _date_problems(f"{path}.scenes[{position}]", scene, site["radiometry"])
    dem = [(f"{path}.dem", site["dem"])] if site["dem"] else []
    yield from repeated([*scene_paths(f"{path}.scenes", site["scenes"], "tiles", "cloud_mask"), *dem])
    yield from terrain_problems(path, site)


def terrain_problems(path: str, site: Mapping[str, Any]) -> Iterator[str]:
    """Channels of the terrain without an elevation model."""
    if site["terrain_bands"] and site["dem"] is None:
        yield (
            f"{path}.terrain_bands: {', '.join(site['terrain_bands'])} needs an elevation model; name one in "
            f"{path}.dem, or empty the list."
        )


def _date_problems(path: str, scene: Mapping[str, Any], radiometry: Mapping[str, Any]) -> Iterator[str]:
    if scene["date"] is None:
        if _needs_date(scene, radiometry):
            yield (
                f"{path}.date: missing for year {scene['year']}; radiometry.sentinel2_baseline needs it to know "
                "whether the numbers carry +1000. Add the date, or set sentinel2_baseline: false for other images."
            )
        return
    try:
        day = datetime.date.fromisoformat(scene["date"])
    except ValueError as error:
        yield f"{path}.date: found {scene['date']}, which is no day of the calendar ({error})."
    else:
        yield from date_apart(f"{path}.date", day, scene["year"])


def _needs_date(scene: Mapping[str, Any], radiometry: Mapping[str, Any]) -> bool:
    """Whether only the date can say that the numbers of a scene carry the offset of Sentinel-2."""
    said = scene["boa_offset_applied"] or scene["offset_dn"] is not None or scene["processing_baseline"] is not None
    others = radiometry["scale"] not in (None, SENTINEL2_SCALE) or radiometry["offset_dn"] is not None
    baseline = radiometry["sentinel2_baseline"]
    return not said and (bool(baseline) or (baseline is None and not others))


def bands_to_show(bands: Sequence[str], rgb: Sequence[str] | None) -> list[str]:
    """Bands of a site that pictures show as red, green and blue.

    Parameters
    ----------
    bands : names of the site's bands.
    rgb : the setting ``figures.rgb``; None takes true colors by the usual names, else the first three bands, else the
        first one as gray.
    """
    if rgb is not None:
        return list(rgb)
    for names in TRUE_COLORS:
        if set(names) <= set(bands):
            return list(names)
    return list(bands[:3]) if len(bands) >= 3 else [bands[0]] * 3


def ratio_of(bands: Sequence[str], ratio: Sequence[str] | str | None) -> list[str] | None:
    """Bands whose ratio the simple method thresholds on a site; None is brightness (setting ``baselines.ratio``)."""
    if ratio == "auto":
        return list(SNOW_AND_ICE) if set(SNOW_AND_ICE) <= set(bands) else None
    return None if ratio is None else list(ratio)


def _band_problems(path: str, site: Mapping[str, Any], study: Mapping[str, Any]) -> Iterator[str]:
    study_path = path.split(".")[0]
    bands = site["bands"]
    shown, ratio = bands_to_show(bands, study["figures"]["rgb"]), ratio_of(bands, study["baselines"]["ratio"])
    for key, used in (("figures.rgb", shown), ("baselines.ratio", ratio or [])):
        missing = [band for band in used if band not in bands]
        if missing:
            yield (
                f"{study_path}.{key}: found band {', '.join(missing)}, but {path}.bands lists {', '.join(bands)}. "
                "Name bands of that list, or set it to null."
            )
    missing = [band for band in bands if site["band_names"] and band not in site["band_names"]]
    if missing:
        yield (
            f"{path}.bands: found {', '.join(missing)}, but {path}.band_names says that the tiles have "
            f"{', '.join(site['band_names'])}."
        )
