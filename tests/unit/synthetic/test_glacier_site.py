"""The simulated glacier site: its truth is what it says, and single pixels cannot tell where glaciers are."""

import datetime
import math

import numpy as np
import pytest
import rasterio.features
from scipy import ndimage

from climate_indicators.synthetic.dates import date_of_year
from climate_indicators.synthetic.glacier.lakes import flood
from climate_indicators.synthetic.glacier.site import SyntheticGlacierSite, digital_numbers
from climate_indicators.synthetic.glacier.surfaces import BANDS, seasonal_snow
from climate_indicators.synthetic.light import Sun, cast_shadow, direct_light, sun_at_overpass
from climate_indicators.synthetic.terrain import make_terrain

SIZE, RESOLUTION, SEED = 256, 30.0, 7
REFERENCE, CLOUDY = 2016, 2020
YEARS = range(2016, 2025)
CLOUDLESS_SHARE = 0.1


@pytest.fixture(scope="module")
def world():
    return SyntheticGlacierSite(SIZE, RESOLUTION, CLOUDY, SEED)


@pytest.fixture(scope="module")
def ices(world):
    return {year: world.ice(year) for year in YEARS}


@pytest.fixture(scope="module")
def reference(world, ices):
    return world.rendered(REFERENCE, ices[REFERENCE])


def shaded(world, ice, year):
    top = np.where(ice.extent, ice.top_m, world.terrain.elevation_m)
    return cast_shadow(top, RESOLUTION, sun_at_overpass(date_of_year(year, SEED), 31.0)) > 0.5


def iou(found, true):
    return (found & true).sum() / (found | true).sum()


def best_iou(score, true):
    """Highest intersection over union that any threshold on ``score`` reaches, chosen with the truth at hand."""
    return max(iou(score > limit, true) for limit in np.quantile(score, np.linspace(0.02, 0.98, 97)))


def test_same_settings_give_the_same_world(world, reference):
    again = SyntheticGlacierSite(SIZE, RESOLUTION, CLOUDY, SEED)
    rendered = again.rendered(REFERENCE, again.ice(REFERENCE))
    np.testing.assert_array_equal(rendered.reflectance, reference.reflectance)
    np.testing.assert_array_equal(rendered.cloud, reference.cloud)
    other = SyntheticGlacierSite(SIZE, RESOLUTION, CLOUDY, SEED + 1)
    assert np.mean(other.ice(REFERENCE).extent != world.ice(REFERENCE).extent) > 0.05


def test_a_year_does_not_depend_on_the_years_made_before(world, ices):
    fresh = SyntheticGlacierSite(SIZE, RESOLUTION, None, SEED)
    expected = world.rendered(2019, ices[2019]).reflectance
    np.testing.assert_array_equal(fresh.rendered(2019, fresh.ice(2019)).reflectance, expected)


def test_ice_retreats_by_about_a_sixth_with_good_and_bad_years(ices):
    area = np.array([ices[year].extent.sum() for year in YEARS], float)
    assert 0.10 < 1 - area[-1] / area[0] < 0.24
    steps = np.diff(area) / area[0]
    assert steps.max() < 0.01, "no year may gain much ice"
    assert steps.std() > 0.002, "years must differ"


def test_outlines_are_the_extent_of_their_year(world, ices):
    outlines = world.outlines(REFERENCE).to_crs(world.grid.crs)
    drawn = rasterio.features.rasterize(outlines.geometry, out_shape=world.grid.shape, transform=world.grid.transform)
    assert iou(drawn == 1, ices[REFERENCE].extent) > 0.999
    area = ices[REFERENCE].extent.sum() * RESOLUTION**2
    assert outlines.area.sum() == pytest.approx(area, rel=1e-4)
    assert outlines.glacier_id.is_unique and len(outlines) >= 5


def test_offset_begins_with_the_processing_baseline(reference):
    before, after = (digital_numbers(reference.reflectance, datetime.date(2022, 1, day)) for day in (24, 25))
    assert before.dtype == np.uint16 and before.min() >= 1
    dark = before == 1  # 0 means no data, so the darkest value is 1
    np.testing.assert_array_equal(after[~dark].astype(int) - before[~dark], 1000)


