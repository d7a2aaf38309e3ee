"""Outlines and areas of interest from files that look good: right areas, or a refusal that names file and reason."""

import shutil
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from shapely.geometry import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import (
    Grid,
    area_mask,
    in_degrees,
    meets_tiles,
    middle_in_degrees,
    read_area_of_interest,
    site_grid,
)
from climate_indicators.geo.raster import cog_writer
from climate_indicators.geo.vector_rows import area_row, outlines_row
from climate_indicators.glacier.outlines import draw_outlines, outline_areas, outlines_inside, read_outlines
from refusals import raises_naming

UTM = "EPSG:32632"
GRID = Grid(UTM, Affine(20, 0, 630_000, 0, -20, 5_190_000), 600, 500)
INSIDE = np.ones(GRID.shape, "uint8")


def at(left, top, width, height):
    """Rectangle of the grid, in meters from its upper left corner."""
    return box(630_000 + left, 5_190_000 - top - height, 630_000 + left + width, 5_190_000 - top)


# two glaciers of 6 and 4 km²
SHAPES = [at(1000, 1000, 3000, 2000), at(6000, 4000, 2000, 2000)]


def layer(shapes=SHAPES, crs=UTM, **columns):
    columns = columns or {"name": [f"g{number}" for number in range(len(shapes))]}
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


def written(path, frame, **options):
    frame.to_file(path, **options)
    return str(path)


def areas(outlines):
    return (outlines.set_index("glacier_id").area / 1e6).round(6).to_dict()


# --- layers


def test_several_layers_are_refused_with_their_names_and_one_is_chosen(tmp_path, lines):
    path = tmp_path / "all.gpkg"
    layer([at(0, 0, 12_000, 10_000)], name=["basin"]).to_file(path, layer="basins")
    layer().to_file(path, layer="outlines")
    for read in (lambda: read_outlines(str(path), GRID, "name"), lambda: read_area_of_interest(path)):
        with raises_naming(InputError, "all.gpkg", "basins, outlines", "layer"):
            read()
    assert areas(read_outlines(str(path), GRID, "name", layer="outlines")) == {"g0": 6, "g1": 4}
    assert read_area_of_interest(path, "basins").area.sum() == pytest.approx(120e6)
    with raises_naming(InputError, "all.gpkg", "'outlinez'", "basins, outlines"):
        read_outlines(str(path), GRID, layer="outlinez")
    assert not lines()


def test_a_table_next_to_the_only_layer_is_no_choice(tmp_path):
    """QGIS keeps its styles in a table of the GeoPackage."""
    import pyogrio

    path = tmp_path / "styled.gpkg"
    layer().to_file(path, layer="outlines")
    pyogrio.write_dataframe(pd.DataFrame({"style": ["x"]}), path, layer="layer_styles", append=True)
    assert areas(read_outlines(str(path), GRID, "name")) == {"g0": 6, "g1": 4}


def shapefile_zip(path, frames, folder=""):
    with zipfile.ZipFile(path, "w") as archive:
        for name, frame in frames.items():
            frame.to_file(path.parent / f"{name}.shp")
            for part in sorted(path.parent.glob(f"{name}.*")):
                if part.suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
                    archive.write(part, f"{folder}{part.name}")
        archive.writestr(f"{folder}attributes_metadata.json", "{}")
        archive.writestr(f"__MACOSX/{folder}._first.shp", "x")
    return str(path)


def test_zip_with_a_folder_inside_is_read_under_path(tmp_path):
    path = shapefile_zip(tmp_path / "RGI2000.zip", {"first": layer()}, "RGI2000-v7.0-G-11/")
    assert areas(read_outlines(path, GRID, "name")) == {"g0": 6, "g1": 4}
    assert read_area_of_interest(path).area.sum() == pytest.approx(10e6)


