"""The ocean study at 0.25 degrees: one month beside a loop over its cells, the tree's memory, and months streamed.

    python benchmarks/ocean.py                           # all three, about 5 minutes
    python benchmarks/ocean.py month --sample 1000       # one month; how many of the loop's cells are measured
    python benchmarks/ocean.py linkage --sizes 2500 5000 10000 40000
    python benchmarks/ocean.py stream --parts 12 48         # months of one job

The fields are simulated on a grid like that of the published study's model (ORCA025): 1442 × 1021 points, closer
towards the poles. The loop goes through the cells as the published study does (doi:10.5194/os-21-587-2025): a table of
all points, from which each cell takes its own by comparison, scikit-learn for slopes and statsmodels for p-values,
scipy's linkage, and lists that are looked through for every merge.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from images import in_new_process, machine

from climate_indicators.config.models.ocean import Points
from climate_indicators.geo.netcdf import month_starts, write_fields
from climate_indicators.ocean.biomes.cells import Cells, degree_cells
from climate_indicators.ocean.biomes.cuts import published_cut
from climate_indicators.ocean.biomes.membership import membership
from climate_indicators.ocean.biomes.monthly_slopes import FEATURES, UNITS, slopes_dataset, slopes_of_month
from climate_indicators.ocean.biomes.regression import Status
from climate_indicators.ocean.biomes.ward import standardize, ward
from climate_indicators.ocean.reader import dataset as datasets
from climate_indicators.ocean.reader.carbonate_system import fco2
from climate_indicators.ocean.reader.points import filter_points
from climate_indicators.synthetic.ocean.dataset import SyntheticOcean

LIMITS = Points().model_dump()  # the defaults of the configuration
CELL_DEG, MAX_P, MIN_POINTS = 2.0, 0.04, 5
DELTA_DIST, DELTA_VAR = 25.0, 0.1
ALL_MONTHS, MONTHS_PER_JOB = 732, 12
EARTH_M = 6_371_000.0
# beyond, a matrix of distances is more than a small machine holds
MAX_FOR_A_MATRIX = 12_000


class ModelGrid(SyntheticOcean):
    """The simulated ocean on 1442 × 1021 points, as far apart from north to south as from west to east."""

    @cached_property
    def lon(self) -> np.ndarray:
        """Longitudes, degrees east."""
        return -180 + 360 / 1442 * (np.arange(1442) + 0.5)

    @cached_property
    def lat(self) -> np.ndarray:
        """Latitudes, degrees north, from 77 degrees south on."""
        rows = np.radians(360 / 1442) * (np.arange(1021) - 498)
        return np.degrees(2 * np.arctan(np.exp(rows)) - np.pi / 2)

    @property
    def spacing_m(self) -> np.ndarray:
        """Distance between neighboring points: float64, shape (lat, lon)."""
        row = EARTH_M * np.radians(360 / 1442) * np.cos(np.radians(self.lat))
        return np.repeat(row[:, None], len(self.lon), axis=1)


def model_ocean() -> ModelGrid:
    """The simulated ocean that all parts of this benchmark use."""
    return ModelGrid(0.25, 2009, 3.0, 3)


def clock(work: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """Result of ``work`` and the seconds it took."""
    start = time.perf_counter()
    result = work(*arguments)
    return result, time.perf_counter() - start


# One month, beside the loop.


def one_month(sample: int, rounds: int) -> None:
    """Print seconds of every step, of the loop and of the workflow."""
    world, cells = model_ocean(), degree_cells(CELL_DEG)
    fields = {name: values.astype("float64") for name, values in world.fields(2009, 1).items()}
    fields["fco2"] = fco2(*(fields[name] for name in ("sst", "salinity", "dic", "alk")))
    fields = filter_points({name: fields[name] for name in (*FEATURES, "fco2")}, world.spacing_m**2, **LIMITS)
    lon, lat = np.meshgrid(world.lon, world.lat)
    table = pd.DataFrame({"lat": lat.ravel(), "lon": lon.ravel()} | {name: f.ravel() for name, f in fields.items()})
    table = table[np.isfinite(table["fco2"])].reset_index(drop=True)

    best, loop = None, None
    for number in range(rounds):
        members, placing = clock(membership, cells, lat, lon, ~world.land)
        (found, _), fitting = clock(slopes_of_month, fields, members, world.spacing_m**2, cells.count)
        (z, _, _), scaling = clock(standardize, found.slopes[:, found.status == Status.KEPT].T)
        tree, joining = clock(ward, z)
        cut, cutting = clock(published_cut, tree, DELTA_DIST, DELTA_VAR)
        ours = np.array([placing, fitting, scaling + joining, cutting])
        # the loop's cells are spread over the rounds, so that both meet the same moods of the machine
        selecting, regressing = loop_over_cells(table, cells, found.slopes, found.status, sample // rounds, seed=number)
        theirs = np.array([selecting, regressing, *loop_over_merges(z, tree.merges, cut.labels)])
        best = ours if best is None else np.minimum(best, ours)
        loop = theirs if loop is None else np.minimum(loop, theirs)

    with_points, kept = int((found.n_points > 0).sum()), len(z)
    print(f"{len(table)} points; {cells.count} cells, {with_points} with points, {kept} kept; {cut.k} clusters")
    print(f"loop over {rounds} × {sample // rounds} cells, scaled to {cells.count}; linkage and cut whole")
    print("| step | loop, s | workflow, s | ratio |\n|---|---|---|---|")
    steps = ("points of the cells", "regressions, means by cell", "linkage", "adaptive cut", "sum")
    for step, slow, fast in zip(steps, (*loop, loop.sum()), (*best, best.sum()), strict=True):
        print(f"| {step} | {slow:.1f} | {fast:.3f} | {slow / fast:.0f} × |")
    later = best.sum() - best[0]
    print(f"| sum, later months of a job | {loop.sum():.1f} | {later:.3f} | {loop.sum() / later:.0f} × |", flush=True)


def loop_over_cells(
    table: pd.DataFrame, cells: Cells, slopes: np.ndarray, status: np.ndarray, sample: int, seed: int
) -> tuple[float, float]:
    """Seconds to select the points of all cells, and to fit and average them, by a sample that must give ``slopes``."""
    import statsmodels.api as sm
    from sklearn.linear_model import LinearRegression

    selecting = regressing = 0.0
    tables = []
    for cell in np.random.default_rng(seed).choice(cells.count, sample, replace=False):
        row, column = divmod(int(cell), cells.shape[1])
        (south, north), (west, east) = cells.lat_edges[row : row + 2], cells.lon_edges[column : column + 2]
        start = time.perf_counter()
        points = table.loc[
            (table["lat"] >= south) & (table["lat"] < north) & (table["lon"] >= west) & (table["lon"] < east)
        ]
        selecting += time.perf_counter() - start
        if len(points) < MIN_POINTS:
            continue
        start = time.perf_counter()
        drivers, target = points[list(FEATURES)].values, points["fco2"].values
        line = LinearRegression().fit(drivers, target)
        line.score(drivers, target)
        p_values = sm.OLS(target, sm.add_constant(drivers, has_constant="add")).fit().pvalues[1:]
        kept = (p_values <= MAX_P).all()
        if kept:
            points["cell"] = cell
            for name, slope in zip(FEATURES, line.coef_, strict=True):
                points[f"slope_{name}"] = slope
            tables.append(points)
        regressing += time.perf_counter() - start
        if kept != (status[cell] == Status.KEPT) or (kept and not np.allclose(slopes[:, cell], line.coef_, rtol=1e-8)):
            raise RuntimeError(f"cell {cell}: slopes {line.coef_}, p-values {p_values}; the workflow has others")
    _, averaging = clock(lambda: pd.concat(tables).groupby("cell").mean())
    regressing += averaging
    return selecting * cells.count / sample, regressing * cells.count / sample


def loop_over_merges(z: np.ndarray, merges: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Seconds of scipy's linkage, and of the cut by lists, which must agree with ``labels`` on the same merges."""
    from scipy.cluster.hierarchy import linkage

    _, linkage_s = clock(linkage, z, "ward")
    found, cut_s = clock(list_cut, z, merges, DELTA_DIST, DELTA_VAR)
    if not np.array_equal(found, labels):
        raise RuntimeError("the cut by lists gives other clusters than the workflow")
    return linkage_s, cut_s


