"""Settings: defaults, messages of wrong ones, and rules that span several keys."""

import copy
import datetime
import math
from pathlib import Path

import jsonschema
import pytest
import yaml

from climate_indicators.config.bands import bands_to_show, ratio_of
from climate_indicators.config.schema import resolve, schema, types_of
from climate_indicators.config.validation import ConfigError, check, duplicate_keys

ROOT = Path(__file__).resolve().parents[3]
# studies, and what belongs to some sites only
OPTIONAL = {
    "glacier",
    "snow",
    "carbon",
    "ocean",
    "simulate",
    "sst",
    "dic",
    "alk",
    "fco2",
    "pco2",
    "salinity",
    "mld",
    "ice",
}
STUDIES = [ROOT / "config" / "config.yaml", *sorted((ROOT / "config" / "examples").glob("*.yaml"))]


def simulated(**study):
    return {"glacier": {"sites": {"demo": {"source": "simulate", "reference_year": 2016}}, **study}}


def from_files(**site):
    scenes = [{"year": year, "date": f"{year}-09-01", "tiles": [f"{year}.tif"]} for year in (2019, 2020)]
    whole = {
        "source": "files",
        "reference_year": 2019,
        "outlines": {"path": "outlines.gpkg"},
        "resolution_m": 10,
        "scenes": scenes,
        **site,
    }
    return {"glacier": {"sites": {"alp": {key: value for key, value in whole.items() if value is not None}}}}


def problems(config):
    with pytest.raises(ConfigError) as caught:
        check(config)
    return caught.value.problems


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.name)
def test_every_shipped_study_is_valid(path):
    settings = check(yaml.safe_load(path.read_text()), [path])
    assert any(settings.get(study, {}).get("sites") for study in ("glacier", "snow", "carbon", "ocean"))


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(schema())


def test_defaults_fit_their_own_schema_and_stay_unchanged_when_completed_again():
    for config in (simulated(), from_files()):
        completed = check(config)
        jsonschema.Draft202012Validator(schema()).validate(completed)
        assert check(completed) == completed


def test_defaults_are_the_published_architecture():
    study = check(simulated())["glacier"]
    assert study["network"] == {"width": 64, "depth": 3, "normalization": "none"}
    assert (study["patches"]["size_px"], study["training"]["epochs"]) == (128, 40)
    assert study["training"]["augmentation"]["flip"] is True


def test_completing_leaves_the_given_settings_alone():
    given = simulated()
    before = copy.deepcopy(given)
    completed = check(given)
    completed["glacier"]["sites"]["demo"]["bands"].append("X")
    assert given == before
    bands = check(given)["glacier"]["sites"]["demo"]["bands"]
    assert bands == ["B02", "B03", "B04", "B08", "B11"]


def test_simulation_is_filled_in_for_simulated_sites_only():
    assert check(simulated())["glacier"]["sites"]["demo"]["simulate"]["cloudy_year"] == 2020
    site = check(from_files())["glacier"]["sites"]["alp"]
    assert "simulate" not in site
    assert {key: site["outlines"][key] for key in ("path", "id_field", "archive", "ids")} == {
        "path": "outlines.gpkg", "id_field": None, "archive": None, "ids": [],
    }  # fmt: skip
    assert site["scenes"][1]["boa_offset_applied"] is False


def test_dates_that_yaml_has_read_become_text():
    scene = {"year": 2019, "date": datetime.date(2019, 9, 2), "tiles": ["a.tif"]}
    site = check(from_files(scenes=[scene]))["glacier"]["sites"]["alp"]
    assert site["scenes"][0]["date"] == "2019-09-02"


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_the_order_of_keys_is_no_setting(path):
    def reversed_keys(value):
        if isinstance(value, list):
            return [reversed_keys(item) for item in value]
        return {key: reversed_keys(value[key]) for key in reversed(value)} if isinstance(value, dict) else value

    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    study = next(key for key in given if key in {"glacier", "snow", "carbon", "ocean"})
    groups, others = (check(config)[study] for config in (given, reversed_keys(given)))
    assert list(groups) == list(others)
    for name in set(groups) - {"sites"}:  # parameters of rules are compared as text
        assert repr(groups[name]) == repr(others[name]), name


