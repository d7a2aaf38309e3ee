"""Areas of a control site with each fault of users' files planted: the control's areas, a flag, or a refusal.

The site is a simulated valley of known areas whose files a run reads as a user's own, with a trained network. Each case
plants one fault into a copy of the finished run. Then only what depends on the changed file is made again.
"""

import copy
import shutil
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.warp import Resampling, reproject

from planted import as_glims, change_numbers, eastern, edit, scene_of, tiles, where_data
from runs import SNOW_SITE, SNOW_STUDY, run

pytestmark = pytest.mark.long
WORLD = {"size_px": 384, "resolution_m": 30, "first_year": 2018, "last_year": 2023, "cloudy_year": None, "seed": 7}
YEARS = range(2018, 2024)
REFERENCE = 2018
BANDS = ["B02", "B03", "B04", "B08", "B11"]
SWIR = BANDS.index("B11")
STUDY = {
    "patches": {"size_px": 64, "stride_px": 32, "block_px": 48, "gap_px": 16},
    "network": {"width": 8, "depth": 3, "normalization": "batch"},
    "training": {"epochs": 25, "batch_size": 8, "learning_rate": 0.004, "patience": 10},
    "baselines": {"ratio": ["B04", "B11"], "forest_trees": 20, "forest_samples": 2000},
}
RESULTS = "results/glacier/control"
TARGETS = [f"{RESULTS}/{name}" for name in ("glacier_area_by_year.csv", "trend.csv", "inputs.csv")]


def configured(site):
    return {"glacier": STUDY | {"sites": {"control": site}}}


@dataclass(frozen=True)
class Finished:
    """What a run ended with."""

    folder: object
    text: str
    areas: pd.DataFrame
    trend: pd.Series
    trained: bool

    @property
    def inputs(self):
        return pd.read_csv(self.folder / RESULTS / "inputs.csv", keep_default_na=False)


def finished(folder, text):
    areas = pd.read_csv(folder / TARGETS[0], keep_default_na=False).set_index("year")
    trained = (folder / "logs/glacier/control/train.log").exists()
    return Finished(folder, text, areas, pd.read_csv(folder / TARGETS[1]).iloc[0], trained)


@pytest.fixture(scope="module")
def control(tmp_path_factory):
    """The finished run without a fault, its settings, and the true areas by year."""
    folder = tmp_path_factory.mktemp("control")
    world = {"source": "simulate", "reference_year": REFERENCE, "bands": BANDS, "simulate": WORLD}
    text, passed = run(folder, configured(world), "--", "resources/glacier/control/truth/areas.csv")
    assert passed, text
    (folder / "resources/glacier/control").rename(folder / "data")
    truth = pd.read_csv(folder / "data/truth/areas.csv").set_index("year")
    scenes = [
        {
            "year": year,
            "date": truth.date[year],
            "tiles": [f"data/tiles/{year}_{side}.tif" for side in ("west", "east")],
            "cloud_mask": f"data/clouds/{year}.tif",
        }
        for year in YEARS
    ]
    site = {
        "source": "files",
        "reference_year": REFERENCE,
        "resolution_m": WORLD["resolution_m"],
        "crs": "EPSG:32644",
        "bands": BANDS,
        "aoi": "data/aoi.gpkg",
        "dem": "data/dem.tif",
        "terrain_bands": ["elevation", "slope"],
        "outlines": {"path": "data/outlines.gpkg", "id_field": "glacier_id"},
        "scenes": scenes,
    }
    text, passed = run(folder, configured(site), "--", *TARGETS)
    assert passed, text
    return finished(folder, text), site, truth.area_km2


@pytest.fixture
def again(control, tmp_path):
    """A copy of the finished run and of its settings, without the logs: what a later run logs, it has done."""
    folder = shutil.copytree(control[0].folder, tmp_path / "copy", ignore=shutil.ignore_patterns("logs"))
    return folder, copy.deepcopy(control[1])


