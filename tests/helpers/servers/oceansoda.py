"""OceanSODA-ETHZ as its archive serves it: a file of all months on a global 1° grid, made of the simulated ocean."""

from pathlib import Path

import numpy as np
import xarray as xr

from climate_indicators.ocean.reader.months import month_range
from climate_indicators.synthetic.ocean.dataset import SyntheticOcean
from ocean_files import chemical_pco2

GAP = -1e34
UNITS = {"temperature": "°C", "salinity": "PSU", "dic": "µmol/kg", "talk": "µmol/kg", "spco2": "µatm"}


def water(world: SyntheticOcean, month: str) -> dict[str, np.ndarray]:
    """Fields of a month under the product's names, NaN on land and where the product has nothing."""
    fields = world.fields(int(month[:4]), int(month[5:]))
    # the product ends where ice covers the sea, and knows no inland seas
    known = (fields["ice"] < 0.9) & (world.lat[:, None] < 80)
    fields = {key: np.where(known, field, np.nan) for key, field in fields.items()}
    names = {"temperature": "sst", "salinity": "salinity", "dic": "dic", "talk": "alk"}
    return {name: fields[key] for name, key in names.items()} | {"spco2": chemical_pco2(fields)}


def oceansoda_file(path: Path, world: SyntheticOcean, first: str, last: str) -> None:
    """Write the product: months dated in their middle, longitudes from −179.5°, fill values, and an area beside."""
    months = month_range(first, last)
    stacks = [water(world, month) for month in months]
    middle = [np.datetime64(month, "D") + 14 for month in months]
    layers = {
        name: (("time", "lat", "lon"), np.stack([one[name] for one in stacks]).astype("float32"), {"units": unit})
        for name, unit in UNITS.items()
    }
    area = np.cos(np.radians(world.lat))[:, None] * np.where(world.land, 0.0, 1.2e10)
    dataset = xr.Dataset(
        layers | {"area": (("lat", "lon"), area, {"units": "m^2"})},
        {"time": middle, "lat": world.lat, "lon": world.lon},
    )
    packed = {name: {"_FillValue": np.float32(GAP), "zlib": True, "complevel": 1} for name in UNITS}
    dataset.to_netcdf(path, encoding=packed | {"time": {"units": "days since 1982-01-01"}})