def list_cut(values: np.ndarray, merges: np.ndarray, delta_dist: float, delta_var: float) -> np.ndarray:
    """The published cut: a list of merges, looked through for the slopes and for the cells of every child."""
    n = len(values)
    nodes = [
        {"number": n + place, "children": (int(row[0]), int(row[1])), "height": row[2]}
        for place, row in enumerate(merges)
    ]

    def find(number: int) -> dict[str, Any]:
        for node in nodes:
            if node["number"] == number:
                return node
        return {"number": number, "height": 0.0, "slopes": values[[number]], "cells": [number], "variance": 0.0}

    for node in nodes:
        first, second = node["children"]
        node["slopes"] = np.append(find(first)["slopes"], find(second)["slopes"], axis=0)
        node["cells"] = [*find(first)["cells"], *find(second)["cells"]]
        node["variance"] = np.var(node["slopes"])
    head, stacks, accepted = nodes[-1], ([], []), []
    while head is not None:
        for number, stack in zip(head["children"], stacks, strict=True):
            child = find(number)
            far = abs(head["height"] - child["height"]) > delta_dist
            loose = abs(head["variance"] - child["variance"]) > delta_var
            (stack if number >= n and far and loose else accepted).append(child)
        head = next((stack.pop() for stack in stacks if stack), None)
    labels = np.zeros(n, "int16")
    for label, node in enumerate(accepted, 1):
        labels[node["cells"]] = label
    return labels


