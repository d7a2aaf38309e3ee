"""Slopes of every cell and month, and the means that go with them, as a CF dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from climate_indicators.geo.netcdf import month_starts
from climate_indicators.ocean.biomes.cells import Cells
from climate_indicators.ocean.biomes.membership import Membership
from climate_indicators.ocean.biomes.regression import Regressions, Status, cell_means, regress

FEATURES = ("sst", "dic", "alk")
UNITS = {"sst": "degree_Celsius", "dic": "umol kg-1", "alk": "umol kg-1", "salinity": "1", "fco2": "uatm"}
UNITS |= {"mld": "m", "ice": "1"}
NAMES = {
    "sst": "sea surface temperature",
    "dic": "dissolved inorganic carbon",
    "alk": "total alkalinity",
    "salinity": "practical salinity",
    "fco2": "fugacity of carbon dioxide",
    "mld": "mixed-layer depth",
    "ice": "sea ice fraction",
}
SLOPE_UNITS = {"sst": "uatm K-1", "dic": "uatm kg umol-1", "alk": "uatm kg umol-1", "salinity": "uatm"}
# points of a cell are correlated, so tests with these values would reject far too often
P_VALUE = "computed as if the points were independent: the published filter of cells, not a test"


def slopes_of_month(
    fields: Mapping[str, np.ndarray],
    members: Membership,
    area_m2: np.ndarray,
    n_cells: int,
    salinity: bool = False,
    max_p: float = 0.04,
    min_points: int = 5,
) -> tuple[Regressions, dict[str, np.ndarray]]:
    """Regressions of one month, and the area-weighted means of all fields over the cells.

    Parameters
    ----------
    fields : ``fco2`` and its drivers, and any others; float, one shape; NaN where there is none.
    members : which points belong to which cells.
    area_m2 : float, the fields' shape, m².
    n_cells : number of cells.
    salinity : whether salinity is a further driver, whose significance is not tested.
    max_p, min_points : see `regression.regress`.

    Returns
    -------
    Regressions of shape (drivers, cells), and means by name, each float64 of shape (cells,).
    """
    names = [*FEATURES, "salinity"] if salinity else list(FEATURES)
    drivers = np.stack([fields[name].ravel()[members.point] for name in names])
    target = fields["fco2"].ravel()[members.point]
    found = regress(drivers, target, members.cell, n_cells, max_p, min_points, tested=len(FEATURES))
    flat = np.stack([values.ravel() for values in fields.values()])
    means = cell_means(flat, members.own_cell, area_m2.ravel(), n_cells)
    return found, dict(zip(fields, means, strict=True))


def data_shares(present: np.ndarray, members: Membership, area_m2: np.ndarray, n_cells: int) -> np.ndarray:
    """Share of each cell's own ocean area that has data: float64, shape (cells,), NaN on land.

    Parameters
    ----------
    present : bool, shape of the grid: points that have all quantities that are needed.
    members, area_m2, n_cells : see `slopes_of_month`.
    """
    return cell_means(present.astype("float64").reshape(1, -1), members.own_cell, area_m2.ravel(), n_cells)[0]


def slopes_dataset(
    months: Sequence[str],
    found: Sequence[tuple[Regressions, Mapping[str, np.ndarray]]],
    cells: Cells,
    shares: Sequence[np.ndarray] | None = None,
) -> xr.Dataset:
    """Results of several months of `slopes_of_month` as one dataset.

    Parameters
    ----------
    months : "YYYY-MM".
    found : one per month.
    cells : the cells.
    shares : of `data_shares`, one per month; None for data everywhere.

    Returns
    -------
    Dataset over ``time, lat, lon``: ``slope_sst`` (µatm/K), ``slope_dic`` …, ``p_sst`` …, ``vif_sst`` …, ``r2``,
    ``condition``, ``mean_sst`` …, float32, NaN where a cell has none; ``n_points`` int32; ``status`` int8, see
    `regression.Status`; ``data_share`` float32, share of the cell's ocean that has data, whatever became of it.
    """
    dims = ("time", "lat", "lon")

    def layer(arrays: list[np.ndarray], dtype: str, **attributes: object) -> tuple:
        return dims, np.stack(arrays).reshape(len(months), *cells.shape).astype(dtype), attributes

    fits = [fit for fit, _ in found]
    drivers = [*FEATURES, "salinity"][: len(fits[0].slopes)]
    layers = {}
    for i, name in enumerate(drivers):
        what = f"fCO2 on {NAMES[name]}"
        slopes, p_values, vif = ([getattr(fit, kind)[i] for fit in fits] for kind in ("slopes", "p_values", "vif"))
        layers[f"slope_{name}"] = layer(slopes, "float32", long_name=f"slope of {what}", units=SLOPE_UNITS[name])
        layers[f"p_{name}"] = layer(
            p_values, "float32", long_name=f"p-value of the slope of {what}", units="1", comment=P_VALUE
        )
        layers[f"vif_{name}"] = layer(
            vif, "float32", long_name=f"variance inflation factor of {NAMES[name]}", units="1"
        )
    layers["r2"] = layer([fit.r2 for fit in fits], "float32", long_name="coefficient of determination", units="1")
    layers["condition"] = layer(
        [fit.condition for fit in fits], "float32", long_name="condition number of the standardized drivers", units="1"
    )
    layers["n_points"] = layer([fit.n_points for fit in fits], "int32", long_name="points of the regression", units="1")
    layers["status"] = layer(
        [fit.status for fit in fits],
        "int8",
        long_name="what became of the regression",
        flag_values=np.array([int(status) for status in Status], "int8"),
        flag_meanings=" ".join(status.name.lower() for status in Status),
    )
    if shares is None:
        shares = [np.ones(cells.count)] * len(months)
    layers["data_share"] = layer(
        list(shares), "float32", long_name="share of the cell's ocean that has data in the files", units="1"
    )
    for name in found[0][1]:
        means = [means[name] for _, means in found]
        layers[f"mean_{name}"] = layer(means, "float32", long_name=f"mean {NAMES[name]}", units=UNITS[name])
    coordinates = {
        "time": ("time", month_starts(months), {"standard_name": "time", "long_name": "first day of the month"}),
        "lat": ("lat", cells.lat, {"standard_name": "latitude", "units": "degrees_north"}),
        "lon": ("lon", cells.lon, {"standard_name": "longitude", "units": "degrees_east"}),
    }
    return xr.Dataset(layers, coordinates, {"title": "Slopes of fCO2 on its drivers, by cell and month"})


def kept_slopes(dataset: xr.Dataset) -> np.ndarray:
    """Slopes of temperature, carbon and alkalinity: float64, shape (months, cells, 3), NaN where a cell is not kept.

    Parameters
    ----------
    dataset : as `slopes_dataset` makes it.
    """
    slopes = np.stack([dataset[f"slope_{name}"].values for name in FEATURES], axis=-1).astype("float64")
    slopes[dataset["status"].values != Status.KEPT] = np.nan
    return slopes.reshape(len(slopes), -1, len(FEATURES))


def cell_fields(dataset: xr.Dataset) -> dict[str, np.ndarray]:
    """Means over the cells, float32, shape (months, lat, lon), by name without ``mean_``."""
    return {name.removeprefix("mean_"): dataset[name].values for name in dataset if name.startswith("mean_")}
