"""Whole runs of the workflow on small sites: results against truth, what re-runs, bad input, real data."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
import yaml

ROOT = Path(__file__).resolve().parents[2]
EVEREST = Path(os.environ.get("GLACIER_EVEREST", ROOT.parent / "shared" / "data" / "glacier_everest"))
WORLD = {"size_px": 160, "resolution_m": 40, "first_year": 2021, "last_year": 2023, "cloudy_year": 2022, "seed": 7}
SMALL = {"glacier": {"sites": {"small": {"source": "simulate", "reference_year": 2021, "simulate": WORLD}}}}


def run(folder, config, *arguments, snakefile=ROOT / "Snakefile"):
    """Run the workflow in ``folder``; its text, and whether it passed."""
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(config))
    command = ["snakemake", "--snakefile", snakefile, "--cores", "2", "--configfile", path, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.stdout + done.stderr, done.returncode == 0


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    text, passed = run(folder, SMALL)
    assert passed, text
    return folder


@pytest.fixture
def files(finished, tmp_path):
    """A site of the user's own files (those of the simulated one), and its configuration."""
    shutil.copytree(finished / "resources" / "glacier" / "small", tmp_path / "data")
    years = [2021, 2022, 2023]
    scenes = [
        {
            "year": year,
            "date": f"{year}-09-15",
            "tiles": [f"data/tiles/{year}_{side}.tif" for side in ("west", "east")],
            "cloud_mask": f"data/clouds/{year}.tif",
        }
        for year in years
    ]
    site = {
        "source": "files",
        "reference_year": 2021,
        "resolution_m": 40,
        "crs": "EPSG:32644",
        "aoi": "data/aoi.gpkg",
        "outlines": {"path": "data/outlines.gpkg", "id_field": "glacier_id"},
        "scenes": scenes,
    }
    return tmp_path, {"glacier": {"sites": {"mine": site}}}


def test_scenes_carry_no_jump_where_the_offset_begins(finished):
    """2021 has no +1000 and 2023 has: on rock and ice alike the medians of reflectance must not differ by 0.1."""
    medians = []
    for year in (2021, 2023):
        with rasterio.open(finished / f"results/glacier/small/scenes/{year}.tif") as raster:
            band = raster.read(raster.descriptions.index("B04") + 1, masked=True)
            medians.append(float(np.ma.median(band)) * raster.scales[0])
            assert raster.crs.to_epsg() == 32644 and raster.nodata == -32768
            assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert abs(medians[1] - medians[0]) < 0.02, medians


def test_cloudy_year_is_half_valid_and_the_others_nearly_whole(finished):
    valid = pd.read_csv(finished / "results/glacier/small/scenes.csv").set_index("scene").valid_fraction
    assert 0.4 < valid[2022] < 0.6
    assert valid.drop(2022).min() > 0.9


def test_labels_are_the_true_extent_of_the_reference_year(finished):
    with rasterio.open(finished / "resources/glacier/small/truth/extent/2021.tif") as raster:
        truth, where = raster.read(1), raster.transform
    with rasterio.open(finished / "results/glacier/small/labels.tif") as raster:
        labels = raster.read(1)
        assert raster.transform.almost_equals(where)
    inside = labels != 255
    assert np.mean(labels[inside] == truth[inside]) > 0.999


def test_true_area_shrinks(finished):
    areas = pd.read_csv(finished / "resources/glacier/small/truth/areas.csv").area_km2
    assert areas.iloc[-1] < areas.iloc[0]


def test_files_give_what_the_simulated_site_gave(finished, files):
    folder, config = files
    text, passed = run(folder, config)
    assert passed, text
    for name in ("glacier_ids.csv", "scenes/2021.tif"):
        mine, theirs = (root / name for root in (folder / "results/glacier/mine", finished / "results/glacier/small"))
        if name.endswith(".csv"):
            assert mine.read_bytes() == theirs.read_bytes()
        else:
            with rasterio.open(mine) as first, rasterio.open(theirs) as second:
                np.testing.assert_array_equal(first.read(), second.read())


def test_second_run_has_nothing_to_do(finished):
    text, passed = run(finished, SMALL)
    assert passed and "Nothing to be done" in text, text