def test_one_year_is_half_cloud_and_the_others_nearly_free(world, ices):
    for year in (REFERENCE, 2018, CLOUDY, 2024):
        share = world.rendered(year, ices[year]).cloud.mean()
        assert (share == pytest.approx(0.5, abs=0.01)) if year == CLOUDY else share < CLOUDLESS_SHARE


def test_thin_cloud_reaches_beyond_the_mask(world, ices):
    """Beside the mask, dark ground is brighter than the same ground in a world without the cloud."""
    cloudy = world.rendered(CLOUDY, ices[CLOUDY])
    clear = SyntheticGlacierSite(SIZE, RESOLUTION, None, SEED).rendered(CLOUDY, ices[CLOUDY])
    rise = cloudy.reflectance[BANDS.index("B11")] - clear.reflectance[BANDS.index("B11")]
    unmasked = rise[~cloudy.cloud & ~clear.cloud & ~ices[CLOUDY].extent]
    assert (unmasked > 0.05).sum() > 100
    assert np.mean(unmasked > 0.05) < 0.2


def test_lakes_lie_level_off_the_ice_and_grow_below_the_tongues(world, ices):
    water = world.ground.water
    seen = [(water & ~ices[year].extent).sum() for year in (YEARS[0], YEARS[-1])]
    assert seen[1] > seen[0] > 50
    labels, count = ndimage.label(water)
    heights = [np.ptp(world.terrain.elevation_m[labels == number]) for number in range(1, count + 1)]
    assert count >= 3 and max(heights) == 0
    near_ice = ndimage.binary_dilation(ices[REFERENCE].extent, iterations=4)
    assert (water & near_ice & ~ices[REFERENCE].extent).any(), "no lake touches a glacier"


def test_a_dam_that_buries_a_lake_leaves_no_water_on_its_slope():
    terrain = make_terrain(128, 60.0, 3)
    snouts = np.array([terrain.floor_m[terrain.valley == number].mean() for number in range(9)])
    flooded, water = flood(terrain, snouts)
    assert (flooded.elevation_m >= terrain.elevation_m).all()
    assert (flooded.elevation_m[water] > terrain.elevation_m[water]).all()
    labels, count = ndimage.label(water)
    assert count and max(np.ptp(flooded.elevation_m[labels == number]) for number in range(1, count + 1)) == 0


def test_snow_lies_high_off_the_ice_in_patches_that_differ_from_year_to_year(world, ices):
    snow = {year: seasonal_snow(world.ground, ices[year], year, SEED) > 0.5 for year in (2016, 2017)}
    height = world.terrain.elevation_m
    for year, patches in snow.items():
        free = ~ices[year].extent
        assert not (patches & ~free).any() and not (patches & world.ground.water).any()
        assert 0.005 < patches[free].mean() < 0.06
        assert height[patches].mean() > height[free].mean() + 0.5 * height[free].std()
        sizes = np.bincount(ndimage.label(patches)[0].ravel())[1:]
        assert np.average(sizes, weights=sizes) > 10, "snow lies in patches, not as single pixels"
        assert sizes.max() < 0.05 * ices[year].extent.sum(), "no patch is as large as a glacier"
    assert iou(snow[2016], snow[2017]) < 0.7


def bare_rock(ice, rendered):
    """Pixels off the ice without vegetation, snow, water or cloud, told by their bands."""
    blue, red, infrared, shortwave = (rendered.reflectance[BANDS.index(band)] for band in ("B02", "B04", "B08", "B11"))
    return ~ice.extent & ~rendered.cloud & (infrared < 1.8 * red) & (shortwave > red) & (blue < red)


