"""Faults planted into the files of a site of one's own: rasters, outlines and radar scenes that users really have."""

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio


def edit(path, change, scales=None):
    """Rewrite a raster after ``change(pixels, profile, names)``; ``scales`` are the scale and offset of all bands."""
    with rasterio.open(path) as raster:
        pixels, profile, names, tags = raster.read(), raster.profile, raster.descriptions, raster.tags()
    pixels, names = change(pixels, profile, names)
    profile.update(count=len(pixels), height=pixels.shape[1], width=pixels.shape[2], dtype=pixels.dtype)
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(pixels)
        raster.descriptions = names
        raster.update_tags(**tags)
        if scales is not None:
            raster.scales, raster.offsets = ((number,) * len(pixels) for number in scales)


def change_numbers(path, change, scales=None, **profile_changes):
    """Rewrite the numbers of a raster: ``change(pixels)``; and its nodata or reference system."""

    def both(pixels, profile, names):
        profile.update(profile_changes)
        return change(pixels), names

    edit(path, both, scales)


def tiles(folder, year):
    """Both tiles of a year."""
    return [folder / f"data/tiles/{year}_{side}.tif" for side in ("west", "east")]


def scene_of(site, year):
    """The settings of a year's scene."""
    return next(scene for scene in site["scenes"] if scene["year"] == year)


def where_data(pixels, values):
    """``values`` where a tile has data; 0, its nodata, elsewhere."""
    return np.where((pixels == 0).all(axis=0), 0, values)


def swath(path, first_x):
    """Columns of a raster that lie east of an easting, bool; the grid of the raster is not turned."""
    with rasterio.open(path) as raster:
        return raster.transform.c + raster.transform.a * (np.arange(raster.width) + 0.5) > first_x


def eastern(folder, year, share):
    """By tile, the columns that lie in the eastern ``share`` of the area of interest, bool."""
    found = {}
    for path in tiles(folder, year):
        with rasterio.open(path) as raster:
            crs = raster.crs
        west, _, east, _ = gpd.read_file(folder / "data/aoi.gpkg").to_crs(crs).total_bounds
        found[path] = swath(path, east - share * (east - west))
    return found


def as_glims(outlines, year):
    """Outlines as GLIMS has them: rocks inside each, an earlier and larger outline, a lake, and a later, smaller one.

    The outlines are widened by discs of ground along their margins, which are the rocks: without these, and of the
    right date, the glaciers are the outlines.

    Parameters
    ----------
    outlines : polygons with ``glacier_id``.
    year : of the outlines.
    """
    local = outlines.to_crs(outlines.estimate_utm_crs()).reset_index(drop=True)
    shapes, whole = local.geometry, local.geometry.union_all()
    discs = gpd.GeoSeries(
        [
            gpd.GeoSeries([shape.boundary.interpolate(share, normalized=True) for share in np.arange(0, 1, 0.1)])
            .buffer(250)
            .union_all()
            for shape in shapes
        ],
        crs=local.crs,
    ).difference(whole)
    kinds = [
        ("glac_bound", year, shapes.union(discs)),
        ("intrnl_rock", year, discs),
        ("glac_bound", 1985, shapes.buffer(250)),
        ("pro_lake", year, shapes.buffer(60)),
        ("glac_bound", year + 20, shapes.buffer(-60)),
    ]
    parts = [
        gpd.GeoDataFrame(
            {
                "line_type": kind,
                "anlys_id": np.arange(len(local)) + 1000 * number,
                "glac_id": local["glacier_id"],
                "src_date": f"{when}-09-15T00:00:00",
            },
            geometry=geometry,
            crs=local.crs,
        )
        for number, (kind, when, geometry) in enumerate(kinds)
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame[~frame.geometry.is_empty].to_crs(4326)