def test_zip_with_two_files_needs_the_name_of_one(tmp_path):
    path = shapefile_zip(tmp_path / "two.zip", {"first": layer(), "second": layer(SHAPES[:1])})
    with raises_naming(InputError, "two.zip", "first.shp, second.shp"):
        read_outlines(path, GRID, "name")
    assert areas(read_outlines(path, GRID, "name", layer="second")) == {"g0": 6}
    one = shapefile_zip(tmp_path / "one.zip", {"first": layer()})
    assert areas(read_outlines(one, GRID, "name", layer="first")) == {"g0": 6, "g1": 4}
    with raises_naming(InputError, "one.zip", "'other'", "first"):
        read_outlines(one, GRID, "name", layer="other")


# --- geometries


@pytest.mark.parametrize(
    "shapes",
    [[Point(633_000, 5_188_000)] * 2, [LineString([(631_000, 5_189_000), (634_000, 5_187_000)])] * 2],
    ids=["points", "lines"],
)
def test_layers_without_polygons_are_refused(tmp_path, shapes):
    path = written(tmp_path / "other.gpkg", layer(shapes))
    for read in (lambda: read_outlines(path, GRID), lambda: read_area_of_interest(path)):
        with raises_naming(InputError, "other.gpkg", "polygon", f"2 {shapes[0].geom_type}"):
            read()


def test_what_is_no_polygon_among_polygons_is_left_out_with_a_warning(tmp_path, lines):
    mixed = [GeometryCollection([SHAPES[0], LineString([(0, 0), (1, 1)])]), SHAPES[1], Point(633_000, 5_188_000), None]
    path = written(tmp_path / "mixed.geojson", layer(mixed).to_crs(4326))
    assert areas(read_outlines(path, GRID, "name")) == pytest.approx({"g0": 6, "g1": 4}, rel=1e-4)
    assert "1 of 4 features have no geometry" in lines()[0]
    assert "1 of 3 features" in lines()[1] and "1 Point" in lines()[1]
    assert read_area_of_interest(path).to_crs(UTM).area.sum() == pytest.approx(10e6, rel=1e-4)
    assert "2 of 4 features" in lines()[2]


BOW_TIE = Polygon([(631e3, 5_189e3), (633e3, 5_187e3), (633e3, 5_189e3), (631e3, 5_187e3)])
# a ring that runs into its own hole: GIS of some makers write holes so
SELF_TOUCH = Polygon(
    [(631e3, 5_189e3), (634e3, 5_189e3), (634e3, 5_186e3), (631e3, 5_186e3), (631e3, 5_189e3),
     (632e3, 5_187e3), (633e3, 5_187e3), (633e3, 5_188e3), (631e3, 5_189e3)]
)  # fmt: skip
OVERLAPPING_PARTS = MultiPolygon([at(1000, 1000, 2000, 2000), at(2000, 1000, 2000, 2000)])


@pytest.mark.parametrize(
    ("shape", "km2", "changed"),
    [(BOW_TIE, 2.0, True), (SELF_TOUCH, 7.0, False), (OVERLAPPING_PARTS, 6.0, True)],
    ids=["bow tie", "touch", "parts"],
)
def test_invalid_polygons_become_what_their_rings_enclose_and_a_changed_area_is_a_warning(
    tmp_path, lines, caplog, shape, km2, changed
):
    path = written(tmp_path / "bad.gpkg", layer([shape, SHAPES[1]]))
    area = read_area_of_interest(path)
    assert area.is_valid.all() and area.area.sum() / 1e6 == pytest.approx(km2 + 4)
    mask = area_mask(area, GRID)
    assert mask.sum() * 400e-6 == pytest.approx(km2 + 4, rel=0.01)
    (line,) = [record.getMessage() for record in caplog.records if "not valid" in record.getMessage()]
    assert "bad.gpkg" in line and "1 of 2" in line and "elf-" in line
    assert lines() == ([line] if changed else [])
    assert areas(read_outlines(path, GRID, "name"))["g0"] == pytest.approx(km2)