def test_the_areas_of_the_control_are_the_true_ones(control):
    found, _, truth = control
    areas = found.areas
    np.testing.assert_allclose(areas.area_km2, truth, rtol=0.05)
    inside = (areas.lower_km2 <= truth) & (truth <= areas.upper_km2)
    assert inside.sum() >= 4, "95 % intervals of six years"
    assert (areas.flag == "").all() and (areas.valid_fraction > 0.9).all() and found.trained
    true_slope = np.polyfit(truth.index, truth, 1)[0]
    assert found.trend.lower_per_year <= true_slope <= found.trend.upper_per_year < 0


# --- what a run may end with


@dataclass(frozen=True)
class Areas:
    """The control's areas.

    ``seen`` are the shares of valid pixels of the years that the fault leaves out in part, which are flagged; ``words``
    are in the run's text, such as a warning that names the file.
    """

    seen: dict[int, tuple[float, float]] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    trains: bool = False

    def check(self, folder, site, control):
        text, passed = run(folder, configured(site), "--", *TARGETS)
        assert passed, text
        found, expected = finished(folder, text), control.areas
        print(found.areas.to_string(), found.trend.sentence, sep="\n")
        for word in self.words:
            assert word in text, text
        assert found.trained is self.trains, "what the network learns from has changed only where `trains` says so"
        for year, row in found.areas.iterrows():
            if year in self.seen:
                low, high = self.seen[year]
                assert row.flag == "cloudy" and low < row.valid_fraction < high, f"{year}: {row.to_dict()}"
                assert row.area_km2 == pytest.approx(expected.area_km2[year], rel=0.05), "filled from other years"
            else:
                assert row.flag == "" and row.valid_fraction == pytest.approx(expected.valid_fraction[year], abs=0.02)
                assert row.lower_km2 <= expected.area_km2[year] <= row.upper_km2, f"{year}: {row.to_dict()}"
        assert not found.trend.lower_per_year > control.trend.slope_per_year
        assert not found.trend.upper_per_year < control.trend.slope_per_year


@dataclass(frozen=True)
class Refused:
    """One message with these words, before a training or a new table of areas."""

    words: tuple[str, ...]

    def check(self, folder, site, control):
        text, passed = run(folder, configured(site), "--", *TARGETS)
        assert not passed, finished(folder, text).areas.to_string()
        for word in self.words:
            assert word in text, text
        logs = folder / "logs/glacier/control"
        assert not (logs / "train.log").exists() and not (logs / "glacier_area_by_year.log").exists()


# --- A1: a pixel lacks some bands


def without_swir(folder, number, dtype="uint16", **profile):
    """The eastern tile of 2021, which is warped onto the grid, lacks one band where the western one shows nothing."""
    for path, east in eastern(folder, 2021, 0.35).items():
        lacking = east & path.stem.endswith("east")

        def change(pixels, part=lacking):
            pixels = np.where((pixels == 0).all(axis=0), profile.get("nodata", 0) or 0, pixels.astype(dtype))
            pixels[SWIR][:, part] = number
            return pixels.astype(dtype)

        change_numbers(path, change, **profile)


def swir_is_declared_zero(folder, site):
    without_swir(folder, 0)


def swir_is_minus_9999(folder, site):
    without_swir(folder, -9999, "int16", nodata=-9999)


def swir_is_undeclared_zero(folder, site):
    without_swir(folder, 0, nodata=None)


# --- A2: undeclared fill


def fill_outside_the_swath(folder, site, number=0, years=(2021, 2023)):
    for year in years:
        for path, east in eastern(folder, year, 0.5).items():
            change_numbers(path, lambda pixels, east=east: np.where(east, number, pixels).astype("uint16"), nodata=None)


def other_fill_outside_the_swath(folder, site):
    fill_outside_the_swath(folder, site, 65535, [2021])


def empty_tile_on_top(folder, site):
    path = folder / "data/tiles/2021_empty.tif"
    shutil.copy(folder / "data/tiles/2021_west.tif", path)
    change_numbers(path, lambda pixels: pixels * 0, nodata=None)
    scene_of(site, 2021)["tiles"].insert(0, "data/tiles/2021_empty.tif")