def test_whole_numbers_written_with_a_point_become_integers():
    epochs = check(simulated(training={"epochs": 30.0}))["glacier"]["training"]["epochs"]
    assert epochs == 30 and isinstance(epochs, int)


def numbers_of(part, path=()):
    """Key path and part of the schema of every number, whole or not, an item of a list included."""
    part = resolve(part)
    if {"number", "integer"} & set(types_of(part)):
        yield path, part
    for key, raw in part.get("properties", {}).items():
        yield from numbers_of(raw, (*path, key))
    for keyword, step in (("additionalProperties", "demo"), ("items", 0)):
        if isinstance(part.get(keyword), dict):
            yield from numbers_of(part[keyword], (*path, step))


NUMBERS = dict(numbers_of(schema()))


def with_number(path, value):
    """Settings with nothing but a number at a key path."""
    for step in reversed(path):
        value = [value] if step == 0 else {step: value}
    return value


def dotted(path):
    return "".join("[0]" if step == 0 else f".{step}" for step in path).removeprefix(".")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400], ids=["nan", "inf", "-inf", "10**400"])
def test_no_setting_is_nan_or_infinite(value):
    for path, line in NUMBERS.items():
        if math.isnan(value if value != 10**400 else 0) and line.get("nan"):
            continue
        found = [line for line in problems(with_number(path, value)) if line.startswith(f"{dotted(path)}: found ")]
        assert len(found) == 1 and "finite" in found[0], path


def test_only_missing_pixels_of_rasters_may_be_nan():
    assert {path[-2:] for path, line in NUMBERS.items() if line.get("nan")} == {("radiometry", "nodata")}
    site = check(from_files(radiometry={"nodata": math.nan}))["glacier"]["sites"]["alp"]
    assert math.isnan(site["radiometry"]["nodata"])


@pytest.mark.parametrize("study", ["glacier", "snow", "carbon", "ocean"])
def test_site_defaults_are_checked_for_nan_once(study):
    config = {study: {"site_defaults": {"simulate": {"seed": math.nan}}, "sites": {"a": {}, "b": {}}}}
    with pytest.raises(ConfigError) as caught:
        check(config)
    assert [problem.split(":")[0] for problem in caught.value.problems] == [f"{study}.site_defaults.simulate.seed"]


def test_every_number_has_limits_that_the_largest_floats_do_not_pass():
    # borders of zones and belts are compared with each other by rules of their own; a fill value may be any number
    elsewhere = {"lat", "lon", "nodata"}
    for path, line in NUMBERS.items():
        if elsewhere.isdisjoint(path):
            validator = jsonschema.Draft202012Validator(line)
            assert not validator.is_valid(10**308) and not validator.is_valid(-(10**308)), dotted(path)


def test_every_number_is_accepted_at_its_limits_and_refused_beyond():
    beyond = {"minimum": -1, "exclusiveMinimum": 0, "maximum": 1, "exclusiveMaximum": 0}
    for path, line in NUMBERS.items():
        for keyword, step in beyond.items():
            if keyword not in line:
                continue
            here = f"{dotted(path)}: found "
            refused = problems(with_number(path, line[keyword] + step))
            assert any(problem.startswith(here) for problem in refused), f"{dotted(path)}: {keyword}"
            inside = line[keyword] if step else (line.get("minimum", 0) + line.get("maximum", 1)) / 2
            accepted = problems(with_number(path, inside))
            assert not any(problem.startswith(f"{here}{inside};") for problem in accepted), f"{dotted(path)}: {keyword}"