# Memory of the tree.


def tree_memory(sizes: list[int]) -> None:
    """Print memory and time of the linkage as the number of cells grows."""
    print("| cells | with distances, MB | s | without, MB | s |\n|---|---|---|---|---|")
    for size in sizes:
        (ours, ours_s), *_ = in_new_process(linkage_growth, "fastcluster", size)
        matrix = "– | –"
        if size <= MAX_FOR_A_MATRIX:
            (theirs, theirs_s), *_ = in_new_process(linkage_growth, "scipy", size)
            matrix = f"{theirs:.0f} | {theirs_s:.2f}"
        print(f"| {size} | {matrix} | {ours:.1f} | {ours_s:.2f} |", flush=True)


def linkage_growth(library: str, size: int) -> tuple[float, float]:
    """MB by which the largest memory of this process grows in a linkage of so many cells, and its seconds."""
    import fastcluster
    from scipy.cluster.hierarchy import linkage

    values = np.random.default_rng(0).normal(size=(size, len(FEATURES)))
    work = {"scipy": linkage, "fastcluster": fastcluster.linkage_vector}[library]
    work(values[:100].copy(), "ward")
    before = forget_largest_memory()
    _, seconds = clock(work, values, "ward")
    return largest_memory() - before, seconds


def forget_largest_memory() -> float:
    """Let the largest memory of this process be counted from now on, so that imports do not hide it; MB."""
    Path("/proc/self/clear_refs").write_text("5")
    return largest_memory()