def test_two_runs_give_the_same_tables(finished, tmp_path):
    text, passed = run(tmp_path, SMALL)
    assert passed, text
    tables = sorted(path.relative_to(finished) for path in finished.rglob("*.csv"))
    assert len(tables) >= 6
    for table in tables:
        assert (tmp_path / table).read_bytes() == (finished / table).read_bytes(), table


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("figures/style.py", {"glacier_scenes"}),
        ("outlines.py", {"glacier_labels", "glacier_scenes"}),
        ("cogs.py", {"grid", "scene", "scenes", "glacier_labels", "glacier_scenes"}),
    ],
)
def test_editing_a_module_reruns_the_rules_that_import_it(finished, tmp_path, module, expected):
    copy, work = tmp_path / "workflow", tmp_path / "work"
    for name in ("rules", "scripts", "config", "envs", "report", "profiles"):
        shutil.copytree(ROOT / name, copy / name)
    shutil.copy(ROOT / "Snakefile", copy)
    shutil.copytree(finished, work)
    library = copy / "scripts" / "climate_indicators" / module
    library.write_text(library.read_text() + "\n# edited\n")
    text, passed = run(work, SMALL, "--dry-run", snakefile=copy / "Snakefile")
    assert passed, text
    counts = text.split("Job stats:")[1].split("total")[0].splitlines()[3:]
    jobs = {line.split()[0] for line in counts if line.strip()} - {"all"}
    if module == "cogs.py":
        # the simulator's grid comes from a module that does not write COGs, but its tiles module does
        jobs -= {"simulate_glacier_small"}
    assert jobs == expected, text


def edit(path, change):
    """Rewrite a raster after ``change(pixels, profile)``, its band names kept."""
    with rasterio.open(path) as raster:
        pixels, profile, names = raster.read(), raster.profile, raster.descriptions
    pixels, names = change(pixels, profile, names)
    profile.update(count=len(pixels), dtype=pixels.dtype)
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(pixels)
        raster.descriptions = names


def truncated(folder, site):
    path = folder / "data/tiles/2023_west.tif"
    path.write_bytes(path.read_bytes()[:-2000])


def unreadable(folder, site):
    (folder / "data/tiles/2023_west.tif").write_text("not a raster")


def missing(folder, site):
    (folder / "data/tiles/2023_west.tif").unlink()


def without_band(folder, site):
    edit(folder / "data/tiles/2023_west.tif", lambda pixels, profile, names: (pixels[:4], names[:4]))


def other_order(folder, site):
    edit(folder / "data/tiles/2023_east.tif", lambda pixels, profile, names: (pixels[::-1], names[::-1]))


def without_crs(folder, site):
    def change(pixels, profile, names):
        profile.update(crs=None)
        return pixels, names

    edit(folder / "data/tiles/2023_west.tif", change)


def all_nodata(folder, site):
    for side in ("west", "east"):
        edit(folder / f"data/tiles/2023_{side}.tif", lambda pixels, profile, names: (pixels * 0, names))


def infinite(folder, site):
    def change(pixels, profile, names):
        pixels = pixels.astype("float32")
        pixels[:, 60:64, 60:64] = np.inf
        return pixels, names

    edit(folder / "data/tiles/2023_west.tif", change)


def year_twice(folder, site):
    site["scenes"][1]["year"] = 2023


def unknown_key(folder, site):
    site["outlinez"] = 1


BAD = [
    (truncated, ["2023_west.tif", "truncated"]),
    (unreadable, ["2023_west.tif", "cannot be read as a raster"]),
    (missing, ["2023_west.tif", "Missing input files"]),
    (without_band, ["2023_west.tif", "B11", "listed in the site's `bands`"]),
    (other_order, ["2023_east.tif", "same order"]),
    (without_crs, ["2023_west.tif", "no coordinate reference system"]),
    (all_nodata, ["'mine', scene 2023", "no pixel of the area of interest has a value"]),
    (infinite, ["2023_west.tif", "NaN or infinite"]),
    (year_twice, ["2023", "glacier.sites.mine"]),
    (unknown_key, ["glacier.sites.mine.outlinez", "outlines"]),
]


@pytest.mark.parametrize(("spoil", "words"), BAD, ids=lambda value: getattr(value, "__name__", ""))
def test_bad_input_ends_in_one_clear_message(files, spoil, words):
    folder, config = files
    spoil(folder, config["glacier"]["sites"]["mine"])
    text, passed = run(folder, config)
    assert not passed
    for word in words:
        assert word in text, text
    left = [path for path in (folder / "results").rglob("*") if ".part-" in path.name]
    assert not left, "half-written files stay"


@pytest.mark.skipif(not EVEREST.is_dir(), reason=f"real data not found at {EVEREST}")
def test_everest_outlines_drawn_on_the_grid_keep_their_area(tmp_path):
    config = yaml.safe_load((ROOT / "config/examples/glacier_everest.yaml").read_text())
    config["data_dir"] = str(EVEREST)
    text, passed = run(tmp_path, config)
    assert passed, text
    table = pd.read_csv(tmp_path / "results/glacier/everest_1/glacier_ids.csv")
    assert len(table) == 86
    assert table.area_km2.sum() == pytest.approx(table.polygon_km2.sum(), rel=0.01)
    assert table.polygon_km2.sum() == pytest.approx(254.6, abs=0.1)
    # the Landsat picture is on the grid already: nothing may be resampled
    with rasterio.open(tmp_path / "results/glacier/everest_1/scenes/2000.tif") as scene:
        clipped = scene.read()
    with rasterio.open(EVEREST / "LE71400412000304SGS00_RGB.tif") as original:
        np.testing.assert_array_equal(clipped, np.rint(original.read() / np.float32(255) * 1e4))