def test_polygons_without_area_are_dropped_with_a_warning_and_alone_refused(tmp_path, lines):
    flat = Polygon([(631e3, 5_189e3), (633e3, 5_187e3), (631e3, 5_189e3)])
    both = written(tmp_path / "both.gpkg", layer([flat, SHAPES[1]]))
    assert read_area_of_interest(both).area.sum() == pytest.approx(4e6)
    assert any("1 of 2 features" in line for line in lines())
    with raises_naming(InputError, "flat.gpkg", "1 features"):
        read_area_of_interest(written(tmp_path / "flat.gpkg", layer([flat])))


def test_a_job_that_reads_the_area_again_does_not_warn_again(tmp_path, lines):
    path = written(tmp_path / "bad.gpkg", layer([BOW_TIE]))
    assert read_area_of_interest(path, warn=False).area.sum() == pytest.approx(2e6)
    assert not lines()


# --- GLIMS


def glims(rows, crs=UTM):
    """Rows of glacier, date, kind of line and shape, with the columns of the GLIMS database."""
    columns = {
        "line_type": [row[2] for row in rows],
        "anlys_id": range(len(rows)),
        "glac_id": [row[0] for row in rows],
        "src_date": [f"{row[1]}T00:00:00" for row in rows],
    }
    return layer([row[3] for row in rows], crs, **columns)


A, B = "G010758E46800N", "G010904E46906N"
DATES = [
    (A, "1969-08-01", "glac_bound", at(500, 500, 4000, 3000)),
    (A, "2016-09-01", "glac_bound", SHAPES[0]),
    (A, "2016-09-01", "intrnl_rock", at(2000, 1500, 1000, 500)),
    (A, "1969-08-01", "intrnl_rock", at(3000, 2000, 500, 500)),
    (A, "2016-09-01", "pro_lake", at(4000, 3000, 1000, 1000)),
    (B, "2003-09-01", "glac_bound", SHAPES[1]),
    (B, "2023-09-01", "glac_bound", at(6000, 4000, 2000, 500)),
]


@pytest.mark.parametrize("upper", [False, True])
def test_glims_under_path_counts_one_date_and_no_rock(tmp_path, upper):
    frame = glims(DATES)
    if upper:
        frame = frame.rename(columns=lambda name: name if name == "geometry" else name.upper())
    path = written(tmp_path / "glims.shp", frame)
    assert areas(read_outlines(path, GRID, year=2015)) == pytest.approx({A: 5.5, B: 1.0})
    assert areas(read_outlines(path, GRID, year=2004)) == pytest.approx({A: 5.5, B: 4.0})
    assert areas(read_outlines(path, GRID, year=1970)) == pytest.approx({A: 11.75, B: 4.0})


@pytest.mark.parametrize("where", ["line_type = 'glac_bound'", f"glac_id = '{A}'", f"glac_id = '{A}' AND anlys_id < 2"])
def test_a_filter_on_glims_leaves_no_rock_in(tmp_path, where):
    path = written(tmp_path / "glims.gpkg", glims(DATES))
    assert areas(read_outlines(path, GRID, where=where, year=2015))[A] == pytest.approx(5.5)


def test_glims_outlines_of_other_years_are_reported(tmp_path, lines):
    read_outlines(written(tmp_path / "glims.gpkg", glims(DATES)), GRID, year=2016)
    (line,) = lines()
    assert "2 of them" not in line and "1 of them are more than 5 years" in line


def test_glacier_that_is_gone_at_its_nearest_date_has_no_outline(tmp_path):
    frame = glims(DATES).assign(glac_stat=["exists"] * 6 + ["gone"])
    assert list(areas(read_outlines(written(tmp_path / "g.gpkg", frame), GRID, year=2020))) == [A]


