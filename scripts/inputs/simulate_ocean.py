"""Simulate monthly ocean fields for one part of the months, and the true province of every point."""

import numpy as np
import xarray as xr

from climate_indicators.core.log import Progress, start_log
from climate_indicators.geo.netcdf import month_starts, write_fields
from climate_indicators.ocean.biomes.monthly_slopes import NAMES, UNITS
from climate_indicators.ocean.reader.months import months_of_part
from climate_indicators.synthetic.ocean.dataset import SyntheticOcean
from climate_indicators.synthetic.ocean.regimes import REGIMES

log = start_log(snakemake.log[0], snakemake.rule)
settings, months = snakemake.params.site, months_of_part(snakemake.wildcards.part)
first_year = int(snakemake.params.first_month[:4])
site = SyntheticOcean(
    settings["resolution_deg"],
    first_year,
    settings["drift_deg_per_decade"],
    settings["seed"],
    settings["dic_umol_kg_per_decade"],
)
fields, regimes = [], []
progress = Progress(log, len(months), "month")
for month in months:
    year, number = int(month[:4]), int(month[5:])
    fields.append(site.fields(year, number))
    regimes.append(site.regime(year, number))
    progress.step()
dims = ("time", "lat", "lon")
coordinates = {
    "time": ("time", month_starts(months), {"standard_name": "time"}),
    "lat": ("lat", site.lat, {"standard_name": "latitude", "units": "degrees_north"}),
    "lon": ("lon", site.lon, {"standard_name": "longitude", "units": "degrees_east"}),
}
layers = {
    name: (dims, np.stack([month[name] for month in fields]), {"long_name": NAMES[name], "units": UNITS[name]})
    for name in fields[0]
}
flags = {
    "long_name": "true regime",
    "flag_values": np.array(sorted(REGIMES), "int8"),
    "flag_meanings": " ".join(REGIMES[number] for number in sorted(REGIMES)),
}
write_fields(xr.Dataset(layers, coordinates, {"title": "Simulated surface ocean"}), snakemake.output.fields)
truth = xr.Dataset({"regime": (dims, np.stack(regimes), flags)}, coordinates, {"title": "Truth of the simulated ocean"})
write_fields(truth, snakemake.output.truth)
