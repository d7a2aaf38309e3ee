"""Outlines of inventories: regions, zips that lie, choice by identifier and by area, GLIMS by date."""

import json
import zipfile

import geopandas as gpd
import pytest
from shapely.geometry import Point, box, mapping

from climate_indicators.core.errors import InputError
from climate_indicators.core.glacier_identifiers import region_file, region_of
from climate_indicators.download.outlines.glims import fetch_glims
from climate_indicators.download.outlines.inventories import area_around, select_glims, select_rgi
from climate_indicators.geo.vector_zips import check_zip, vector_source
from inventory_files import rgi_zip
from servers.faulty import Fault
from servers.glims import GlimsServer


@pytest.mark.parametrize(
    ("inventory", "ids", "region", "name"),
    [
        ("rgi6", ["RGI60-15.02578"], 15, "15_rgi60_SouthAsiaEast.zip"),
        ("rgi7", ["RGI2000-v7.0-G-02-00001", "RGI2000-v7.0-G-02-00777"], 2, "RGI2000-v7.0-G-02_western_canada_usa.zip"),
        ("rgi7", ["RGI2000-v7.0-G-19-00001"], 19, "RGI2000-v7.0-G-19_subantarctic_antarctic_islands.zip"),
    ],
)
def test_identifiers_tell_region_and_file(inventory, ids, region, name):
    assert region_of(inventory, ids) == region
    assert region_file(inventory, region) == name


@pytest.mark.parametrize(
    ("inventory", "ids", "message"),
    [
        ("rgi7", ["RGI60-15.02578"], "'RGI60-15.02578' is no identifier of rgi7; they are such as RGI2000"),
        ("rgi6", ["RGI60-20.00001"], "is no identifier of rgi6"),
        ("rgi6", ["RGI60-15.00001' OR 1=1 --"], "is no identifier of rgi6"),
        ("rgi6", ["RGI60-15.00001", "RGI60-14.00001"], "of the regions 14 and 15; expected is one"),
    ],
)
def test_wrong_identifiers_are_refused(inventory, ids, message):
    with pytest.raises(InputError, match=message):
        region_of(inventory, ids)


@pytest.mark.parametrize("inside", ["", "RGI2000-v7.0-G-15_south_asia_east/"], ids=["flat", "in a folder"])
def test_outlines_are_chosen_by_identifier(tmp_path, inside):
    path = rgi_zip(tmp_path, inside=inside)
    check_zip(path)
    found = select_rgi(path, "rgi6", ["RGI60-15.00002", "RGI60-15.00000"])
    assert list(found["glacier_id"]) == ["RGI60-15.00000", "RGI60-15.00002"]
    assert found.geometry.iloc[1].equals(box(79.2, 30.8, 79.25, 30.85))


def test_outlines_are_chosen_by_area_in_any_reference_system(tmp_path):
    path = rgi_zip(tmp_path, "rgi_id", "RGI2000-v7.0-G-15-{:05d}", "RGI2000-v7.0-G-15_south_asia_east")
    # a triangle whose bounding box holds a glacier that it does not meet
    area = gpd.GeoSeries([box(79.0, 30.7, 79.16, 30.9).difference(box(79.0, 30.7, 79.07, 30.9))], crs="EPSG:4326")
    found = select_rgi(path, "rgi7", [], area.to_crs("EPSG:32644"))
    assert list(found["glacier_id"]) == ["RGI2000-v7.0-G-15-00001"]
    assert found.crs == "EPSG:4326"


def test_identifiers_that_are_not_there_and_empty_areas_are_named(tmp_path):
    path = rgi_zip(tmp_path)
    with pytest.raises(InputError, match="has no RGI60-15.09999 in its column RGIId"):
        select_rgi(path, "rgi6", ["RGI60-15.00001", "RGI60-15.09999"])
    with pytest.raises(InputError, match="none of the outlines .* meets the area of interest"):
        select_rgi(path, "rgi6", [], gpd.GeoSeries([box(10, 46, 11, 47)], crs="EPSG:4326"))
    with pytest.raises(InputError, match="has no column rgi_id; it has RGIId, Name"):
        select_rgi(path, "rgi7", ["RGI2000-v7.0-G-15-00001"])


def test_zip_that_leads_out_of_itself_is_refused(tmp_path):
    for number, name in enumerate(("../evil.shp", "/etc/evil.shp", "a/../../evil.shp", "..\\evil.shp", "C:\\x.shp")):
        path = tmp_path / f"{number}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("fine.shp", "x")
            archive.writestr(zipfile.ZipInfo(name), "x")
        with pytest.raises(InputError, match="leads out of it"):
            vector_source(path)