@pytest.mark.parametrize("column", ["src_date", "glac_id", "line_type"])
def test_glims_without_a_column_that_it_needs_is_refused(tmp_path, column):
    path = written(tmp_path / "cut.gpkg", glims(DATES).drop(columns=column))
    if column == "glac_id":  # as `line_type` is there, rocks are
        with raises_naming(InputError, "cut.gpkg", "GLIMS", "glac_id"):
            read_outlines(path, GRID, year=2016)
        return
    with raises_naming(InputError, "cut.gpkg", "GLIMS", column):
        read_outlines(path, GRID, year=2016)


def test_rgi_7_is_not_taken_for_glims(tmp_path):
    frame = layer(rgi_id=["RGI2000-v7.0-G-11-00001", "RGI2000-v7.0-G-11-00002"], glims_id=[A, B], anlys_id=[1, 2],
                  src_date=["2003-08-01T00:00:00"] * 2)  # fmt: skip
    found = areas(read_outlines(written(tmp_path / "rgi7.gpkg", frame), GRID, "rgi_id"))
    assert found == {"RGI2000-v7.0-G-11-00001": 6, "RGI2000-v7.0-G-11-00002": 4}


def test_outlines_of_the_inventory_that_are_of_other_years_are_reported(tmp_path, lines):
    old = written(tmp_path / "rgi6.gpkg", layer(RGIId=["a", "b"], BgnDate=["20030799", "-9999999"]))
    read_outlines(old, GRID, "RGIId", year=2005)
    assert not lines()
    read_outlines(old, GRID, "RGIId", year=2020)
    assert "1 of 2 outlines are of 2003, more than" in lines()[0]
    new = written(tmp_path / "rgi7.gpkg", layer(rgi_id=["a", "b"], src_date=["2001-08-01T00:00:00"] * 2))
    read_outlines(new, GRID, "rgi_id", year=2020)
    assert "2 of 2 outlines are of 2001" in lines()[1]


# --- names and dates


def test_rows_with_one_id_are_one_glacier(tmp_path):
    path = written(tmp_path / "parts.gpkg", layer([*SHAPES, at(9000, 1000, 1000, 1000)], name=["a", "b", "a"]))
    found = read_outlines(path, GRID, "name")
    assert areas(found) == {"a": 7, "b": 4}
    table = outline_areas(found, draw_outlines(found, GRID, INSIDE), GRID, gpd.GeoSeries([box(*GRID.bounds)], crs=UTM))
    assert table.value.tolist() == [1, 2] and table.area_km2.tolist() == pytest.approx([7, 4], rel=1e-3)


def test_outlines_without_a_name_stay_apart(tmp_path, lines):
    shapes = [*SHAPES, at(9000, 1000, 1000, 1000), at(9000, 6000, 1000, 1000)]
    path = written(tmp_path / "o.geojson", layer(shapes, name=["a", None, None, " "]).to_crs(4326))
    found = areas(read_outlines(path, GRID, "name"))
    assert found == pytest.approx({"a": 6, "feature 1": 4, "feature 2": 1, "feature 3": 1}, rel=1e-4)
    assert "3 outlines have no name in name" in lines()[0]


def test_whole_numbers_as_names_have_no_decimal_point(tmp_path):
    path = written(tmp_path / "o.gpkg", layer([*SHAPES, at(9000, 1000, 1000, 1000)], number=[7, None, 12]))
    assert set(areas(read_outlines(path, GRID, "number"))) == {"7", "12", "feature 2"}


def test_several_dates_in_one_file_are_refused(tmp_path, lines):
    path = written(tmp_path / "dates.gpkg", layer([at(500, 500, 4000, 3000), SHAPES[0]], year=[1928, 2020]))
    with raises_naming(InputError, "dates.gpkg", "outlines.where"):
        read_outlines(path, GRID)
    assert areas(read_outlines(path, GRID, where="year = 2020")) == {"2": 6}
    assert not lines()


