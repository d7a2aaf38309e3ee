"""Vegetation by rules of color."""

import numpy as np
import pytest

from climate_indicators.carbon.images.color_rules import excess_green, hsv_vegetation, label, ndvi
from refusals import raises_naming

HSV_RULE = {"source": "hsv", "hue": [35, 85], "min_saturation": 40, "min_value": 20}

# red, green, blue; hue, saturation, value as cv2.cvtColor(…, COLOR_RGB2HSV) of OpenCV 4 gives them for 8 bits
COLORS = [
    ((0, 255, 0), (60, 255, 255)),
    ((255, 0, 0), (0, 255, 255)),
    ((0, 0, 255), (120, 255, 255)),
    ((34, 85, 51), (70, 153, 85)),
    ((0, 87, 74), (85, 255, 87)),  # the hue is 85.5 before rounding
    ((200, 200, 200), (0, 0, 200)),
    ((0, 0, 0), (0, 0, 0)),
    ((90, 60, 120), (135, 128, 120)),
    ((250, 10, 60), (174, 245, 250)),  # below red: the hue goes on from 180
]


@pytest.mark.parametrize("color, hsv", COLORS)
def test_scale_is_that_of_opencv(color, hsv):
    """Each of the three numbers is where the rule's bounds switch."""
    pixel = np.array(color, "float32")
    hue, saturation, value = hsv
    everything = {"hue": (0, 180), "min_saturation": 0, "min_value": 0}
    assert hsv_vegetation(pixel, **everything | {"hue": (hue, hue)})
    assert hsv_vegetation(pixel, **everything | {"min_saturation": saturation})
    assert not hsv_vegetation(pixel, **everything | {"min_saturation": saturation + 1})
    assert hsv_vegetation(pixel, **everything | {"min_value": value})
    assert not hsv_vegetation(pixel, **everything | {"min_value": value + 1})


def test_hsv_rule_tells_plants_from_other_ground():
    colors = np.array([[60, 110, 50], [140, 110, 80], [40, 60, 120], [230, 235, 240], [5, 15, 5]], "float32")
    assert hsv_vegetation(colors).tolist() == [True, False, False, False, False]


def test_numbers_between_are_rounded():
    assert hsv_vegetation(np.array([0.0, 19.6, 0.0])) and not hsv_vegetation(np.array([0.0, 19.4, 0.0]))


def test_excess_green_by_hand():
    rgb = np.array([[50, 100, 50], [0, 10, 0], [10, 0, 0], [0, 0, 0], [80, 80, 80]], "float32")
    assert excess_green(rgb) == pytest.approx([0.5, 2.0, -1.0, 0.0, 0.0])
    assert excess_green(rgb).dtype == np.float32
    assert excess_green(rgb * 0.5) == pytest.approx(excess_green(rgb))


def test_ndvi_by_hand():
    values = np.array([[[30.0, 90.0], [0.0, 0.0], [50.0, 0.0]]], "float32")
    assert ndvi(values, 0, 1).tolist() == [[0.5, 0.0, -1.0]]
    assert ndvi(values, 1, 0).tolist() == [[-0.5, 0.0, 1.0]]


def test_labels_have_three_values():
    values = np.array([[[60, 110, 50], [140, 110, 80], [60, 110, 50]]], "float32")
    seen = np.array([[True, True, False]])
    found = label(values, seen, HSV_RULE)
    assert found.tolist() == [[1, 0, 255]] and found.dtype == np.uint8


def test_bands_are_found_by_name_and_the_index_is_a_lower_bound():
    values = np.array([[[90, 50, 110, 60, 30], [30, 80, 110, 140, 90]]], "float32")
    bands = ["near_infrared", "blue", "green", "red", "other"]
    seen = np.ones((1, 2), bool)
    assert label(values, seen, {"source": "ndvi", "min_index": 0.2}, bands).tolist() == [[1, 0]]
    assert label(values, seen, {"source": "ndvi", "min_index": 0.200001}, bands).tolist() == [[0, 0]]
    assert label(values, seen, {"source": "excess_green", "min_index": 0.1}, bands).tolist() == [[1, 0]]
    assert label(values, seen, HSV_RULE, bands).tolist() == [[1, 0]]


def test_unknown_source_or_band_is_refused():
    values, seen = np.zeros((1, 1, 3), "float32"), np.ones((1, 1), bool)
    with raises_naming(ValueError, "hsv", "excess_green", "ndvi"):
        label(values, seen, {"source": "masks"})
    with pytest.raises(ValueError, match="near_infrared"):
        label(values, seen, {"source": "ndvi", "min_index": 0.2})