def test_every_line_of_the_schema_has_a_description_and_a_default_or_is_required():
    def visit(part, path):
        part = resolve(part)
        for key, raw in part.get("properties", {}).items():
            line, here = resolve(raw), f"{path}.{key}"
            assert line.get("description", "").endswith("."), f"{here} has no description"
            is_group = "properties" in line  # its keys have defaults
            filled = is_group or "default" in line or key in part.get("required", ()) or key in OPTIONAL
            assert filled, f"{here} has neither a default nor is it required"
            visit(line, here)
        for keyword in ("additionalProperties", "items"):
            if isinstance(part.get(keyword), dict):
                visit(part[keyword], f"{path}.*")
        if "properties" in part:
            assert part.get("additionalProperties") is False, f"{path} is not closed"

    visit(schema(), "")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (simulated(training={"epohcs": 3}), ["glacier.training.epohcs: unknown key", "Did you mean epochs", "passes"]),
        (simulated(zzz=1), ["glacier.zzz: unknown key", "sites, site_table"]),
        (simulated(training={"epochs": "many"}), ["glacier.training.epochs", "the text 'many'", "a whole number"]),
        (simulated(training={"epochs": True}), ["glacier.training.epochs", "found true", "a whole number"]),
        (simulated(training={"epochs": None}), ["found null (nothing after the colon)"]),
        (simulated(training={"learning_rate": "1e-8"}), ["Write 1.0e-08, without quotes"]),
        (simulated(network={"normalization": "layer"}), ["found the text 'layer'; expected none or batch"]),
        (simulated(network={"depth": 9}), ["glacier.network.depth: found 9", "at least 1, at most 6"]),
        (simulated(figures=7), ["glacier.figures: found 7; expected a group of keys"]),
        (simulated(sites={}), ["glacier.sites: found a group of keys, empty", "at least 1"]),
        (simulated(sites={"Big-One": {"source": "simulate", "reference_year": 2016}}), ["Big-One", "lower-case"]),
        (from_files(reference_year=None), ["glacier.sites.alp.reference_year: missing", "at least 1900"]),
        (from_files(terrain_bands=["aspect"]), ["terrain_bands[0]", "expected elevation or slope", "elevation model"]),
        (from_files(scenes=[{"year": 2019, "tiles": []}]), ["scenes[0].tiles: found a list, empty"]),
        (from_files(scenes=[{"year": 2019, "tiles": ["a"], "date": "May"}]), ["scenes[0].date", "such as 2014-01-01"]),
        ({"data_dir": 5}, ["data_dir: found 5; expected text"]),
    ],
)
def test_message_of_a_setting_that_the_schema_does_not_allow(config, words):
    (problem,) = problems(config)
    for word in words:
        assert word in problem


def test_all_problems_are_reported_together():
    config = simulated(training={"epohcs": 3, "batch_size": 0}, area={"confidence": 95})
    found = problems(config)
    keys = ["glacier.training.batch_size", "glacier.training.epohcs", "glacier.area.confidence"]
    assert [line.split(":")[0] for line in found] == keys
    with pytest.raises(ConfigError, match=r"has 3 problems:\n- .*\n- .*\n- .*"):
        check(config)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (simulated(patches={"size_px": 100}), ["glacier.patches.size_px: 100 is not a multiple of 8", "96 or 104"]),
        (simulated(prediction={"window_px": 1000}, network={"depth": 4}), ["window_px: 1000 is not a multiple of 16"]),
        (simulated(prediction={"halo_px": 60}), ["halo_px: 60 is not a multiple of 8"]),
        (simulated(prediction={"blend_px": 80, "halo_px": 64}), ["blend_px: found 80, more than halo_px (64)"]),
        (simulated(patches={"stride_px": 200}), ["stride_px: found 200, more than the patch size 128"]),
        (simulated(patches={"block_px": 70}), ["block_px: found 70", "at least 80"]),
        (simulated(prediction={"blend_px": 15}), ["blend_px: found 15", "make it even"]),
        (simulated(patches={"train": 0.7}), ["train 0.7 + validation 0.2 + test 0.2 make 1.1"]),
        (simulated(training={"warmup_epochs": 40}), ["warmup_epochs: found 40, but training has 40 epochs"]),
        (
            simulated(figures={"rgb": ["B04", "B03", "B12"]}),
            ["glacier.figures.rgb: found band B12", "sites.demo.bands"],
        ),
        (simulated(baselines={"ratio": ["B04", "B12"]}), ["glacier.baselines.ratio: found band B12", "null"]),
        (from_files(scenes=[]), ["glacier.sites.alp.scenes: missing; source: files needs it"]),
        (from_files(outlines=None), ["glacier.sites.alp.outlines: missing"]),
        (from_files(resolution_m=None), ["glacier.sites.alp.resolution_m: missing"]),
        (from_files(reference_year=2018), ["reference_year: found 2018", "the scenes have 2019, 2020"]),
        (from_files(terrain_bands=["slope"]), ["terrain_bands: slope needs an elevation model"]),
        (from_files(simulate={}), ["glacier.sites.alp.simulate: has no effect with source: files"]),
        (from_files(band_names=["B02", "B03", "B04", "B08"]), ["bands: found B11, but", "band_names says"]),
    ],
)
def test_message_of_settings_that_do_not_go_together(config, words):
    (problem,) = problems(config)
    for word in words:
        assert word in problem


