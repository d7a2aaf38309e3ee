"""Statements of the front page are the numbers of the studies' tables, and text that a page can show."""

import numpy as np
import pandas as pd
import pytest
from docutils.core import publish_parts

from climate_indicators.workflow_tools.overview import COLUMNS, MAX_SITES, overview_text, site_statements

AREAS = pd.DataFrame(
    {
        "year": [2018, 2016, 2017, 2019],
        "area_km2": [60.0, 80.0, 70.0, 10.0],
        "lower_km2": [58.0, 78.0, 68.0, 1.0],
        "upper_km2": [62.0, 82.0, 72.0, 50.0],
        "flag": ["", np.nan, "", "cloudy"],
    }
)
TITLES = {"glacier": "Glacier area", "ocean": "Ocean carbon biomes"}
SENTENCE = pd.DataFrame({"sentence": ["No significant trend: −0.2 km² a year.", "of another series"]})


def test_glacier_change_is_that_of_sound_years_in_order_with_percent():
    said = site_statements("glacier", {"areas": AREAS, "trend": SENTENCE})
    assert said == [
        "Glacier area: 80.00 km² (interval 78.00 to 82.00) in 2016, 60.00 km² (interval 58.00 to 62.00) in 2018; "
        "difference −20.00 km², −25.0 %.",
        "1 of 4 years is flagged and excluded from the trend: 2019 (cloudy).",
        "No significant trend: −0.2 km² a year.",
    ]


def test_termini_are_counted_by_direction_and_have_a_median_rate():
    rates = pd.DataFrame(
        {"slope_per_year": [-50.0, -10.0, 30.0, -2.0, np.nan], "significant": [True, True, True, False, False]}
    )
    said = site_statements("glacier", {"areas": AREAS, "trend": SENTENCE, "retreat": rates})
    assert said[-1] == ("Glacier termini: 2 of 4 retreat and 1 advance significantly; median retreat 6.0 m per year.")
    for none in (rates.iloc[4:], pd.DataFrame(columns=["glacier_id", "sentence"])):
        said = site_statements("glacier", {"areas": AREAS, "trend": SENTENCE, "retreat": none})
        assert "no rate of change" in said[-1]


@pytest.mark.parametrize(
    ("areas", "words"),
    [
        (AREAS[AREAS.year == 2016], "Glacier area: 80.00 km² (interval 78.00 to 82.00) in 2016."),
        (AREAS[AREAS.year == 2019], "All years are flagged."),
        (
            AREAS.assign(area_km2=AREAS.area_km2.replace(80.0, 0.0)),
            "60.00 km² (interval 58.00 to 62.00) in 2018; difference +60.0",
        ),
    ],
)
def test_glaciers_with_one_year_or_none_or_no_ice_at_first(areas, words):
    assert words in site_statements("glacier", {"areas": areas, "trend": SENTENCE})[0]


def test_snow_says_its_first_trend_the_number_of_tests_and_warnings():
    lines = [
        ("data", "Beware: gaps", "17 days are missing.", np.nan, False),
        ("trend", "Snow cover: falls (−2 points per decade, p = 0.01)", "Theil–Sen …", 0.01, True),
        ("trend", "Temperature: rises", "…", 0.02, True),
        (
            "tests",
            "12 tests were made, and 3 are significant at 0.05",
            "about 0.6 would be by chance alone",
            np.nan,
            False,
        ),
    ]
    table = pd.DataFrame(lines, columns=["topic", "statement", "evidence", "p_value", "significant"])
    assert site_statements("snow", {"conclusions": table}) == [
        "Snow cover: falls (−2 points per decade, p = 0.01).",
        "12 tests were made, and 3 are significant at 0.05; about 0.6 would be by chance alone.",
        "1 warning about the data; see the conclusions.",
    ]


def ocean(significant):
    slopes = [0.1, -0.5, 2.0, 0.3, 0.9]
    return pd.DataFrame(
        {
            "scaler": ["frozen"] * 4 + ["monthly"],
            "zone": ["global"] * 3 + ["north", "global"],
            "biome": ["A", "B", "unclassified", "A", "A"],
            "slope_per_year": slopes,
            "significant": significant,
            "n_years": 8,
            "sentence": [f"slope {slope}" for slope in slopes],
        }
    )


def test_ocean_says_the_largest_significant_trend_of_the_whole_ocean():
    assert site_statements("ocean", {"trend": ocean([True] * 5)}) == ["slope -0.5"]
    assert site_statements("ocean", {"trend": ocean([True, False, True, True, True])}) == ["slope 0.1"]
    (none,) = site_statements("ocean", {"trend": ocean([False] * 5)})
    assert none == "No biome has a significant trend under the frozen scaler (8 years)."
    (short,) = site_statements("ocean", {"trend": ocean([False] * 5).assign(slope_per_year=np.nan)})
    assert "8 complete years are too few" in short


def test_carbon_says_the_sentence_of_its_first_series():
    assert site_statements("carbon", {"trend": SENTENCE}) == [SENTENCE.sentence[0]]


@pytest.mark.parametrize(
    ("within", "words"),
    [
        ([True, True], "2 of 2 quantities are within their limits."),
        ([True, False], "1 of 2 quantities are within their limits; outside: trend."),
        ([np.nan, False], "0 of 1 quantities are within their limits; outside: trend."),
    ],
)
def test_what_the_truth_check_missed_is_said(within, words):
    truth = pd.DataFrame({"quantity": ["area 2016", "trend"], "within": within})
    said = site_statements("carbon", {"trend": SENTENCE, "truth": truth})
    assert said[1] == f"Compared with the known truth: {words}"
    known = pd.DataFrame({"quantity": ["a", "worst of many"], "within": [True, False], "expected": [True, False]})
    assert "1 of 1 quantities" in site_statements("carbon", {"trend": SENTENCE, "truth": known})[1]
    many = pd.DataFrame({"quantity": [f"q{number}" for number in range(9)], "within": False})
    assert "q0, q1, q2 and 6 more" in site_statements("carbon", {"trend": SENTENCE, "truth": many})[1]


def test_the_text_is_shown_as_it_is_said():
    rows = [("glacier", f"site_{number}_", number == 0, "p_ < 0.05 *really* `x` |y| a\\b") for number in range(11)]
    text = overview_text(pd.DataFrame([*rows, ("ocean", "seas", True, "no trend")], columns=COLUMNS), TITLES)
    html = publish_parts(text, writer="html", settings_overrides={"report_level": 1, "halt_level": 2})["html_body"]
    assert "p_ &lt; 0.05 *really* `x` |y| a\\b" in html and "<strong>site_0_</strong> (simulated" in html
    assert html.count("<strong>site_") == MAX_SITES and f"{11 - MAX_SITES} more sites" in html
    assert "Glacier area" in html and "Ocean carbon biomes" in html and "system-message" not in html