def largest_memory() -> float:
    """Largest memory of this process so far, MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


# Months streamed through one job.


def streaming(parts: list[int]) -> None:
    """Print time and memory of jobs of different length, and what they say about the whole series."""
    with tempfile.TemporaryDirectory() as folder:
        months = [f"{2009 + place // 12}-{place % 12 + 1:02d}" for place in range(max(parts))]
        in_new_process(make_files, Path(folder), months)
        known, seconds, memory = in_new_process(look_through, settings_of(Path(folder), months[:MONTHS_PER_JOB]))
        print(f"looking through {MONTHS_PER_JOB} months and placing cells: {seconds:.1f} s, {memory:.2f} GB")
        print("| months | s | s a month | opening | reading | fCO2 | regression | writing | memory, GB |")
        print("|---|---|---|---|---|---|---|---|---|")
        measured = []
        for part in parts:
            settings = settings_of(Path(folder), months[:part])
            steps, seconds, memory = in_new_process(job, settings, known, Path(folder) / "slopes.nc")
            measured.append((part, seconds))
            split = " | ".join(f"{seconds:.1f}" for seconds in steps.values())
            print(f"| {part} | {seconds:.1f} | {seconds / part:.2f} | {split} | {memory:.2f} |", flush=True)
    if len(parts) > 1:
        length, seconds = np.array(measured).T
        a_month, a_job = np.polyfit(length, seconds, 1)
        minutes = (ALL_MONTHS * a_month + ALL_MONTHS // MONTHS_PER_JOB * max(a_job, 0.0)) / 60
        print(f"straight line: {a_month:.2f} s a month and {a_job:.1f} s a job")
        print(f"{ALL_MONTHS} months in jobs of {MONTHS_PER_JOB}, extrapolated: {minutes:.0f} minutes of one core")


def make_files(folder: Path, months: list[str]) -> None:
    """Write a file a month, with 2-D coordinates as the model has them, and a mesh with mask and edges of points."""
    world = model_ocean()
    lon, lat = np.meshgrid(world.lon, world.lat)
    dims = ("y", "x")
    coordinates = {
        "nav_lat": (dims, lat, {"standard_name": "latitude", "units": "degrees_north"}),
        "nav_lon": (dims, lon, {"standard_name": "longitude", "units": "degrees_east"}),
    }
    edges = {name: (dims, world.spacing_m, {"units": "m"}) for name in ("e1t", "e2t")}
    mesh = xr.Dataset(edges | {"tmask": (dims, (~world.land).astype("int8"))}, coordinates)
    write_fields(mesh, folder / "mesh.nc")
    for month in months:
        year, number = int(month[:4]), int(month[5:])
        layers = {
            name: (("time", *dims), field[None], {"units": UNITS[name]})
            for name, field in world.fields(year, number).items()
        }
        dated = coordinates | {"time": ("time", month_starts([month]), {"standard_name": "time"})}
        write_fields(xr.Dataset(layers, dated), folder / f"{month}.nc")


def settings_of(folder: Path, months: list[str]) -> dict[str, Any]:
    """Settings of a site whose files are those of `make_files`."""
    mesh = [str(folder / "mesh.nc")]
    return {
        "files": [str(folder / f"{month}.nc") for month in months],
        "variables": {name: {"name": name} for name in ("sst", "salinity", "dic", "alk", "mld", "ice")},
        "mask": {"name": "tmask", "files": mesh},
        "cell_edges": {"x": "e1t", "y": "e2t", "area": None, "files": mesh},
        "first_month": months[0],
        "last_month": months[-1],
    }


def look_through(settings: dict[str, Any]) -> np.ndarray:
    """What `scripts/ocean/ocean_cells.py` does with a data set; its ocean."""
    from climate_indicators.ocean.biomes.membership import cells_dataset

    with datasets.OceanData.open(settings) as data:
        data.inspect()
        cells_dataset(degree_cells(CELL_DEG), data.lat, data.lon, data.ocean, data.area_m2)
        return data.ocean


def job(settings: dict[str, Any], ocean: np.ndarray, target: Path) -> dict[str, float]:
    """What `scripts/ocean/ocean_slopes.py` does with a part; seconds of its steps."""
    spent = dict.fromkeys(("opening", "reading", "fCO2", "regression", "writing"), 0.0)

    def timed(step: str, work: Callable[..., Any], *arguments: Any) -> Any:
        result, seconds = clock(work, *arguments)
        spent[step] += seconds
        return result

    def clocked_fco2(*fields: np.ndarray) -> np.ndarray:
        return timed("fCO2", fco2, *fields)

    datasets.fco2 = clocked_fco2
    cells = degree_cells(CELL_DEG)
    with timed("opening", datasets.OceanData.open, settings, ocean) as data:
        members = timed("opening", membership, cells, data.lat, data.lon, data.ocean)
        found = []
        for month in data.months:
            fields = timed("reading", data.read, month, LIMITS)
            found.append(timed("regression", slopes_of_month, fields, members, data.area_m2, cells.count))
    spent["reading"] -= spent["fCO2"]
    dataset = timed("writing", slopes_dataset, data.months, found, cells)
    timed("writing", write_fields, dataset, target)
    return spent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", choices=["month", "linkage", "stream"], help="none for all")
    parser.add_argument("--sample", type=int, default=600, help="cells of the loop that are measured")
    parser.add_argument("--rounds", type=int, default=3, help="the two ways take turns this often")
    parser.add_argument("--sizes", type=int, nargs="+", default=[2500, 5000, 10_000, 40_000], help="cells of a tree")
    parser.add_argument("--parts", type=int, nargs="+", default=[3, 6, 12, 24], help="months of a job")
    arguments = parser.parse_args()
    print(machine())
    works = {
        "month": lambda: one_month(arguments.sample, arguments.rounds),
        "linkage": lambda: tree_memory(arguments.sizes),
        "stream": lambda: streaming(arguments.parts),
    }
    for name in arguments.what or works:
        print(f"\n{name}")
        works[name]()


if __name__ == "__main__":
    main()