def pooled(sites=None, **training):
    config = simulated(training={"sites": "pooled", **training})
    config["glacier"]["sites"] |= sites or {}
    return config


def other_site(**settings):
    return {"source": "simulate", "reference_year": 2016, **settings}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (simulated(sites={"pooled": other_site()}), ["glacier.sites.pooled: found the name pooled", "choose another"]),
        (simulated(training={"pool": ["demo"]}), ["glacier.training.pool: has no effect with sites: each"]),
        (simulated(training={"patches_per_site": 9}), ["training.patches_per_site: has no effect", "sites: pooled"]),
        (simulated(training={"sites": "all"}), ["glacier.training.sites: found the text 'all'", "each or pooled"]),
        (pooled(pool=["demo", "dmo"]), ["glacier.training.pool: found 'dmo', which is no site", "those are demo."]),
        (
            pooled({"alp": other_site(bands=["B03", "B02", "B04", "B08", "B11"])}, pool=["demo"]),
            ["glacier.sites.alp: its bands are B03, B02", "those of glacier.sites.demo are B02, B03", "same order"],
        ),
        (pooled({"alp": other_site(terrain_bands=["slope"])}), ["glacier.sites.alp: its bands are", "B11, slope"]),
        (
            {"snow": {"sites": {"a": {"source": "table", "table": "a.csv"}}, "training": {"sites": "pooled"}}},
            ["snow.training.sites: found pooled, but no site of the study has images"],
        ),
        (
            {
                "carbon": {
                    "sites": {"a": {"source": "simulate"}, "b": {"source": "table", "table": "b.csv", "value": "kg"}},
                    "training": {"sites": "pooled", "pool": ["b"]},
                }
            },
            ["carbon.training.pool: found 'b', which is no site with images; those are a."],
        ),
        ({"carbon": {"sites": {"pooled": {"source": "simulate"}}}}, ["carbon.sites.pooled: found the name"]),
        ({"snow": {"sites": {"pooled": {"source": "simulate"}}}}, ["snow.sites.pooled: found the name"]),
    ],
)
def test_message_of_a_pool_that_cannot_be(config, words):
    (problem,) = problems(config)
    for word in words:
        assert word in problem


def test_many_sites_are_not_all_listed():
    sites = {f"s{number}": other_site() for number in range(20)}
    (problem,) = problems(pooled(sites, pool=["none"]))
    assert problem.endswith("those are demo, s0, s1, s2, s3, s4, s5, s6, s7, s8 and 11 more.")


def test_a_pool_of_some_sites_is_taken():
    check(pooled({"alp": other_site()}, pool=["alp"], patches_per_site=100))


def test_a_year_named_twice():
    scene = {"year": 2019, "date": "2019-09-01", "tiles": ["a.tif"]}
    (problem,) = problems(from_files(scenes=[scene, {**scene, "tiles": ["b.tif"]}]))
    assert problem.startswith("glacier.sites.alp.scenes: year 2019 is named 2 times")