def test_little_overlap_is_a_warning(tmp_path, lines):
    path = written(tmp_path / "o.gpkg", layer([SHAPES[0], at(3900, 1000, 3000, 2000)]))
    read_outlines(path, GRID)
    assert "0.2 of their 12 km²" in lines()[0]


# --- reference systems, filters, place


def test_coordinates_that_are_not_of_the_reference_system_are_refused(tmp_path):
    """A GeoJSON in meters; an outline in degrees that is said to be in UTM."""
    meters = layer().set_crs(4326, allow_override=True)
    degrees = layer().to_crs(4326).set_crs(UTM, allow_override=True)
    for name, frame, found in (("m.geojson", meters, "degrees"), ("d.gpkg", degrees, "degrees")):
        path = written(tmp_path / name, frame)
        for read in (lambda path=path: read_outlines(path, GRID), lambda path=path: read_area_of_interest(path)):
            with raises_naming(InputError, name, found):
                read()


def test_reference_systems_of_no_place_and_coordinates_that_are_none_are_refused(tmp_path):
    local = layer().set_crs('LOCAL_CS["mine",UNIT["metre",1]]', allow_override=True)
    hole = Polygon([(630e3, 5_190e3), (np.nan, 5_190e3), (640e3, 5_180e3), (630e3, 5_190e3)])
    far = Polygon([(630e3, 5_190e3), (np.inf, 5_190e3), (640e3, 5_180e3), (630e3, 5_190e3)])
    for name, frame, found in (
        ("local.gpkg", local, "earth"),
        ("nan.gpkg", layer([hole, SHAPES[0]]), "finite"),
        ("inf.gpkg", layer([far, SHAPES[0]]), "finite"),
    ):
        path = written(tmp_path / name, frame)
        for read in (lambda path=path: read_outlines(path, GRID), lambda path=path: read_area_of_interest(path)):
            with raises_naming(InputError, name, found):
                read()


def test_an_area_that_no_grid_holds_is_refused():
    with raises_naming(InputError, "EPSG:32601", "crs"):
        site_grid(gpd.GeoSeries([box(-180, -90, 180, 90)], crs=4326), 20.0, None)


def test_the_geometry_is_no_name(tmp_path):
    with raises_naming(InputError, "'geometry'", "name"):
        read_outlines(written(tmp_path / "o.gpkg", layer()), GRID, "geometry")


def test_a_filter_that_is_wrong_or_finds_nothing_is_named(tmp_path):
    path = written(tmp_path / "o.gpkg", layer())
    for where in ("nam = 'g0'", "name = 'g7'", "name ="):
        with raises_naming(InputError, "o.gpkg", where):
            read_outlines(path, GRID, where=where)


def test_outlines_of_another_place_are_refused_with_both_places(tmp_path):
    path = written(tmp_path / "o.gpkg", layer([box(15, 12, 15.1, 12.1)], "EPSG:4326"))
    with raises_naming(InputError, "o.gpkg", "12.00 to 12.10 °N", "46.", "WGS 84"):
        read_outlines(path, GRID)


def test_outlines_beyond_the_edge_of_the_area_are_left_out(tmp_path):
    outlines = read_outlines(written(tmp_path / "o.gpkg", layer()), GRID, "name")
    triangle = gpd.GeoSeries([Polygon([(630e3, 5_190e3), (642e3, 5_190e3), (630e3, 5_186e3)])], crs=UTM)
    assert outlines_inside(outlines, triangle).glacier_id.tolist() == ["g0"]
    with raises_naming(InputError, "2 outlines"):
        outlines_inside(outlines, triangle.translate(yoff=-4000, xoff=9000))


def test_outlines_without_a_pixel_are_refused_and_everything_glacier_is_reported(tmp_path, lines):
    outlines = read_outlines(written(tmp_path / "o.gpkg", layer([at(1004, 1004, 5, 5)])), GRID)
    with raises_naming(InputError, "pixel"):
        draw_outlines(outlines, GRID, INSIDE)
    basin = read_outlines(written(tmp_path / "b.gpkg", layer([at(0, 0, 12_000, 10_000)])), GRID)
    assert draw_outlines(basin, GRID, INSIDE).all()
    assert "100.0 %" in lines()[0]