# --- A3: units and offsets


def reflectance(pixels, offset=0):
    return where_data(pixels, (pixels.astype("float64") + offset) * 1e-4)


def float_reflectance(folder, site):
    for path in tiles(folder, 2021):
        change_numbers(path, lambda pixels: reflectance(pixels).astype("float32"))


def landsat(pixels):
    return where_data(pixels, np.rint((reflectance(pixels) + 0.2) / 2.75e-5)).astype("uint16")


def landsat_with_scale(folder, site):
    for path in tiles(folder, 2019):
        change_numbers(path, landsat, scales=(2.75e-5, -0.2))


def landsat_without_scale(folder, site):
    for path in tiles(folder, 2019):
        change_numbers(path, landsat)


def harmonized(pixels):
    return where_data(pixels, np.clip(pixels.astype("int32") - 1000, 1, None)).astype("uint16")


def offset_removed_twice(folder, site):
    for path in tiles(folder, 2023):
        change_numbers(path, harmonized)


def offset_removed_twice_from_one_tile(folder, site):
    change_numbers(tiles(folder, 2023)[1], harmonized)


def offset_kept(folder, site):
    for path in tiles(folder, 2019):
        change_numbers(path, lambda pixels: where_data(pixels, pixels + 1000).astype("uint16"))


def baseline_on_hls(folder, site):
    site["radiometry"] = {"sentinel2_baseline": True}
    for path in tiles(folder, 2023):
        change_numbers(
            path,
            lambda pixels: np.where((pixels == 0).all(axis=0), -9999, pixels.astype("int32") - 1000).astype("int16"),
            nodata=-9999,
        )


# --- A4: elevation models


