"""Sites and scenes from tables: the same settings as in YAML, and messages that name file, line and column."""

import pytest

from climate_indicators.config.validation import ConfigError, check

SITES = """site,source,reference_year,bands,outlines.path,outlines.where,resolution_m,aoi
alp, files,2019,B04; B03;B02,alp.gpkg,"RGIId = 'a, b'",10,
tal,files,2020,,tal.gpkg,,20.5,tal_aoi.gpkg
"""
SCENES = """site,year,date,tile,cloud_mask
tal,2020,2020-09-01,t20.tif,c20.tif
alp,2019,2019-09-01,west19.tif,
alp,2019,,east19.tif,
alp,2020,2020-09-02,alp20.tif,
"""
DEFAULTS = {"outlines": {"id_field": "RGIId"}, "bands": ["B02", "B03", "B04"], "radiometry": {"nodata": 0}}


def study(folder, sites=SITES, scenes=SCENES, **more):
    (folder / "sites.csv").write_text(sites)
    (folder / "scenes.csv").write_text(scenes)
    tables = {"site_table": "sites.csv", "scene_table": "scenes.csv", "site_defaults": DEFAULTS}
    return {"data_dir": str(folder), "glacier": {**tables, "baselines": {"ratio": None}, **more}}


def problems(config):
    with pytest.raises(ConfigError) as caught:
        check(config)
    return caught.value.problems


def simulated(folder, text, **more):
    (folder / "sites.csv").write_text(text)
    return {"data_dir": str(folder), "glacier": {"site_table": "sites.csv", **more}}


def test_tables_give_what_yaml_gives(tmp_path):
    alp = {
        "source": "files",
        "reference_year": 2019,
        "bands": ["B04", "B03", "B02"],
        "outlines": {"path": "alp.gpkg", "where": "RGIId = 'a, b'", "id_field": "RGIId"},
        "resolution_m": 10.0,
        "radiometry": {"nodata": 0},
        "scenes": [
            {"year": 2019, "date": "2019-09-01", "tiles": ["west19.tif", "east19.tif"]},
            {"year": 2020, "date": "2020-09-02", "tiles": ["alp20.tif"]},
        ],
    }
    tal = {
        "source": "files",
        "reference_year": 2020,
        "bands": ["B02", "B03", "B04"],
        "outlines": {"path": "tal.gpkg", "id_field": "RGIId"},
        "resolution_m": 20.5,
        "aoi": "tal_aoi.gpkg",
        "radiometry": {"nodata": 0},
        "scenes": [{"year": 2020, "date": "2020-09-01", "tiles": ["t20.tif"], "cloud_mask": "c20.tif"}],
    }
    expected = check({"glacier": {"sites": {"alp": alp, "tal": tal}, "baselines": {"ratio": None}}})
    assert check(study(tmp_path))["glacier"]["sites"] == expected["glacier"]["sites"]


def test_every_study_reads_a_table_beside_its_yaml(tmp_path):
    (tmp_path / "snow.csv").write_text("site,simulate.seed,simulate.warming_c_per_decade\nb,3,0.5\n")
    (tmp_path / "carbon.csv").write_text("site,simulate.first_month,simulate.places\nc,2013-02,5\n")
    (tmp_path / "ocean.csv").write_text("site,first_month,last_month,reference_month\nd,2004-01,2005-12,2004-06\n")
    simulated = {"site_defaults": {"source": "simulate"}}
    config = {
        "data_dir": str(tmp_path),
        "snow": {"sites": {"a": {"source": "simulate"}}, "site_table": "snow.csv", **simulated},
        "carbon": {"site_table": "carbon.csv", **simulated},
        "ocean": {"site_table": "ocean.csv", **simulated},
    }
    found = check(config)
    assert list(found["snow"]["sites"]) == ["a", "b"]
    assert found["snow"]["sites"]["b"]["simulate"]["warming_c_per_decade"] == 0.5
    assert (
        found["carbon"]["sites"]["c"]["simulate"] | {"places": 5, "first_month": "2013-02"}
        == (found["carbon"]["sites"]["c"]["simulate"])
    )
    assert found["ocean"]["sites"]["d"]["reference_month"] == "2004-06"


def test_own_settings_win_over_defaults_and_null_can_be_said(tmp_path):
    text = "site,simulate.cloudy_year,simulate.seed\na,null,\nb,2021,4\n"
    defaults = {"source": "simulate", "reference_year": 2016, "simulate": {"seed": 9, "cloudy_year": 2018}}
    sites = check(simulated(tmp_path, text, site_defaults=defaults))["glacier"]["sites"]
    assert [(site["simulate"]["cloudy_year"], site["simulate"]["seed"]) for site in sites.values()] == [
        (None, 9),
        (2021, 4),
    ]