# --- damaged files


@pytest.mark.parametrize("cut", [0.5, 0.99])
@pytest.mark.parametrize("end", ["shp", "shx", "dbf", "gpkg", "geojson", "gml", "kml", "fgb"])
def test_files_cut_short_are_refused_by_name(tmp_path, end, cut):
    """GDAL reads a shapefile that is truncated without the last shapes, and GML as an empty layer."""
    many = layer([at(100 * n, 100 * n, 90, 90).buffer(1) for n in range(60)], name=[f"g{n}" for n in range(60)])
    name = f"o.{'shp' if end in ('shx', 'dbf') else end}"
    many.to_crs(4326).to_file(tmp_path / name, driver={"gml": "GML", "kml": "KML"}.get(end))
    part = tmp_path / f"o.{end}"
    part.write_bytes(part.read_bytes()[: int(part.stat().st_size * cut)])
    for leftover in tmp_path.glob("*.xsd"):
        leftover.unlink()
    for read in (read_area_of_interest, lambda path: read_outlines(str(path), GRID)):
        with pytest.raises(InputError, match=name):
            read(tmp_path / name)


@pytest.mark.parametrize("end", ["shp", "shx", "dbf", "gpkg", "geojson", "gml", "kml", "fgb"])
def test_damaged_bytes_end_in_a_message_or_in_outlines(tmp_path, end):
    """Whatever the reader makes of them, no other error comes through."""
    rng, refused = np.random.default_rng(1), 0
    name = f"o.{'shp' if end in ('shx', 'dbf') else end}"
    layer().to_crs(4326).to_file(tmp_path / name, driver={"gml": "GML", "kml": "KML"}.get(end))
    whole = (tmp_path / f"o.{end}").read_bytes()
    for _ in range(12):
        content = bytearray(whole)
        for place in rng.integers(0, len(content), 8):
            content[place] = rng.integers(0, 256)
        (tmp_path / f"o.{end}").write_bytes(content)
        try:
            area_mask(read_area_of_interest(tmp_path / name), GRID)
            draw_outlines(read_outlines(str(tmp_path / name), GRID), GRID, INSIDE)
        except InputError as error:
            assert name in str(error) or "area of interest" in str(error) or "outlines" in str(error)
            refused += 1
    assert refused, "nothing was damaged"


def test_a_folder_of_shapefiles_is_checked_like_one(tmp_path):
    (tmp_path / "folder").mkdir()
    layer().to_file(tmp_path / "folder" / "o.shp")
    assert read_area_of_interest(tmp_path / "folder").area.sum() == pytest.approx(10e6)
    part = tmp_path / "folder" / "o.shp"
    part.write_bytes(part.read_bytes()[:-40])
    with raises_naming(InputError, "o.shp", "truncated"):
        read_area_of_interest(tmp_path / "folder")


def test_gml_is_read_and_nothing_is_written_next_to_it(tmp_path):
    layer().to_file(tmp_path / "made.gml", driver="GML")
    (tmp_path / "in").mkdir()
    shutil.copy(tmp_path / "made.gml", tmp_path / "in" / "aoi.gml")
    assert read_area_of_interest(tmp_path / "in" / "aoi.gml").area.sum() == pytest.approx(10e6)
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["aoi.gml"]


def test_what_is_no_vector_file_is_named(tmp_path):
    for name, content in (("o.tif", b"II*\0 no raster"), ("o.shp", b""), ("o.geojson", b"{}"), ("o.zip", b"PK")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=name):
            read_area_of_interest(tmp_path / name)
    with pytest.raises(InputError, match="absent.gpkg"):
        read_outlines(str(tmp_path / "absent.gpkg"), GRID)