def dem_of_three_quarters(folder, site):
    edit(folder / "data/dem.tif", lambda pixels, profile, names: (pixels[..., : -pixels.shape[2] // 4], names))


def voids(number, dtype, count):
    """An elevation model with ``count`` undeclared voids of one to five pixels a side."""

    def plant(folder, site):
        def change(pixels):
            rng = np.random.default_rng(0)
            pixels = np.rint(pixels).astype(dtype)
            for _ in range(count):
                row, col = rng.integers(10, WORLD["size_px"] - 10, 2)
                height, width = rng.integers(1, 6, 2)
                pixels[:, row : row + height, col : col + width] = number
            return pixels

        change_numbers(folder / "data/dem.tif", change, nodata=None)

    return plant


# --- A5: outlines


def outlines(folder):
    return gpd.read_file(folder / "data/outlines.gpkg")


def outlines_behind_another_layer(folder, site):
    right = outlines(folder)
    basin = gpd.read_file(folder / "data/aoi.gpkg").assign(glacier_id="basin")
    (folder / "data/outlines.gpkg").unlink()
    basin.to_file(folder / "data/outlines.gpkg", layer="basin")
    right.to_file(folder / "data/outlines.gpkg", layer="glaciers")


def area_behind_another_layer(folder, site):
    right = gpd.read_file(folder / "data/aoi.gpkg")
    (folder / "data/aoi.gpkg").unlink()
    outlines(folder).to_file(folder / "data/aoi.gpkg", layer="glaciers")
    right.to_file(folder / "data/aoi.gpkg", layer="valley")


def glims_polygons(folder, site):
    as_glims(outlines(folder), REFERENCE).to_file(folder / "data/glims_polygons.shp")
    site["outlines"] = {"path": "data/glims_polygons.shp", "id_field": "glac_id"}


def outlines_are_lines(folder, site):
    lines = outlines(folder)
    lines["geometry"] = lines.boundary
    lines.to_file(folder / "data/lines.gpkg")
    site["outlines"]["path"] = "data/lines.gpkg"


def outlines_are_points(folder, site):
    points = outlines(folder)
    points["geometry"] = points.representative_point()
    points.to_file(folder / "data/points.gpkg")
    site["outlines"]["path"] = "data/points.gpkg"


# --- A7: cloud masks; the scene of 2021 is under cloud where the mask would show it


def mask_of(folder, name="2021"):
    return folder / f"data/clouds/{name}.tif"


def cloudy_mask(folder, path, change):
    """A mask that shows cloud everywhere, with its grid changed by ``change(pixels, profile)``."""

    def overcast(pixels, profile, names):
        return change(np.ones_like(pixels), profile), names

    edit(path, overcast)


def mask_far_away(folder, site):
    def change(pixels, profile):
        profile.update(transform=profile["transform"] @ profile["transform"].translation(200_000 / 30, 0))
        return pixels

    cloudy_mask(folder, mask_of(folder), change)


def mask_of_a_quarter(folder, site):
    half = WORLD["size_px"] // 2
    cloudy_mask(folder, mask_of(folder), lambda pixels, profile: pixels[:, :half, :half])


def mask_without_crs(folder, site):
    def change(pixels, profile):
        profile.update(crs=None)
        return pixels

    cloudy_mask(folder, mask_of(folder), change)


def mask_over_tile(folder, side, cloud):
    """A mask on the grid of a tile of 2021: its true clouds, or, where ``cloud`` is 1, cloud everywhere."""
    path = mask_of(folder, f"2021_{side}")
    shutil.copy(folder / f"data/tiles/2021_{side}.tif", path)

    def of_tile(pixels, profile, names):
        clouds = np.zeros(pixels.shape[1:], "uint8")
        with rasterio.open(mask_of(folder)) as true:
            reproject(
                rasterio.band(true, 1), clouds, dst_transform=profile["transform"], dst_crs=profile["crs"],
                resampling=Resampling.nearest,
            )  # fmt: skip
        return np.maximum(clouds, cloud)[None], ["cloud"]

    edit(path, of_tile)
    return f"data/clouds/2021_{side}.tif"


def mask_of_one_tile(folder, site):
    scene_of(site, 2021)["cloud_mask"] = mask_over_tile(folder, "west", 1)


def mask_of_each_tile(folder, site):
    scene_of(site, 2021)["cloud_mask"] = [mask_over_tile(folder, side, 0) for side in ("west", "east")]


def cloud_over_the_western_tile(folder, site):
    scene_of(site, 2021)["cloud_mask"] = [
        mask_over_tile(folder, side, cloud) for side, cloud in (("west", 1), ("east", 0))
    ]


HALF = (0.4, 0.6)
CASES = {
    "A1 one band is the declared 0 in a part": (swir_is_declared_zero, Areas({2021: (0.55, 0.75)})),
    "A1 one band is the declared -9999 in a part": (swir_is_minus_9999, Areas({2021: (0.55, 0.75)})),
    "A1 one band is an undeclared 0 in a part": (
        swir_is_undeclared_zero,
        Refused(("2021_east.tif", "0 in band B11", "radiometry.nodata: 0")),
    ),
    "A2 undeclared 0 outside the swath in two years": (fill_outside_the_swath, Areas({2021: HALF, 2023: HALF})),
    "A2 undeclared 65535 outside the swath": (
        other_fill_outside_the_swath,
        Refused(("2021_east.tif", "radiometry.nodata: 65535")),
    ),
    "A2 an empty tile overlaps the others": (empty_tile_on_top, Areas()),
    "A3 reflectance from 0 to 1": (float_reflectance, Refused(("2021_west.tif", "radiometry.scale"))),
    "A3 Landsat numbers, scale and offset in the file": (landsat_with_scale, Areas()),
    "A3 Landsat numbers, nothing in the file": (landsat_without_scale, Refused(("2019", "radiometry"))),
    "A3 the offset was removed already": (offset_removed_twice, Refused(("2023_west.tif", "boa_offset_applied: true"))),
    "A3 the offset was removed already from one tile of two": (
        offset_removed_twice_from_one_tile,
        Refused(("2023_east.tif", "boa_offset_applied: true")),
    ),
    "A3 an early scene carries +1000": (offset_kept, Refused(("2019", "processing_baseline", "offset_dn: -1000"))),
    "A3 the baseline of Sentinel-2 for HLS": (baseline_on_hls, Refused(("2023_west.tif", "sentinel2_baseline: false"))),
    "A4 a DEM of three quarters of the site": (
        dem_of_three_quarters,
        Refused(("dem.tif", "of the area of interest", "aoi")),
    ),
    "A4 small voids of -9999": (voids(-9999, "int16", 60), Areas(words=("dem.tif", "interpolated"), trains=True)),
    "A4 small voids of -3.4e38": (voids(-3.4e38, "float32", 60), Areas(words=("dem.tif", "interpolated"), trains=True)),
    "A4 many voids of 0": (voids(0, "int16", 400), Refused(("dem.tif", "of the area of interest"))),
    "A4 many voids of -32767": (voids(-32767, "int16", 400), Refused(("dem.tif", "of the area of interest"))),
    "A5 the outlines are the second layer": (
        outlines_behind_another_layer,
        Refused(("outlines.gpkg", "basin, glaciers", "layer")),
    ),
    "A5 the area of interest is the second layer": (
        area_behind_another_layer,
        Refused(("aoi.gpkg", "glaciers, valley", "layer")),
    ),
    "A5 GLIMS polygons with rocks, a lake and three dates": (glims_polygons, Areas(trains=True)),
    "A5 outlines are lines": (outlines_are_lines, Refused(("lines.gpkg", "polygon", "LineString"))),
    "A5 outlines are points": (outlines_are_points, Refused(("points.gpkg", "polygon", "Point"))),
    "A7 the cloud mask is 200 km away": (mask_far_away, Refused(("clouds/2021.tif", "100.0 % is not covered"))),
    "A7 the cloud mask is a quarter of the scene": (mask_of_a_quarter, Refused(("clouds/2021.tif", "is not covered"))),
    "A7 the cloud mask has no reference system": (mask_without_crs, Refused(("clouds/2021.tif", "reference system"))),
    "A7 a cloud mask of one tile of two": (mask_of_one_tile, Refused(("clouds/2021_west.tif", "is not covered"))),
    "A7 a cloud mask of each tile": (mask_of_each_tile, Areas()),
    "A7 cloud over one of two tiles with masks of their own": (
        cloud_over_the_western_tile,
        Areas({2021: (0.5, 0.7)}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_planted_fault_gives_the_areas_of_the_control_or_a_refusal(control, again, case):
    plant, outcome = CASES[case]
    plant(*again)
    outcome.check(*again, control[0])


# --- A6: radar scenes of the snow study

SNOW = "results/snow/control"
YEAR = 2016
RADAR_TARGETS = [f"{SNOW}/radar/{YEAR}.csv", f"{SNOW}/inputs/radar_{YEAR}.csv"]
WEST = 0.12  # share of a scene that has fill


def snow_config(site, **radar):
    return {"snow": SNOW_STUDY | {"sites": {"control": site}} | ({"radar": radar} if radar else {})}


@pytest.fixture(scope="module")
def radar_control(tmp_path_factory):
    """The radar scenes of a simulated mountain as a user's files, prepared by the workflow; one of them, whole."""
    folder = tmp_path_factory.mktemp("radar_control")
    text, passed = run(folder, snow_config(SNOW_SITE), "--", "resources/snow/control/scenes.csv")
    assert passed, text
    (folder / "resources/snow/control").rename(folder / "data")
    site = {"source": "files", "scenes_table": "data/scenes.csv", "aoi": "data/aoi.gpkg"}
    text, passed = run(folder, snow_config(site), "--", *RADAR_TARGETS)
    assert passed, text
    table = pd.read_csv(folder / RADAR_TARGETS[0])
    return folder, site, table.scene[table.valid_fraction.idxmax()]


def scene_file(folder, scene):
    """File of a radar scene, such as ``20160120_o117``."""
    return folder / f"data/radar/{scene[:4]}-{scene[4:6]}-{scene[6:]}.tif"


def prepared(folder, scene):
    with rasterio.open(folder / SNOW / f"radar/{YEAR}/{scene}.tif") as raster:
        return raster.read(masked=True).astype("float64") * 0.01


def filled(values, number):
    values = values.copy()
    values[:, :, : int(WEST * values.shape[2])] = number
    return values


def power(decibels):
    return 10 ** (decibels / 10)


def hundredths(decibels):
    return np.where(np.isfinite(decibels), np.rint(np.nan_to_num(decibels, neginf=0) * 100), -32768).astype("int16")


def digital(decibels):
    return np.nan_to_num(np.sqrt(power(decibels)) * 600).astype("uint16")


# what becomes of the decibels of the file, nodata, scale and offset, settings; and the words of a refusal, if it is one
RADAR = {
    "decibels with an undeclared fill of 0": (
        lambda db: filled(db, 0), {"nodata": None}, {}, ["number 0", "snow.radar.nodata"],
    ),
    "decibels with a declared fill of 0": (lambda db: filled(db, 0), {"nodata": 0}, {}, []),
    "power": (power, {}, {}, []),
    "power with an undeclared fill of -9999": (lambda db: filled(power(db), -9999), {"nodata": None}, {}, ["-9999"]),
    "power with a fill of -9999 that the settings name": (
        lambda db: filled(power(db), -9999), {"nodata": None}, {"nodata": -9999}, [],
    ),
    "amplitude": (lambda db: np.sqrt(power(db)), {}, {}, ["amplitude", "snow.radar.unit"]),
    "numbers that are not calibrated": (digital, {"nodata": 0}, {}, ["not calibrated"]),
    "hundredths of decibels with their scale": (hundredths, {"nodata": -32768, "scales": (0.01, 0)}, {}, []),
    "hundredths of decibels without their scale": (hundredths, {"nodata": -32768}, {}, ["hundredths"]),
}  # fmt: skip


@pytest.mark.parametrize("case", RADAR)
def test_a_radar_scene_in_another_form_is_prepared_as_the_control_or_refused(radar_control, tmp_path, case):
    change, form, settings, words = RADAR[case]
    before, site, scene = radar_control
    folder = shutil.copytree(before, tmp_path / "copy")
    path = scene_file(folder, scene)
    change_numbers(path, change, **form)
    text, passed = run(folder, snow_config(site, **settings), "--", *RADAR_TARGETS)
    if words:
        assert not passed
        for word in [path.name, *words]:
            assert word in text, text
        return
    assert passed, text
    found, expected = prepared(folder, scene), prepared(before, scene)
    seen = ~(found.mask | expected.mask)
    share = seen.sum() / (~expected.mask).sum()
    assert (0.84 < share < 0.92) if "fill" in case else share > 0.99
    for band in range(2):
        medians = [np.median(values.data[band][seen[band]]) for values in (found, expected)]
        assert medians[0] == pytest.approx(medians[1], abs=0.1), case
    row = pd.read_csv(folder / RADAR_TARGETS[0], index_col="scene").loc[scene]
    assert row.valid_fraction == pytest.approx(share, abs=0.03)


def test_amplitude_of_all_scenes_is_read_as_such_where_the_settings_say_so(radar_control, tmp_path):
    before, site, _ = radar_control
    folder = shutil.copytree(before, tmp_path / "copy")
    for path in (folder / "data/radar").glob(f"{YEAR}-*.tif"):
        change_numbers(path, lambda db: np.sqrt(power(db)))
    text, passed = run(folder, snow_config(site, unit="amplitude"), "--", *RADAR_TARGETS)
    assert passed, text
    found, expected = (pd.read_csv(one / RADAR_TARGETS[0], index_col="scene") for one in (folder, before))
    assert len(found) == len(expected) > 5 and (found.unit == "amplitude").all()
    np.testing.assert_allclose(found.median_vv_db, expected.median_vv_db, atol=0.1)
