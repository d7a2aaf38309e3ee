"""Settings of the ocean study that must go together, and what is said where they do not."""

import copy

import pytest

from climate_indicators.config.validation import ConfigError, check

MONTHS = {"first_month": "2000-01", "last_month": "2009-12", "reference_month": "2005-06"}
SIMULATED = {"source": "simulate", **MONTHS}
FILES = {
    "source": "files",
    **MONTHS,
    "files": ["fields.nc"],
    "variables": {name: {"name": name.upper()} for name in ("sst", "dic", "alk", "salinity")},
}


def problems(site=SIMULATED, **study):
    """What is said about a study of one site, ``mine``."""
    try:
        check({"ocean": {"sites": {"mine": copy.deepcopy(site)}, **study}})
    except ConfigError as error:
        return error.problems
    return []


def only(found, *words):
    """That there is one problem, and that it has the words."""
    assert len(found) == 1, found
    assert all(word in found[0] for word in words), found[0]
    assert found[0].startswith("ocean.") and found[0].endswith(".")


def zone(**settings):
    return {"name": "north", "title": "North"} | settings


@pytest.mark.parametrize("site", [SIMULATED, FILES], ids=["simulate", "files"])
def test_sound_settings_have_no_problem(site):
    assert problems(site) == []


def test_shares_must_make_one():
    shares = {"train": 0.7, "validation": 0.2, "test": 0.2}
    only(problems(classifier={"shares": shares}), "classifier.shares", "train 0.7 + validation 0.2 + test 0.2", "1.1")
    thirds = {"train": 1 / 3, "validation": 1 / 3, "test": 1 / 3}
    assert problems(classifier={"shares": thirds}) == []


def test_zones_have_names_of_their_own():
    box = zone(lat=[30, 60])
    only(problems(zones=[box, box, box]), "ocean.zones", "the name north is used 3 times")
    only(problems(zones=[box | {"name": "global"}]), "the name global", "always reported")


def test_a_zone_has_borders_or_polygons():
    only(problems(zones=[zone(file="a.gpkg", lat=[0, 9])]), "zones[0] (north)", "borders and a file", "remove one")
    only(problems(zones=[zone(file="a.gpkg", lon=[[0, 9]])]), "zones[0] (north)", "borders and a file")
    only(problems(zones=[zone()]), "zones[0] (north)", "neither lat, lon nor file")
    for sound in (zone(file="a.gpkg"), zone(lat=[0, 9]), zone(lon=[[0, 9]])):
        assert problems(zones=[sound]) == []


@pytest.mark.parametrize("lat", [[60, 30], [30, 30], [-91, 0], [0, 90.5]])
def test_a_zone_reaches_from_south_to_north(lat):
    only(problems(zones=[zone(lat=[0, 9]) | {"name": "sound"}, zone(lat=lat)]), "zones[1] (north).lat", str(lat))


@pytest.mark.parametrize("lon", [[400, 9999], [-200, 0], [10, 10], [-180, 300]])
def test_a_zone_lies_on_the_globe(lon):
    only(problems(zones=[zone(lon=[[0, 20], lon])]), "zones[0] (north).lon", f"[{lon[0]}, {lon[1]}]", "−180 and 360")


@pytest.mark.parametrize("lon", [[-180, 180], [0, 360], [170, -170], [350, 10]])
def test_zones_may_cross_the_date_line(lon):
    assert problems(zones=[zone(lon=[lon])]) == []


@pytest.mark.parametrize("lat", [[50, 30], [30, 30], [-91, 0], [30, 95]])
def test_a_band_of_the_competition_reaches_from_south_to_north(lat):
    bands = [{"name": "south", "title": "South", "lat": [-50, -30]}, {"name": "north", "title": "North", "lat": lat}]
    only(problems(midlatitude_balance=bands), "ocean.midlatitude_balance[1] (north).lat", str(lat))
    only(problems(midlatitude_balance=[bands[0]] * 2), "ocean.midlatitude_balance: the name south is used 2 times")


def test_a_download_may_be_read_by_a_pattern():
    downloads = [{"url": "https://example.org/y_2000.nc"}, {"url": "https://example.org/other.nc"}]
    only(problems(FILES | {"files": ["y_*.nc"], "downloads": downloads}), "downloads: nothing reads other.nc")