def test_dates_of_sentinel_2_scenes():
    undated = {"year": 2019, "tiles": ["a.tif"]}
    (problem,) = problems(from_files(scenes=[undated]))
    assert "scenes[0].date: missing for year 2019" in problem
    for way_out in (
        from_files(scenes=[undated], radiometry={"sentinel2_baseline": False}),
        from_files(scenes=[{**undated, "boa_offset_applied": True}]),
    ):
        check(way_out)
    (problem,) = problems(from_files(scenes=[{**undated, "date": "2019-02-30"}]))
    assert "2019-02-30, which is no day of the calendar" in problem


@pytest.mark.parametrize(
    ("bands", "shown", "ratio"),
    [
        (["B02", "B03", "B04", "B08", "B11"], ["B04", "B03", "B02"], ["B04", "B11"]),
        (["blue", "green", "red"], ["red", "green", "blue"], None),
        (["SR_B2", "SR_B3", "SR_B4", "SR_B5"], ["SR_B2", "SR_B3", "SR_B4"], None),
        (["B04", "B11"], ["B04", "B04", "B04"], ["B04", "B11"]),
        (["pan"], ["pan", "pan", "pan"], None),
    ],
)
def test_defaults_follow_the_bands_of_a_site(bands, shown, ratio):
    study = check(from_files(bands=bands))["glacier"]
    assert bands_to_show(bands, study["figures"]["rgb"]) == shown
    assert ratio_of(bands, study["baselines"]["ratio"]) == ratio
    assert bands_to_show(bands, bands[:1] * 3) == bands[:1] * 3
    assert ratio_of(bands, None) is None and ratio_of(bands, bands[:2]) == bands[:2]


def test_a_configuration_without_a_study_is_refused():
    (problem,) = problems({"seed": 2})
    for word in ("no study", "seed", "glacier", "snow", "carbon", "ocean"):
        assert word in problem


def scenes(*entries):
    return from_files(scenes=[{"year": year, "date": date, **more} for year, date, more in entries])


@pytest.mark.parametrize(
    ("second", "place"),
    [
        ({"tiles": ["a.tif"]}, "scenes[1].tiles[0]"),  # one tile in two years
        ({"tiles": ["b.tif", "x/../a.tif"]}, "scenes[1].tiles[1]"),
        ({"tiles": ["b.tif"], "cloud_mask": "b.tif"}, "scenes[1].cloud_mask"),  # a tile is its own cloud mask
        ({"tiles": ["b.tif"], "cloud_mask": "clouds.tif"}, "scenes[1].cloud_mask"),  # the mask of another year
    ],
)
def test_a_file_has_one_role_in_a_site(second, place):
    config = scenes(
        (2019, "2019-09-01", {"tiles": ["a.tif"], "cloud_mask": "clouds.tif"}), (2020, "2020-09-01", second)
    )
    (problem,) = problems(config)
    assert problem.startswith(f"glacier.sites.alp.{place}: found ") and "glacier.sites.alp.scenes[" in problem[40:]
    other_site = from_files()["glacier"]["sites"]["alp"]
    shared = from_files()
    shared["glacier"]["sites"]["tal"] = other_site
    check(shared)  # sites may show the same tiles


def test_bands_of_one_tile_may_share_a_file_and_two_tiles_may_not():
    maps = [{"B02": "a.tif", "B03": "a.tif", "B04": "b.tif"}, {"B02": "c.tif", "B03": "c.tif", "B04": "b.tif"}]
    bands = {"bands": ["B02", "B03", "B04"]}
    (problem,) = problems(from_files(scenes=[{"year": 2019, "date": "2019-09-01", "tiles": maps}], **bands))
    assert problem.startswith("glacier.sites.alp.scenes[0].tiles[1]: found b.tif, which glacier.sites.alp.scenes[0].ti")
    maps[1]["B04"] = "d.tif"
    alone = from_files(scenes=[{"year": 2019, "date": "2019-09-01", "tiles": maps}], **bands)
    check(alone)


def test_the_elevation_model_is_no_image():
    (problem,) = problems(from_files(dem="2020.tif"))
    assert problem.startswith("glacier.sites.alp.dem: found 2020.tif, which glacier.sites.alp.scenes[1].tiles[0] names")