@pytest.mark.parametrize(
    ("sites", "words"),
    [
        ("site,reference_yaer\na,2016\n", "sites.csv, line 1: unknown column 'reference_yaer'. Did you mean reference"),
        ("site,simulate.sede\na,2016\n", "Did you mean simulate.seed?"),
        ("site,scenes\na,2016\n", "sites.csv, line 1: unknown column 'scenes'"),
        ("name,source\na,simulate\n", "sites.csv, line 1: no column site; found name, source"),
        ("site;source\na;simulate\n", "sites.csv, line 1: no column site; found site;source"),
        ("site,aoi,aoi\na,,\n", "line 1: column aoi stands there twice"),
        ("site,aoi\n", "sites.csv: the table has no line below its header"),
        ("site,aoi\na\n", "sites.csv, line 2: found 1 cells, expected 2, one a column (site, aoi)"),
        ("site,aoi\n,b\n", "sites.csv, line 2, column site: empty"),
        ("site\nBig-One\n", "sites.csv, line 2, column site: found the name 'Big-One'; names have lower-case"),
        ("site\na\n\na\n", "sites.csv, line 4, column site: found 'a', which line 2 has already"),
        ("site,reference_year\na,2016\nb,20x6\n", "line 3, column reference_year: glacier.sites.b.reference_year: f"),
        (
            "site,simulate.first_year\na,2018\n",
            "sites.csv, line 2: glacier.sites.a.reference_year: found 2016; the sim",
        ),
        ("site,simulate.cloudy_year\na,2030\n", "line 2, column simulate.cloudy_year: glacier.sites.a.simulate.cloudy"),
        ("site,bands\na,B02;B12\n", "sites.csv, line 2, column bands: glacier.sites.a.bands: found B12"),
        ("site,split_seed\na,1\nb,nan\n", "line 3, column split_seed: glacier.sites.b.split_seed: found the text"),
        ("site,simulate.resolution_m\na,nan\n", "line 2, column simulate.resolution_m: glacier.sites.a.simulate.res"),
        ("site,simulate.resolution_m\na,1e999\n", "glacier.sites.a.simulate.resolution_m: found inf"),
        ("site,simulate.resolution_m\na,1e308\n", "glacier.sites.a.simulate.resolution_m: found 1e+308; expected"),
        ("site,simulate.seed\na," + "9" * 400 + "\n", "line 2, column simulate.seed: glacier.sites.a.simulate.seed: "),
    ],
)
def test_message_of_a_wrong_table_of_sites(tmp_path, sites, words):
    defaults = {"source": "simulate", "reference_year": 2016}
    config = simulated(tmp_path, sites, site_defaults=defaults, figures={"rgb": ["B02"] * 3}, baselines={"ratio": None})
    (problem,) = problems(config)
    assert words in problem


def test_a_table_that_is_not_there(tmp_path):
    (problem,) = problems({"data_dir": str(tmp_path), "glacier": {"site_table": "none.csv"}})
    assert problem.startswith("glacier.site_table: ") and "none.csv" in problem


@pytest.mark.parametrize(
    ("scenes", "words"),
    [
        ("site,year,tiles\nalp,2019,a.tif\n", "scenes.csv, line 1: no column tile; found site, year, tiles"),
        (
            SCENES.replace("tal,", "tall,"),
            "scenes.csv, line 2, column site: no site is called 'tall'. Did you mean tal?",
        ),
        (SCENES.replace("t20.tif", ""), "scenes.csv, line 2, column tile: empty"),
        (SCENES.replace("2020-09-02", "2020-09-31"), "line 5, column date: glacier.sites.alp.scenes[1].date: found"),
        (SCENES.replace("alp,2020,2020", "alp,abc,2020"), "line 5, column year: glacier.sites.alp.scenes[1].year: f"),
        (SCENES.replace("alp,2019,,", "alp,2019,2019-09-03,"), "line 4, column date: found '2019-09-03', but an"),
        (SCENES.replace("alp20", "west19"), "line 5, column tile: glacier.sites.alp.scenes[1].tiles[0]: found west19"),
        (SCENES.replace("c20.tif", "t20.tif"), "line 2, column cloud_mask: glacier.sites.tal.scenes[0].cloud_mask: f"),
        (SCENES.replace("2020-09-02", "2002-09-02"), "line 5, column date: glacier.sites.alp.scenes[1].date: found 2"),
        (SCENES.replace("east19", "west19"), "line 3, column tile: glacier.sites.alp.scenes[0].tiles: found a list"),
    ],
)
def test_message_of_a_wrong_table_of_scenes(tmp_path, scenes, words):
    found = problems(study(tmp_path, scenes=scenes))
    assert any(words in problem for problem in found), found


def test_scenes_in_two_places(tmp_path):
    given = {"alp": {"source": "files", "reference_year": 2019, "scenes": [{"year": 2019, "tiles": ["a.tif"]}]}}
    found = problems(_both(tmp_path, given))
    assert any("has scenes in glacier.sites too" in problem for problem in found)


def _both(folder, given):
    config = study(folder, sites=SITES.replace("alp,", "ulp,"))
    return config | {"glacier": config["glacier"] | {"sites": given}}


def test_a_site_in_two_places(tmp_path):
    (problem,) = problems(_both(tmp_path, {"tal": {"source": "files", "reference_year": 2019}}))
    assert "sites.csv, line 3, column site: found 'tal', which glacier.sites names too" in problem


def test_a_mistake_in_the_defaults_is_told_once(tmp_path):
    text = "site\n" + "".join(f"s{number}\n" for number in range(100))
    config = simulated(tmp_path, text, site_defaults={"source": "simulate", "reference_yaer": 2016, "outlines": {}})
    (problem,) = problems(config)
    assert problem.startswith("glacier.site_defaults.reference_yaer: unknown key. Did you mean reference_year")


def test_the_same_mistake_in_every_line_is_not_told_a_hundred_times(tmp_path):
    text = "site\n" + "".join(f"s{number}\n" for number in range(100))
    with pytest.raises(ConfigError, match=r"has 100 problems:\n(- .*\n){30}and 70 more\.$"):
        check(simulated(tmp_path, text, site_defaults={"source": "simulate"}))