# --- the 180th meridian


def crossing(kind):
    if kind == "split":
        return gpd.GeoSeries([box(179.9, 66, 180, 66.1), box(-180, 66, -179.9, 66.1)], crs=4326)
    return gpd.GeoSeries(
        [box(*{"beyond": (179.9, 66, 180.1, 66.1), "before": (-180.1, 66, -179.9, 66.1)}[kind])], crs=4326
    )


def test_tiles_of_an_area_across_the_180th_meridian_are_found(tmp_path):
    """They were said to lie outside it."""
    for zone in (32601, 32660):
        left, _, _, top = crossing("beyond").to_crs(zone).total_bounds
        path, place = tmp_path / f"{zone}.tif", Affine(200, 0, left, 0, -200, top)
        with cog_writer(path, Grid(f"EPSG:{zone}", place, 40, 50), "uint16", ["B03"]) as raster:
            raster.write(np.ones((50, 40), "uint16"), 1)
        for kind in ("split", "beyond", "before"):
            assert meets_tiles(crossing(kind), [str(path)])
        assert not meets_tiles(crossing("beyond").translate(yoff=-3), [str(path)])


@pytest.mark.parametrize("kind", ["split", "beyond", "before"])
def test_an_archive_is_not_asked_for_an_area_across_the_180th_meridian(kind):
    with raises_naming(InputError, "179.90", "180.10", "180th"):
        in_degrees(crossing(kind))
    longitude, latitude = middle_in_degrees(crossing(kind))
    assert abs(longitude) == pytest.approx(180) and latitude == pytest.approx(66.05)


def test_longitudes_from_0_to_360_are_the_same_place():
    east = gpd.GeoSeries([box(210, 61, 210.2, 61.1)], crs=4326)
    assert in_degrees(east).total_bounds == pytest.approx([-150, 61, -149.8, 61.1])
    assert site_grid(east, 20.0, None).crs == "EPSG:32606"


@pytest.mark.parametrize("kind", ["split", "beyond", "before"])
def test_an_area_across_the_180th_meridian_has_a_grid_and_its_outlines(tmp_path, kind):
    """9.06 km wide at 66° north; the zone is one of the two there, not that of longitude 0."""
    area = crossing(kind)
    grid = site_grid(area, 20.0, None)
    assert grid.crs in ("EPSG:32601", "EPSG:32660")
    assert area_mask(area, grid).sum() * 400e-6 == pytest.approx(9.06 * 11.15, rel=0.01)
    glacier = gpd.GeoDataFrame(
        {"name": ["a", "a"]},
        geometry=[box(179.92, 66.02, 179.98, 66.08), box(-179.98, 66.02, -179.92, 66.08)],
        crs=4326,
    )
    found = read_outlines(written(tmp_path / "o.gpkg", glacier), grid, "name")
    assert found.area.sum() / 1e6 == pytest.approx(2 * 0.06 * 45.3 * 0.06 * 111.5, rel=0.01)


def test_rows_of_the_table_of_inputs(tmp_path):
    path = tmp_path / "all.gpkg"
    layer([at(0, 0, 12_000, 10_000)], name=["basin"]).to_file(path, layer="basins")
    layer().to_crs(4326).to_file(path, layer="outlines")
    area = read_area_of_interest(path, "basins")
    row = area_row(path, "basins", area, GRID)
    assert (row.role, row.bands, row.crs, row.note) == ("aoi", "basins", UTM, "1 polygons, 120 km²")
    outlines = read_outlines(str(path), GRID, "name", layer="outlines")
    table = outline_areas(outlines, draw_outlines(outlines, GRID, INSIDE), GRID, area)
    row = outlines_row(path, "outlines", table)
    assert (row.role, row.bands, row.crs) == ("outlines", "outlines", "EPSG:4326") and row.note.startswith(
        "2 glaciers, 10"
    )