@pytest.mark.parametrize(("date", "is_taken"), [("2018-12-20", True), ("2020-02-01", True), ("2022-09-01", False)])
def test_the_date_of_a_scene_belongs_to_its_year(date, is_taken):
    config = scenes((2019, date, {"tiles": ["a.tif"]}))
    if is_taken:
        check(config)
        return
    (problem,) = problems(config)
    assert problem.startswith("glacier.sites.alp.scenes[0].date: found 2022-09-01 for year 2019")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reference_year": 2010}, "reference_year: found 2010; the simulated years are 2016 to 2024"),
        ({"reference_year": 2020}, "cloudy_year: found 2020, which is the reference year"),
        ({"simulate": {"cloudy_year": 2030}}, "cloudy_year: found 2030"),
        (
            {"simulate": {"first_year": 2030, "cloudy_year": None}},
            "first_year: found 2030, later than last_year (2024)",
        ),
        ({"dem": "dem.tif"}, "dem: has no effect with source: simulate"),
        ({"bands": ["B02", "B03", "B04", "B11", "B12"]}, "bands: found B12; the simulated bands are"),
    ],
)
def test_settings_of_the_simulation(changes, words):
    config = simulated()
    config["glacier"]["sites"]["demo"].update(changes)
    (problem,) = problems(config)
    assert words in problem


def test_a_key_given_twice_is_found_with_its_lines(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("seed: 1\nglacier:\n  training:\n    epochs: 3\n    batch_size: 4\n    epochs: 5\nseed: 2\n")
    first, second = duplicate_keys(path)
    assert first == f"{path}: glacier.training.epochs is given twice, in lines 4 and 6; keep one."
    assert second == f"{path}: seed is given twice, in lines 1 and 7; keep one."
    with pytest.raises(ConfigError, match="has 2 problems"):
        check({}, [path])


def test_an_overridden_anchor_is_no_key_given_twice(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  x: 3\n")
    assert duplicate_keys(path) == []


def test_a_file_that_is_not_yaml(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("a: [1, 2\nb: }")
    with pytest.raises(ConfigError, match=f"{path} is not YAML: .*line 2"):
        duplicate_keys(path)


@pytest.mark.parametrize(("name", "said"), [(2024, "a number"), (False, "true or false"), (None, "nothing")])
def test_a_site_name_that_yaml_reads_as_something_else_is_refused(name, said):
    """`no:` and `2024:` ended in a TypeError."""
    config = {"carbon": {"sites": {name: {"source": "simulate"}}}}
    with pytest.raises(ConfigError) as caught:
        check(config)
    (problem,) = caught.value.problems
    assert problem.startswith("carbon.sites: found the name") and said in problem and "quotes" in problem
    key = {"carbon": {"sites": {"a": {"source": "simulate", name: 1}}}}
    with pytest.raises(ConfigError, match=r"carbon\.sites\.a: found the name"):
        check(key)


def test_a_number_or_truth_value_where_text_belongs_comes_with_the_way_to_write_it():
    """`--config data_dir=2024` was refused without a word on how to pass it."""
    (problem,) = problems(simulated() | {"data_dir": 2024})
    assert '"2024" in quotes' in problem and "--config data_dir=./2024" in problem
    config = {"carbon": {"sites": {"a": {"source": "files", "images": 2024, "masks": True}}}}
    number, truth = problems(config)
    assert "images: found 2024" in number and '"2024" in quotes' in number and "--config" not in number
    assert "masks: found true" in truth and "in quotes" in truth


def test_no_pattern_lets_a_line_break_follow():
    """In Python, $ also matches before a last line break; the values with one became names of files."""
    address = {"archives": {"rgi6": "https://example.org/rgi\n"}} | simulated()
    (problem,) = problems(address)
    assert problem.startswith("archives.rgi6")
    (problem,) = problems({"glacier": {"sites": {"demo\n": {"source": "simulate", "reference_year": 2016}}}})
    assert "demo" in problem and "found the name" in problem
    scenes = [{"year": 2019, "date": "2019-09-01\n", "tiles": ["a.tif"]}]
    (problem,) = problems(from_files(scenes=scenes))
    assert "date: found the text" in problem
