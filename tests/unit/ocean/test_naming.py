"""Names, families and colors of biomes by rule."""

import numpy as np
import pandas as pd
import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.biomes.naming import Rules, apply_names, biome_table, propose_names, shade
from refusals import raises_naming

SUMMARY = pd.DataFrame(
    {
        "label": [1, 2, 3, 4, 5, 6, 7],
        "area_km2": [5e7, 2e7, 1e7, 3e7, 9e6, 4e6, 1e6],
        "median_abs_latitude": [18.0, 52.0, 74.0, 25.0, 8.0, 36.0, 12.0],
        "slope_dic_z": [-0.9, 0.2, 1.5, -1.1, 0.8, 0.3, 0.4],
        "mean_sst": [24.0, 7.0, -0.9, 26.0, 21.0, 17.0, 27.0],
        "mean_ice": [0.0, 0.01, 0.8, 0.0, 0.0, 0.0, 0.0],
        "mean_fco2": [270.0, 280.0, 260.0, 275.0, 340.0, 290.0, 255.0],
    }
)


def test_families_and_names_numbered_by_area():
    table = propose_names(SUMMARY, ocean_fco2=280.0)
    assert table["family"].tolist() == [
        "subtropical", "subpolar", "ice", "subtropical", "upwelling", "mixed", "mixed",
    ]  # fmt: skip
    assert table["name"].tolist() == ["SUBTR I", "SUBP I", "ICE I", "SUBTR II", "UP I", "MIX I", "MIX II"]
    assert table["label"].tolist() == SUMMARY["label"].tolist()


def test_ice_is_told_from_temperature_where_there_is_no_ice_field():
    bare = SUMMARY.drop(columns="mean_ice")
    assert propose_names(bare)["family"].iloc[2] == "ice"
    unknown = SUMMARY.assign(mean_ice=np.nan, mean_sst=np.nan)
    families = propose_names(unknown)["family"].tolist()
    assert families[2] == "subpolar", "latitude is all that is known"
    assert families[0] == "subtropical" and families[6] == "upwelling"


def test_limits_are_arguments():
    assert propose_names(SUMMARY, rules=Rules(ice_share=0.005))["family"].iloc[1] == "ice"
    assert propose_names(SUMMARY, rules=Rules(low_latitude=10))["family"].iloc[0] == "mixed"
    assert propose_names(SUMMARY, rules=Rules(upwelling_latitude=40))["family"].iloc[5] == "upwelling"


def test_names_go_past_nine():
    many = pd.DataFrame(
        {"label": range(1, 15), "area_km2": range(15, 1, -1), "median_abs_latitude": 20.0, "slope_dic_z": -1.0}
    )
    table = propose_names(many)
    assert table["name"].tolist()[3:5] == ["SUBTR IV", "SUBTR V"]
    assert table["name"].tolist()[8:] == [f"SUBTR {number}" for number in ("IX", "X", "XI", "XII", "XIII", "XIV")]


def test_colors_differ():
    found = [shade(family, number) for family in ("ice", "subpolar", "subtropical", "upwelling", "mixed")
             for number in range(7)]  # fmt: skip
    assert len(set(found)) == len(found)
    assert all(len(each) == 7 and each.startswith("#") for each in found)
    assert propose_names(SUMMARY)["color"].is_unique


def test_given_names_replace_proposed_ones():
    table = propose_names(SUMMARY)
    named = apply_names(table, {"2": "SOUTHERN SUBPOLAR", 5: "EQUATORIAL"})
    assert named["name"].tolist()[1] == "SOUTHERN SUBPOLAR" and named["name"].tolist()[4] == "EQUATORIAL"
    assert named.drop(columns="name").equals(table.drop(columns="name"))
    assert table["name"].tolist()[1] == "SUBP I", "the table given is left as it is"
    assert apply_names(table, {}).equals(table)


def test_wrong_names_are_refused():
    table = propose_names(SUMMARY, ocean_fco2=280.0)
    with raises_naming(InputError, "biome 9", "'ARCTIC'", "1, 2, 3, 4, 5, 6, 7"):
        apply_names(table, {9: "ARCTIC"})
    with raises_naming(InputError, "biomes 1 and 2", "'SUBTR I'"):
        apply_names(table, {2: "SUBTR I"})


def test_biome_table_is_weighted_by_area():
    labels = np.array([1, 1, 2, 2, 2, 0])
    area = np.array([3.0, 1.0, 1.0, 1.0, 2.0, 5.0])
    lat = np.array([10.0, -20.0, 60.0, -70.0, 65.0, 0.0])
    slopes = np.arange(18.0).reshape(6, 3)
    z = slopes - 8
    means = {
        "sst": np.array([24.0, 20.0, 2.0, np.nan, 4.0, 9.0]),
        "ice": np.array([0, 0, 0.5, 0.5, 0.9, 0]),
        "fco2": np.array([270.0, 270, 290, 290, 290, 280]),
    }
    table = biome_table(labels, z, slopes, lat, area, means)
    assert table["label"].tolist() == [1, 2]
    assert table["name"].tolist() == ["SUBTR I", "ICE I"]
    assert table["n_cells"].tolist() == [2, 3]
    assert table["area_km2"].tolist() == [4, 4]
    assert table["median_abs_latitude"].tolist() == [10, 65]
    assert table["mean_sst"].tolist() == pytest.approx([23, 10 / 3])
    assert table["mean_ice"].tolist() == pytest.approx([0, 0.7])
    assert table["slope_sst"].tolist() == pytest.approx([0.75, (6 + 9 + 24) / 4])
    np.testing.assert_allclose(table["slope_sst_z"], table["slope_sst"] - 8)
    assert table["sd_slope_dic_z"].tolist() == pytest.approx(
        [np.sqrt(3 / 4 * 0.75**2 + 1 / 4 * 2.25**2), np.sqrt((3.75**2 + 0.75**2 + 2 * 2.25**2) / 4)]
    )
    assert {"family", "color", "slope_dic", "slope_alk", "slope_dic_z", "slope_alk_z"} <= set(table.columns)


def test_biome_table_without_optional_fields_and_with_four_drivers():
    rng = np.random.default_rng(0)
    labels = np.repeat([1, 2], 20)
    z = rng.normal(size=(40, 4))
    table = biome_table(labels, z, z, np.full(40, 30.0), np.ones(40), {}, drivers=("sst", "dic", "alk", "salinity"))
    assert table["mean_ice"].isna().all()
    assert table["slope_salinity"].tolist() == pytest.approx([z[:20, 3].mean(), z[20:, 3].mean()])