def test_damaged_and_incomplete_zips_are_refused(tmp_path):
    whole = rgi_zip(tmp_path).read_bytes()
    cases = {
        "cut": (whole[: len(whole) // 2], "no zip file that can be read"),
        "flipped": (whole[:90] + bytes([whole[90] ^ 0xFF]) + whole[91:], "damaged"),
        "page": (b"<html>log in</html>", "no zip file that can be read"),
    }
    for name, (content, message) in cases.items():
        path = tmp_path / f"{name}.zip"
        path.write_bytes(content)
        with pytest.raises(InputError, match=message):
            check_zip(path)
    with zipfile.ZipFile(tmp_path / "bare.zip", "w") as archive:
        archive.writestr("a.shp", b"\x00\x00\x27\x0a")
    with pytest.raises(InputError, match=r"a.shp comes without .dbf and .shx"):
        vector_source(tmp_path / "bare.zip")
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("a.csv", "x")
    with pytest.raises(InputError, match="vector layers: none; expected is exactly one"):
        vector_source(tmp_path / "none.zip")


@pytest.mark.parametrize("end", ["shp", "geojson", "gpkg"])
def test_file_that_names_other_files_is_refused_and_not_followed(tmp_path, end):
    """OGR reads a virtual layer by its content, whatever it is called."""
    rgi_zip(tmp_path)
    secret = tmp_path / "parts" / "15_rgi60_SouthAsiaEast.shp"
    text = f"""<OGRVRTDataSource><OGRVRTLayer name="15_rgi60_SouthAsiaEast"><SrcDataSource>{secret}</SrcDataSource>
        </OGRVRTLayer></OGRVRTDataSource>"""
    path = tmp_path / "made.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in (end, "dbf", "shx"):
            archive.writestr(f"a.{part}", text)
    with pytest.raises(InputError, match=f"a.{end} begins with"):
        check_zip(path)
    with pytest.raises(InputError, match=f"a.{end} begins with"):
        select_rgi(path, "rgi6", ["RGI60-15.00001"])
    (tmp_path / f"b.{end}").write_text(text)
    with pytest.raises(InputError, match=f"b.{end} has the format OGR_VRT"):
        select_rgi(tmp_path / f"b.{end}", "rgi6", ["RGI60-15.00001"])


def feature(number, glacier, date, geometry, line="glac_bound"):
    return {
        "type": "Feature",
        "geometry": mapping(geometry),
        "properties": {"glac_id": glacier, "anlys_id": number, "src_date": f"{date}T00:00:00", "line_type": line},
    }


FIRST, SECOND = "G079064E30878N", "G079500E30878N"
FEATURES = [
    feature(1, FIRST, "1999-08-01", box(79, 30.8, 79.1, 30.9)),
    feature(2, FIRST, "2016-09-01", box(79, 30.8, 79.08, 30.9)),
    feature(2, FIRST, "2016-09-01", Point(79.04, 30.85).buffer(0.01), "intrnl_rock"),
    feature(3, SECOND, "2001-01-01", box(79.5, 30.8, 79.6, 30.9)),
]


@pytest.fixture
def glims():
    with GlimsServer(FEATURES) as server:
        yield server


def test_glims_gives_each_glacier_as_it_was_nearest_to_the_year(glims, session, tmp_path):
    path = tmp_path / "glims.geojson"
    assert fetch_glims(session, glims.endpoint, path, bounds=(78, 30, 80, 31), page=2) == 4
    assert len(glims.requests) == 2
    area = gpd.GeoSeries([box(78.5, 30, 79.3, 31)], crs="EPSG:4326")
    late, early = (select_glims(path, [], area, year) for year in (2017, 2000))
    assert list(late["glacier_id"]) == list(early["glacier_id"]) == [FIRST]
    assert early.geometry[0].area == pytest.approx(0.01)
    # the rock is cut out
    assert late.geometry[0].area == pytest.approx(0.008 - Point(0, 0).buffer(0.01).area)


def test_glims_that_gives_the_same_page_again_is_refused(glims, session, tmp_path):
    page = json.dumps({"totalFeatures": "unknown", "features": glims.features[:2]}).encode()
    glims.fail("/geoserver/ows", *[Fault(status=200, headers={"Content-Type": "application/json"}, body=page)] * 9)
    with pytest.raises(InputError, match="page 2 of the answer .* lead in a circle"):
        fetch_glims(session, glims.endpoint, tmp_path / "glims.geojson", bounds=(78, 30, 80, 31), page=2)
    assert len(glims.requests) == 2


def test_glims_by_identifier(glims, session, tmp_path):
    path = tmp_path / "glims.geojson"
    assert fetch_glims(session, glims.endpoint, path, [SECOND]) == 1
    assert list(select_glims(path, [SECOND], None, 2000)["glacier_id"]) == [SECOND]
    with pytest.raises(InputError, match=f"has no {FIRST}"):
        select_glims(path, [FIRST], None, 2000)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(status=200, body=b"<ServiceException>no such layer</ServiceException>"), "no GeoJSON .*no such layer"),
        (Fault(status=200, body=b'{"totalFeatures": 3, "features": []}'), "0 outlines came of 3 announced"),
        (Fault(status=200, body=b'{"totalFeatures": 0, "features": []}'), f"GLIMS has no outline for {FIRST}"),
    ],
    ids=["exception", "too few", "none"],
)
def test_glims_that_gives_something_else_is_refused(glims, session, tmp_path, fault, message):
    glims.fail("/geoserver/ows", fault)
    with pytest.raises(InputError, match=message):
        fetch_glims(session, glims.endpoint, tmp_path / "glims.geojson", [FIRST])
    assert not list(tmp_path.iterdir())


def test_area_around_outlines_has_its_margin_in_meters(tmp_path):
    outlines = select_rgi(rgi_zip(tmp_path), "rgi6", ["RGI60-15.00001"])
    area = area_around(outlines, 2000)
    own, around = outlines.to_crs(area.crs).total_bounds, area.total_bounds
    assert area.crs == "EPSG:32644"
    assert [round(a - b) for a, b in zip(around, own, strict=True)] == [-2000, -2000, 2000, 2000]
    antarctic = gpd.GeoDataFrame(geometry=[box(10, -82, 10.1, -81.9)], crs="EPSG:4326")
    with pytest.raises(InputError, match="so near to a pole, where no UTM zone is. Give one .aoi."):
        area_around(antarctic, 2000)