def test_debris_cannot_be_told_from_rock_pixel_by_pixel(ices, reference):
    """No threshold on a band or a normalized difference of two separates them well, even chosen with the truth."""
    ice, rendered = ices[REFERENCE], reference.reflectance
    debris, rock = (ice.debris > 0.95) & ~reference.cloud, bare_rock(ice, reference)
    assert debris.sum() > 500 and rock.sum() > 2000
    for first in range(len(BANDS)):
        for second in range(first, len(BANDS)):
            score = (
                rendered[first]
                if first == second
                else (rendered[first] - rendered[second]) / (rendered[first] + rendered[second])
            )
            limits = np.quantile(score[debris | rock], np.linspace(0, 1, 41))
            gains = [abs((score[debris] > limit).mean() - (score[rock] > limit).mean()) for limit in limits]
            assert max(gains) < 0.35, (BANDS[first], BANDS[second], max(gains))


def test_debris_is_smoother_than_rock(ices, reference):
    """What tells debris is its texture: brightness changes less from one square of 3 × 3 pixels to the next."""
    ice, side = ices[REFERENCE], SIZE // 3

    def squares(image):
        return image[: 3 * side, : 3 * side].reshape(side, 3, side, 3).swapaxes(1, 2).reshape(side, side, 9)

    brightness = squares(reference.reflectance[BANDS.index("B04")]).mean(axis=2)
    step = np.abs(np.diff(brightness, axis=0)) / brightness[:-1]

    def median_step(mask):
        whole = squares(mask).all(axis=2)
        return np.median(step[whole[:-1] & whole[1:]])

    assert median_step((ice.debris > 0.95) & ~reference.cloud) < 0.8 * median_step(bare_rock(ice, reference))


def test_ice_in_shadow_is_dim(world, ices, reference):
    shadow = shaded(world, ices[REFERENCE], REFERENCE) & ~reference.cloud
    clean = ices[REFERENCE].extent & (ices[REFERENCE].debris < 0.05) & ~reference.cloud
    red = reference.reflectance[BANDS.index("B04")]
    assert (shadow & clean).sum() > 50 and (shadow & ~ices[REFERENCE].extent).sum() > 500
    assert np.median(red[shadow & clean]) < 0.5 * np.median(red[clean & ~shadow])


@pytest.mark.parametrize("index", ["ratio", "brightness"])
def test_no_threshold_finds_the_glaciers(ices, reference, index):
    rendered, clear = reference.reflectance, ~reference.cloud
    ratio = rendered[BANDS.index("B04")] / rendered[BANDS.index("B11")]
    score = ratio if index == "ratio" else rendered.mean(axis=0)
    assert best_iou(score[clear], ices[REFERENCE].extent[clear]) < 0.85


def test_shadow_of_a_wall_is_as_long_as_geometry_says():
    ground = np.zeros((40, 40), np.float32)
    ground[:, 10] = 100.0
    west = Sun(azimuth_rad=math.radians(270), elevation_rad=math.radians(45))
    shadow = cast_shadow(ground, 10.0, west)[20]
    assert (shadow[12:18] > 0.99).all(), "in the lee of the wall"
    assert (shadow[22:] == 0).all() and (shadow[:11] == 0).all(), "beyond 100 m, on the wall and before it"


def test_light_on_slopes():
    level = np.zeros((20, 20), np.float32)
    sun = Sun(azimuth_rad=math.radians(180), elevation_rad=math.radians(45))
    np.testing.assert_allclose(direct_light(level, 10.0, sun), 1.0, rtol=1e-6)
    to_south = np.repeat(-10.0 * np.arange(20, dtype=np.float32)[:, None], 20, axis=1)
    # a slope of 45° faces this sun: cosine 1 instead of sin 45°
    np.testing.assert_allclose(direct_light(to_south, 10.0, sun), math.sqrt(2), rtol=1e-5)
    assert direct_light(-to_south, 10.0, sun).max() < 1e-6


def test_sun_at_equinox_noon_stands_at_the_colatitude():
    sun = sun_at_overpass(datetime.date(2021, 3, 21), 31.0)
    # declination 0: sin(elevation) = cos(latitude) cos(hour angle), and the morning sun stands in the south-east
    expected = math.asin(math.cos(math.radians(31.0)) * math.cos(math.radians(22.5)))
    assert sun.elevation_rad == pytest.approx(expected, abs=0.01)
    assert 90 < math.degrees(sun.azimuth_rad) < 180
