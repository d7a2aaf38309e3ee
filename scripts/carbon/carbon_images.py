"""Check every image of a site and list its properties, date, place, group of duplicates and split.

Opens each image and mask once. Writes ``images.csv`` (one row per image), ``duplicates.csv`` (pairs of duplicates) and
``rejected.csv`` (unusable images, which stop the run unless skip_bad is set).
"""

import pandas as pd

from climate_indicators.carbon.images.arrays import Reading
from climate_indicators.carbon.images.dates import find_dates, find_places
from climate_indicators.carbon.images.duplicates import find_duplicates
from climate_indicators.carbon.images.folders import find_given, list_images, log_contents
from climate_indicators.carbon.images.inventory import (
    COLUMNS,
    build_inventory,
    check_holdout,
    check_pixel_areas,
    log_inventory,
    refuse_problems,
)
from climate_indicators.carbon.images.splits import across_given, assign_splits, group_images
from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.errors import error_context
from climate_indicators.core.log import Progress, start_log

log = start_log(snakemake.log[0], snakemake.rule)
params, limits = snakemake.params, snakemake.params.limits
folder, from_masks = params.folder, params.labels == "masks"
with error_context(f"carbon site '{snakemake.wildcards.site}'"):
    names = list_images(folder, params.masks)
    for place in filter(None, (folder, params.masks)):
        log_contents(place)
    dates = dict(zip(names, find_dates(names, params.dates), strict=True))
    places = dict(zip(names, find_places(names, params.place_pattern), strict=True))
    reading, progress = Reading.from_settings(params.reading), Progress(log, len(names), "image").step
    masks = params.masks if from_masks else None
    stock = build_inventory(folder, names, masks, reading, limits["smallest_px"], progress, params.mask_values)
    if not limits["skip_bad"]:
        refuse_problems(folder, stock.problems)
    table = stock.table
    names = table.image.tolist()
    table["date"], table["place"] = table.image.map(dates), table.image.map(places)
    # a mask without known pixels has no labels
    known = (table["mask"] != "") & (table["unknown_fraction"] < 1)
    table["given"], table["labeled"] = find_given(names), known if from_masks else True
    duplicates = find_duplicates(stock.thumbnails, table.sha256, names, limits["near_bits"])
    duplicates["across_given"] = across_given(duplicates, names, table.given)
    table["group"] = group_images(names, duplicates, table.place)
    table["split"] = assign_splits(table.group, table.labeled, table.given, params.shares, limits["split_seed"])
    check_holdout(table)
    check_pixel_areas(table, params.has_pixel_area, snakemake.wildcards.site)
log_inventory(stock, snakemake.output.rejected)
if duplicates.across_given.any():
    found = duplicates.across_given.sum()
    log.warning("%d pairs of duplicates connect predefined training and test images, so the skill is too high", found)
log.info("%d exact and %d near pairs of duplicates", *[(duplicates.kind == kind).sum() for kind in ("exact", "near")])
log.info("images: %s", ", ".join(f"{count} {split}" for split, count in table.split.value_counts().items()))
order = ["image", "mask", "date", "place", *COLUMNS[2:], "given", "labeled", "group", "split"]
write_csv(table[order], snakemake.output.images)
write_csv(duplicates, snakemake.output.duplicates)
write_csv(pd.DataFrame(stock.problems, columns=["image", "reason"]), snakemake.output.rejected)
