"""Regress fCO2 on its drivers in every cell and month of one part, and average all fields by cell."""

import time
from collections import Counter

from climate_indicators.core.log import Progress, start_log
from climate_indicators.geo.netcdf import read_fields, write_fields
from climate_indicators.ocean.biomes.membership import cells_of_dataset, membership
from climate_indicators.ocean.biomes.monthly_slopes import data_shares, slopes_dataset, slopes_of_month
from climate_indicators.ocean.biomes.regression import Status
from climate_indicators.ocean.reader.dataset import OceanData

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
known = read_fields(snakemake.input.cells)
cells = cells_of_dataset(known)
with OceanData.open(params.data, known.point_is_ocean.values == 1) as data:
    members = membership(cells, data.lat, data.lon, data.ocean, params.min_points)
    also_needed = ["salinity"] if params.regression["salinity"] else []
    found, shares, progress = [], [], Progress(log, len(data.months), "month")
    for month in data.months:
        start = time.monotonic()
        fields, present = data.read_month(month, params.points, also_needed)
        shares.append(data_shares(present, members, data.area_m2, cells.count))
        found.append(slopes_of_month(fields, members, data.area_m2, cells.count, **params.regression))
        reasons = Counter(found[-1][0].status.tolist())
        told = ", ".join(f"{reasons[status]} {status.name.lower()}" for status in Status if reasons[status])
        log.info("%s: %s, %.1f s", month, told.replace("_", " "), time.monotonic() - start)
        progress.step()
write_fields(slopes_dataset(data.months, found, cells, shares), snakemake.output.slopes)