def test_months_are_in_order():
    only(problems(SIMULATED | {"first_month": "2010-01"}), "sites.mine.first_month", "2010-01", "later", "2009-12")
    for month in ("1999-12", "2010-01"):
        site = SIMULATED | {"reference_month": month}
        only(problems(site), "sites.mine.reference_month", month, "2000-01 to 2009-12", "choose one")
    for month in ("2000-01", "2009-12"):
        assert problems(SIMULATED | {"reference_month": month}) == []


def test_a_biome_is_named_once():
    names = [{"label": label, "name": name} for label, name in ((1, "A"), (2, "B"), (2, "C"))]
    only(problems(SIMULATED | {"names": names}), "sites.mine.names", "biome 2 is named 2 times", "keep one")
    assert problems(SIMULATED | {"names": names[:2]}) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("files", ["a.nc"]),
        ("variables", {"sst": {"name": "tos"}}),
        ("mask", {"name": "tmask"}),
        ("climatology", True),
        ("cell_edges", {"area": "areacello"}),
    ],
)
def test_a_simulated_site_reads_no_files(key, value):
    only(problems(SIMULATED | {key: value}), f"sites.mine.{key}: has no effect with source: simulate", "source: files")


def test_simulated_points_fill_the_globe():
    for step in (1, 0.25, 1.5, 4.5):
        assert problems(SIMULATED | {"simulate": {"resolution_deg": step}}) == []
    only(problems(SIMULATED | {"simulate": {"resolution_deg": 0.7}}), "simulate.resolution_deg: found 0.7", "180")


def test_a_site_of_files_simulates_nothing():
    only(problems(FILES | {"simulate": {"seed": 4}}), "sites.mine.simulate: has no effect with source: files")


@pytest.mark.parametrize("name", ["sst", "dic", "alk"])
def test_drivers_are_needed(name):
    variables = {key: value for key, value in FILES["variables"].items() if key != name}
    only(problems(FILES | {"variables": variables}), f"sites.mine.variables.{name}: missing", "sst, dic and alk")


def test_fco2_comes_from_somewhere():
    bare = {key: value for key, value in FILES["variables"].items() if key != "salinity"}
    only(problems(FILES | {"variables": bare}), "sites.mine.variables: neither fco2 nor pco2", "salinity")
    for name in ("fco2", "pco2"):
        assert problems(FILES | {"variables": bare | {name: {"name": name}}}) == []


def test_salinity_as_a_driver_must_be_there():
    variables = {key: value for key, value in FILES["variables"].items() if key != "salinity"}
    site = FILES | {"variables": variables | {"fco2": {"name": "fco2"}}}
    only(problems(site, regression={"salinity": True}), "sites.mine.variables.salinity: missing", "regression.salinity")
    assert problems(FILES, regression={"salinity": True}) == []


def test_every_variable_has_files():
    without = {key: value for key, value in FILES.items() if key != "files"}
    found = problems(without | {"mask": {"name": "tmask"}, "cell_edges": {"x": "e1t", "y": "e2t"}})
    groups = [*(f"variables.{name}" for name in ("sst", "dic", "alk", "salinity")), "mask", "cell_edges"]
    assert [line.split(":")[0] for line in found] == [f"ocean.sites.mine.{group}.files" for group in groups]
    assert all("so is ocean.sites.mine.files" in line for line in found)
    own = {name: {"name": name, "files": [f"{name}.nc"]} for name in ("sst", "dic", "alk", "salinity")}
    assert problems(without | {"variables": own}) == []
    only(problems(without | {"variables": own, "mask": {"name": "tmask"}}), "sites.mine.mask.files: empty")


@pytest.mark.parametrize("edges", [{}, {"x": "e1t"}, {"y": "e2t"}])
def test_sizes_need_width_and_height_or_area(edges):
    site = FILES | {"cell_edges": {"files": ["mesh.nc"], **edges}}
    only(problems(site), "sites.mine.cell_edges: needs x and y, or area")
    for sound in ({"x": "e1t", "y": "e2t"}, {"area": "areacello"}):
        assert problems(FILES | {"cell_edges": sound}) == []


def test_all_problems_are_told_at_once_with_those_of_other_studies():
    site = SIMULATED | {"reference_month": "2010-01", "climatology": True}
    config = {
        "glacier": {"sites": {"alp": {"source": "simulate", "reference_year": 1900}}},
        "ocean": {"sites": {"mine": site}, "zones": [zone()]},
    }
    with pytest.raises(ConfigError) as caught:
        check(config)
    for words in ("zones[0] (north)", "mine.reference_month", "mine.climatology", "glacier.sites.alp"):
        assert any(words in line for line in caught.value.problems), caught.value.problems
