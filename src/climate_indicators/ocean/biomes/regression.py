"""Regressions of fCO2 on its drivers, all cells of a month in one batched pass."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from scipy.special import stdtr

# a driver that others explain to within one part in 1e10 carries rounding, not water
MAX_CONDITION = 1e5
# number of samples per chunk, so that intermediate results fit into the processor cache
_BLOCK = 50_000


class Status(IntEnum):
    """Status of the regression of a cell."""

    KEPT = 0
    NO_POINTS = 1
    TOO_FEW_POINTS = 2
    NOT_SIGNIFICANT = 3
    DEPENDENT_DRIVERS = 4


@dataclass(frozen=True)
class Regressions:
    """Ordinary least squares with intercept in every cell; NaN where a cell has none.

    Attributes
    ----------
    slopes : float64, shape (drivers, cells), target per unit of the driver.
    p_values : float64, shape (drivers, cells), two-sided, of each slope.
    r2 : float64, shape (cells,), coefficient of determination.
    condition : float64, shape (cells,), condition number of the standardized drivers: the square root of the ratio of
        the largest to the smallest eigenvalue of their correlation matrix (Belsley et al. 1980).
    vif : float64, shape (drivers, cells), variance inflation factor of each driver.
    n_points : int32, shape (cells,), points with all values.
    status : int8, shape (cells,), see `Status`.
    """

    slopes: np.ndarray
    p_values: np.ndarray
    r2: np.ndarray
    condition: np.ndarray
    vif: np.ndarray
    n_points: np.ndarray
    status: np.ndarray


def regress(
    drivers: np.ndarray,
    target: np.ndarray,
    cell: np.ndarray,
    n_cells: int,
    max_p: float = 0.04,
    min_points: int = 5,
    tested: int | None = None,
) -> Regressions:
    """Regress the target on the drivers within each cell.

    Values are centered on the cell's mean and divided by its standard deviation before products are summed, and
    residuals are formed explicitly, so that slopes and p-values agree with those of a solver that sees one cell at a
    time.

    Parameters
    ----------
    drivers : float, shape (drivers, samples). A sample with a NaN anywhere is left out.
    target : float, shape (samples,).
    cell : int, shape (samples,), in ascending order: cell of each sample, 0 to ``n_cells`` − 1.
    n_cells : number of cells.
    max_p : a cell is kept if each tested slope has at most this p-value.
    min_points : a cell needs at least so many samples, and never fewer than drivers + 2.
    tested : the first so many drivers decide; the others are controls. None tests all.

    Returns
    -------
    Regressions

    Raises
    ------
    ValueError
        If cells are not in ascending order.
    """
    if np.any(np.diff(cell) < 0):
        raise ValueError("cells must be in ascending order")
    values = np.vstack([drivers, target]).astype("float64", copy=False)
    whole = np.isfinite(values).all(axis=0)
    n_points = np.bincount(cell[whole], minlength=n_cells).astype("int32")
    result = _empty(len(drivers), n_points)
    enough = n_points >= max(min_points, len(drivers) + 2)
    result.status[(n_points > 0) & ~enough] = Status.TOO_FEW_POINTS
    fitted = np.flatnonzero(enough)
    if not fitted.size:
        return result

    values = values.compress(whole & enough[cell], axis=1)
    first = 0
    for cells in np.array_split(fitted, min(len(fitted), 1 + values.shape[1] // _BLOCK)):
        last = first + int(n_points[cells].sum())
        _fit(result, cells, values[:, first:last], max_p, tested)
        first = last
    return result


def _fit(result: Regressions, cells: np.ndarray, values: np.ndarray, max_p: float, tested: int | None) -> None:
    """Put the regressions of some cells into the result; ``values``: their drivers and, last, the target."""
    n_drivers, count = len(values) - 1, result.n_points[cells]
    starts = np.cumsum(count) - count
    centered = values - np.repeat(np.add.reduceat(values, starts, axis=1) / count, count, axis=1)
    spread = np.sqrt(np.add.reduceat(centered**2, starts, axis=1) / count)
    constant = (spread[:n_drivers] <= 1e-12 * np.abs(values[:n_drivers][:, starts])).any(axis=0)
    spread[spread == 0] = 1.0
    scaled = centered / np.repeat(spread, count, axis=1)
    solved = _solve(scaled, starts, count, n_drivers)
    dependent = constant | ~(solved.condition < MAX_CONDITION)

    slopes = solved.beta * spread[-1] / spread[:n_drivers]
    for name, numbers in (("slopes", slopes), ("p_values", solved.p_values), ("vif", solved.vif)):
        getattr(result, name)[:, cells] = np.where(dependent, np.nan, numbers)
    result.r2[cells] = np.where(dependent, np.nan, solved.r2)
    result.condition[cells] = np.where(constant, np.inf, solved.condition)
    weak = ~(solved.p_values[:tested] <= max_p).all(axis=0)
    found = np.where(dependent, Status.DEPENDENT_DRIVERS, np.where(weak, Status.NOT_SIGNIFICANT, Status.KEPT))
    result.status[cells] = found


def cell_means(values: np.ndarray, own_cell: np.ndarray, weight: np.ndarray, n_cells: int) -> np.ndarray:
    """Weighted mean of each field over each cell.

    Parameters
    ----------
    values : float, shape (fields, points); NaN is left out.
    own_cell : int, shape (points,), −1 for none.
    weight : float, shape (points,), such as areas in m².
    n_cells : number of cells.

    Returns
    -------
    float64, shape (fields, n_cells); NaN where a cell has no value.
    """
    means = np.full((len(values), n_cells), np.nan)
    with_module_prefix = np.flatnonzero(own_cell >= 0)
    cell, weight = own_cell[with_module_prefix], weight[with_module_prefix]
    for field, row in zip(values, means, strict=True):
        field = field[with_module_prefix]
        seen = np.isfinite(field)
        total = np.bincount(cell, np.where(seen, field * weight, 0.0), n_cells)
        share = np.bincount(cell, np.where(seen, weight, 0.0), n_cells)
        np.divide(total, share, out=row, where=share > 0)
    return means


@dataclass(frozen=True)
class _Solved:
    beta: np.ndarray
    p_values: np.ndarray
    r2: np.ndarray
    condition: np.ndarray
    vif: np.ndarray


def _solve(scaled: np.ndarray, starts: np.ndarray, count: np.ndarray, n_drivers: int) -> _Solved:
    """Regressions of standardized values, for every cell at once."""
    correlation = np.empty((len(count), n_drivers + 1, n_drivers + 1))
    for i in range(n_drivers + 1):
        for j in range(i, n_drivers + 1):
            products = np.add.reduceat(scaled[i] * scaled[j], starts) / count
            correlation[:, i, j] = correlation[:, j, i] = products
    among, with_target = correlation[:, :n_drivers, :n_drivers], correlation[:, :n_drivers, n_drivers]
    eigenvalues, vectors = np.linalg.eigh(among)
    with np.errstate(divide="ignore", invalid="ignore"):
        condition = np.sqrt(eigenvalues[:, -1] / eigenvalues[:, 0])
        inverse = np.einsum("cik,ck,cjk->cij", vectors, 1 / eigenvalues, vectors)
        beta = np.einsum("cij,cj->ic", inverse, with_target)
        # one row per point: the order of the sums, and with it their last digit, follows from that
        fitted = np.einsum("ji,ji->j", np.repeat(beta.T, count, axis=0), scaled[:n_drivers].T.copy())
        residuals = scaled[-1] - fitted
        unexplained = np.add.reduceat(residuals**2, starts)
        vif = np.einsum("cii->ic", inverse)
        freedom = count - n_drivers - 1
        error = np.sqrt(unexplained / freedom * vif / count)
        p_values = 2 * stdtr(freedom, -np.abs(beta / error))
    total = np.add.reduceat(scaled[-1] ** 2, starts)
    r2 = np.where(total > 0, 1 - unexplained / np.where(total > 0, total, 1), np.nan)
    return _Solved(beta, p_values, r2, condition, vif)


def _empty(n_drivers: int, n_points: np.ndarray) -> Regressions:
    cells = len(n_points)
    return Regressions(
        slopes=np.full((n_drivers, cells), np.nan),
        p_values=np.full((n_drivers, cells), np.nan),
        r2=np.full(cells, np.nan),
        condition=np.full(cells, np.nan),
        vif=np.full((n_drivers, cells), np.nan),
        n_points=n_points,
        status=np.full(cells, Status.NO_POINTS, "int8"),
    )
