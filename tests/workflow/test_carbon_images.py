"""The carbon study on images, simulated and of users: what a run holds, what re-runs, and what is refused."""

import shutil

import h5py
import numpy as np
import pandas as pd
import pytest
import rasterio
from PIL import Image
from rasterio.crs import CRS
from rasterio.transform import from_origin

from cases import shortened
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES
from climate_indicators.stats.truth_checks import COLUMNS
from runs import CARBON_STUDY, SMALL_CARBON, jobs_of, run

pytestmark = pytest.mark.slow
RESULTS = {
    "images.csv", "duplicates.csv", "rejected.csv", "patches.h5", "patches.png", "augmentation.png", "model",
    "training_metrics.csv", "network_check.csv", "learning_curve.png", "unet_scores.h5", "image_scores.h5",
    "baseline_scores.h5",
    "calibration.json", "metrics.csv", "reliability.csv", "reliability.png", "block_confusion.csv",
    "image_metrics.csv", "protocol.csv", "vegetation.csv", "masks", "CO2_seq.csv", "carbon_total.csv",
    "carbon_gallery.png", "measurements.csv", "carbon_comparison.csv", "comparison_skill.csv", "carbon_comparison.png",
    "trend_analysis.csv", "carbon_series.png", "forecast.csv", "forecast_skill.csv", "carbon_forecast.png",
}  # fmt: skip
ESTIMATED = {"carbon_estimates", "carbon_comparison", "carbon_trend", "carbon_forecast", "overview", "manifest"}
LEARNT = ESTIMATED | {
    "carbon_train", "carbon_learning_curve", "carbon_check_network", "carbon_held_out", "evaluate", "reliability",
    "carbon_image_skill", "carbon_vegetation", "carbon_gallery",
}  # fmt: skip
READ = LEARNT | {
    "carbon_images", "carbon_measurements", "carbon_samples", "carbon_baselines", "patch_sheet", "augmentation_sheet",
}  # fmt: skip
COLUMNS = {
    "images": "image mask date place width height bands dtype full_scale orientation mask_scale mask_palette "
    "mask_orientation unknown_fraction pixel_area_m2 sha256 given labeled group split",
    "duplicates": "image_a image_b kind transform distance across_given",
    "rejected": "image reason",
    "training_metrics": "epoch loss accuracy dice precision recall f1 iou val_loss val_accuracy val_dice val_precision "
    "val_recall val_f1 val_iou learning_rate",
    "image_metrics": "image split group threshold_rule threshold tn fp fn tp iou dice precision recall f1 "
    "true_fraction mapped_fraction density_fraction",
    "protocol": "model split threshold_rule averaging iou dice f1 precision recall n_images n_empty",
    "vegetation": "image n_pixels valid_fraction mapped_fraction density_fraction",
    "CO2_seq": "image_path carbon_sequestration vegetation_area date split place vegetation_fraction valid_fraction "
    "pixel_area_m2 vegetation_area_lower vegetation_area_upper biomass_kg biomass_lower_kg biomass_upper_kg carbon_kg "
    "carbon_lower_kg carbon_upper_kg carbon_sequestration_lower carbon_sequestration_upper carbon_whole_kg",
    "measurements": "row image truth_kg",
    "carbon_comparison": "image split date truth_kg estimate_kg lower_kg upper_kg error_kg inside",
    "truth_check": " ".join(COLUMNS),
}
# columns that may be empty, by table, as docs/reference/carbon.md and docs/reference/glacier.md say
MAY_BE_EMPTY = {
    "images": {"mask", "mask_scale", "mask_palette", "mask_orientation", "unknown_fraction", "pixel_area_m2", "given"},
    "vegetation": set(),
    "CO2_seq": set(),
    "carbon_total": set(),
    "measurements": {"truth_kg"},
    "carbon_comparison": set(),
    # two groups of test images are too few for an interval
    "comparison_skill": {
        f"{name}_{end}" for name in ("bias_kg", "rmse_kg", "r2", "concordance") for end in ("lower", "upper")
    },
    "training_metrics": set(),
    # of methods without probability or threshold; the lead of the network itself, and intervals of few groups
    "metrics": {"threshold", "ece", "iou_gain", "iou_gain_lower", "iou_gain_upper", "sentence"},
    "protocol": set(),
    # no change of level is found in the noise of this small network
    "truth_check": {"estimate", "lower", "upper", "tolerance"},
}
GROUND = {"crs": CRS.from_epsg(32644), "transform": from_origin(480000, 3100000, 25, 20)}
SUMMER, MONTH = ("2012-07", "2013-06", "2014-08"), "2013-06"
PLACES = [f"place{number}" for number in range(1, 7)]


def table(folder, name, site="small", **options):
    return pd.read_csv(folder / f"results/carbon/{site}/{name}.csv", **options)


def would_run(folder, config):
    text, passed = run(folder, config, "--dry-run")
    assert passed, text
    return jobs_of(text)


def changed(config, group, change):
    """The configuration with some settings of a group changed."""
    study = config["carbon"]
    return config | {"carbon": study | {group: study.get(group, {}) | change}}


def test_a_run_makes_every_result_and_a_second_one_has_nothing_to_do(finished_carbon):
    found = {path.name for path in (finished_carbon / "results/carbon/small").iterdir()}
    assert found == RESULTS | {"truth_check.csv", "truth_check.png"}
    masks = {path.stem for path in (finished_carbon / "results/carbon/small/masks").glob("*.png")}
    assert masks == {name.removesuffix(".jpg") for name in table(finished_carbon, "images").image}
    assert len(masks) == 6 * 36
    text, passed = run(finished_carbon, SMALL_CARBON)
    assert passed and "Nothing to be done" in text, text


@pytest.mark.parametrize("name", COLUMNS)
def test_tables_have_their_columns(finished_carbon, name):
    assert list(table(finished_carbon, name).columns) == COLUMNS[name].split()


@pytest.mark.parametrize("name", MAY_BE_EMPTY)
def test_tables_have_a_number_in_every_cell_that_is_promised(finished_carbon, name):
    found = table(finished_carbon, name)
    assert len(found)
    empty = set(found.columns[found.isna().any()])
    assert empty <= MAY_BE_EMPTY[name], found[sorted(empty)]


def test_estimates_have_one_row_an_image_and_intervals_around_their_values(finished_carbon):
    images, estimates = table(finished_carbon, "images"), table(finished_carbon, "CO2_seq")
    assert estimates.image_path.tolist() == images.image.tolist() and estimates.image_path.is_unique
    bounds = [("vegetation_area", "{}_lower", "{}_upper"), ("carbon_sequestration", "{}_lower", "{}_upper")]
    bounds += [(f"{name}_kg", f"{name}_lower_kg", f"{name}_upper_kg") for name in ("biomass", "carbon")]
    for name, lower, upper in bounds:
        value, low, high = (estimates[column.format(name)] for column in (name, lower, upper))
        assert np.isfinite(value).all() and (low >= 0).all(), name
        assert ((low <= value) & (value <= high)).all() and (low < high).any(), name
    np.testing.assert_allclose(estimates.carbon_sequestration, 3.667 * estimates.carbon_kg, rtol=1e-6)
    total = table(finished_carbon, "carbon_total").query("part == 'all images'").set_index("date")
    assert total.n_images["mean"] == len(images)
    by_date = estimates.groupby("date").carbon_whole_kg.sum()
    np.testing.assert_allclose(total.carbon_kg[by_date.index], by_date, rtol=1e-6)
    by_place = estimates.groupby("place").carbon_whole_kg.mean().sum()
    np.testing.assert_allclose(total.carbon_kg["mean"], by_place, rtol=1e-6)


def test_no_place_is_on_two_sides_of_the_split(finished_carbon):
    images = table(finished_carbon, "images")
    labeled = images[images.labeled]
    assert set(labeled.split) == {"train", "validation", "test"}
    assert (labeled.groupby("place").split.nunique() == 1).all()
    assert set(images.split[~images.labeled]) == {"unlabeled"}
    with h5py.File(finished_carbon / "results/carbon/small/patches.h5") as store:
        numbers, groups, splits = (store[name][:] for name in ("number", "block", "split"))
    np.testing.assert_array_equal(numbers, labeled.index)
    np.testing.assert_array_equal(groups, labeled.group)
    np.testing.assert_array_equal(splits, labeled.split.map(SPLIT_VALUES))
    assert not set(groups[splits == SPLIT_VALUES["train"]]) & set(groups[splits != SPLIT_VALUES["train"]])


def test_training_says_how_much_of_its_time_it_waited(finished_carbon):
    log = (finished_carbon / "logs/carbon/small/train.log").read_text()
    assert log.count("· waiting ") == 2
    assert table(finished_carbon, "training_metrics").epoch.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("group", "change", "expected"),
    shortened(
        [
            ("training", {"learning_rate": 0.02}, LEARNT | {"carbon_truth_check"}),
            ("series", {"window": 12}, {"carbon_trend", "carbon_truth_check", "overview", "manifest"}),
            ("estimates", {"draws": 300}, ESTIMATED | {"carbon_truth_check"}),
            (
                "factors",
                {"carbon_fraction": {"value": 0.5, "standard_error": 0.02}},
                ESTIMATED | {"carbon_truth_check"},
            ),
        ],
        "training",
    ),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_setting_reruns_the_rules_that_use_it(finished_carbon, group, change, expected):
    assert would_run(finished_carbon, changed(SMALL_CARBON, group, change)) == expected


def picture(finished, name):
    """A simulated picture, uint8, shape (rows, columns, 3)."""
    return np.asarray(Image.open(finished / f"resources/carbon/small/images/{name}.jpg"))


def write_raster(path, values, **profile):
    rows, cols, bands = values.shape
    profile |= {"width": cols, "height": rows, "count": bands, "dtype": values.dtype}
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(np.moveaxis(values, -1, 0))


def write_picture(folder, values, place, month):
    """Write a picture in a format of its place's own; the name of the file."""
    path = folder / f"{place}_{month}.jpg"
    if place == "place1":
        path = folder / f"{place}_été-Žluť-夏 {month}.jpg"
    if place == "place2":
        path = path.with_suffix(".tif")
        write_raster(path, values, driver="GTiff", **GROUND)
    elif place == "place3":
        path = path.with_suffix(".png")
        write_raster(path, values.astype("uint16") * 257, driver="PNG")
    elif place == "place4":
        Image.fromarray(values).convert("CMYK").save(path, quality=95)
    else:
        Image.fromarray(values).save(path, quality=95)
    return path.name


@pytest.fixture(scope="module")
def mixed_read(finished_carbon, tmp_path_factory):
    """A user's images of many kinds, without masks and dates, run up to the samples: its folder and configuration."""
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "data").mkdir()
    (folder / "data/pictures").mkdir()
    truth = pd.read_csv(finished_carbon / "resources/carbon/small/truth/images.csv").set_index("image").carbon_kg
    measured = []
    for place in PLACES:
        for month in SUMMER:
            name = write_picture(folder / "data/pictures", picture(finished_carbon, f"{place}_{month}"), place, month)
            measured.append({"picture": name, "tonnes": truth[f"{place}_{month}.jpg"] / 1000})
    pd.DataFrame(measured).to_csv(folder / "data/carbon.csv", index=False)
    site = {
        "source": "files",
        "images": "pictures",
        "place_pattern": "^(?P<place>place[0-9])_",
        "pixel_area_m2": 900,
        "ground_truth": {"path": "carbon.csv", "image": "picture", "carbon": "tonnes", "unit": "t"},
    }
    labels = {"source": "hsv", "target": "density"}
    config = {"data_dir": "data", "carbon": CARBON_STUDY | {"sites": {"mixed": site}, "labels": labels}}
    text, passed = run(folder, config, "--", "results/carbon/mixed/patches.h5")
    assert passed, text
    return folder, config


@pytest.fixture(scope="module")
def mixed(mixed_read):
    """The same, run to the end."""
    text, passed = run(*mixed_read)
    assert passed, text
    return mixed_read


@pytest.mark.long
def test_images_of_all_kinds_are_read(mixed_read):
    images = table(mixed_read[0], "images", "mixed").set_index("image")
    assert set(images.dtype) == {"uint8", "uint16"} and (images.bands >= 3).all()
    assert len(images) == 18 and sum("été-Žluť-夏" in name for name in images.index) == len(SUMMER)
    assert images["mask"].isna().all() and images.labeled.all()
    assert table(mixed_read[0], "rejected", "mixed").empty


@pytest.mark.long
def test_images_of_all_kinds_run_through_to_carbon(mixed):
    folder, _ = mixed
    assert {path.name for path in (folder / "results/carbon/mixed").iterdir()} == RESULTS
    images = table(folder, "images", "mixed").set_index("image")
    estimates = table(folder, "CO2_seq", "mixed").set_index("image_path")
    assert estimates.index.tolist() == images.index.tolist() and len(estimates) == 18
    assert sum("été-Žluť-夏" in name for name in estimates.index) == len(SUMMER)
    numbers = ["carbon_kg", "carbon_lower_kg", "carbon_upper_kg"]
    assert np.isfinite(estimates[numbers]).all(axis=None) and (estimates.carbon_kg > 0).all()
    assert (estimates.carbon_kg.between(estimates.carbon_lower_kg, estimates.carbon_upper_kg)).all()


def test_pictures_are_read_alike_in_every_format(mixed_read, finished_carbon):
    with h5py.File(mixed_read[0] / "results/carbon/mixed/patches.h5") as store:
        names = store["name"].asstr()[:].tolist()
        read = dict(zip(names, store["image"][:], strict=True))
        valid = dict(zip(names, store["valid"][:], strict=True))
        density = store["density"][:]
    for name, most in (("place2_2012-07.tif", 0.01), ("place3_2012-07.png", 0.01), ("place4_2012-07.jpg", 12)):
        true, seen = picture(finished_carbon, name[:14]), valid[name]
        assert seen.mean() > 0.5
        assert np.abs(read[name][seen] - true[seen]).mean() < most, name
    known = density[np.isfinite(density)]
    assert known.min() == 0 and known.max() == 1


@pytest.mark.long
def test_labels_of_the_hsv_rule_are_not_held_against_that_rule(mixed):
    assert set(table(mixed[0], "metrics", "mixed").model) == {"unet", "random_forest", "excess_green", "all_positive"}


@pytest.mark.long
def test_masks_of_geotiffs_lie_where_their_images_do(mixed):
    folder, _ = mixed
    masks = folder / "results/carbon/mixed/masks"
    assert len(list(masks.glob("*.png"))) == 15 and len(list(masks.glob("*.tif"))) == len(SUMMER)
    for path in masks.glob("*.tif"):
        with rasterio.open(path) as raster:
            assert raster.crs == GROUND["crs"] and raster.transform == GROUND["transform"]
            assert raster.nodata == 128 and set(np.unique(raster.read(1))) <= {0, 128, 255}
    areas = table(folder, "CO2_seq", "mixed").set_index("place").pixel_area_m2
    np.testing.assert_allclose(areas["place2"], 25 * 20)
    assert set(areas.drop("place2")) == {900}


@pytest.mark.long
def test_images_without_dates_have_no_rate_per_year_and_no_forecast(mixed):
    trends = table(mixed[0], "trend_analysis", "mixed")
    assert set(trends.axis) == {"row order"} and set(trends.slope_unit) == {"kg per row"}
    assert not trends.sentence.str.contains("a year|per year").any()
    skill = table(mixed[0], "forecast_skill", "mixed").iloc[0]
    assert skill.method == "refused" and "no dates" in skill.verdict


@pytest.mark.long
def test_measurements_in_tonnes_are_compared_in_kilograms(mixed):
    measured = pd.read_csv(mixed[0] / "data/carbon.csv").set_index("picture").tonnes
    comparison = table(mixed[0], "carbon_comparison", "mixed").set_index("image")
    np.testing.assert_allclose(comparison.truth_kg, 1000 * measured[comparison.index], rtol=1e-6)
    assert len(comparison) == 18


@pytest.mark.long
def test_edited_factors_rerun_the_estimates_and_not_the_training(mixed):
    folder, config = mixed
    assert would_run(folder, config) == set()
    factors = {"biomass_kg_m2": {"value": 0.6, "standard_error": 0.05}}
    assert would_run(folder, changed(config, "factors", factors)) == ESTIMATED


@pytest.mark.long
def test_measurements_of_unknown_images_end_the_run_before_training(mixed_read, tmp_path):
    folder, config = mixed_read
    shutil.copytree(folder, tmp_path / "work")
    measured = pd.read_csv(tmp_path / "work/data/carbon.csv")
    measured.loc[2, "picture"] = "nowhere.jpg"
    measured.to_csv(tmp_path / "work/data/carbon.csv", index=False)
    text, passed = run(tmp_path / "work", config)
    assert not passed and "carbon.csv: 1 of 18 rows match no image, or more than one: row 3: 'nowhere.jpg'" in text
    assert not (tmp_path / "work/results/carbon/mixed/model").exists()


@pytest.mark.long
def test_a_further_image_reruns_everything_that_images_go_into(mixed, tmp_path):
    folder, config = mixed
    shutil.copytree(folder, tmp_path / "work")
    pictures = tmp_path / "work/data/pictures"
    shutil.copy(pictures / "place5_2012-07.jpg", pictures / "place5_2015-07.jpg")
    assert would_run(tmp_path / "work", config) == READ


def masked_site(finished, folder, site):
    """Images of one month and their masks, drawn from the truth, as files of a user; their two folders."""
    images, masks = folder / site / "images", folder / site / "masks"
    images.mkdir(parents=True)
    masks.mkdir()
    source = finished / "resources/carbon/small"
    for place in PLACES:
        shutil.copy(source / f"images/{place}_{MONTH}.jpg", images / f"{place}.jpg")
        shutil.copy(source / f"truth/masks/{place}_{MONTH}.png", masks / f"{place}.png")
    return images, masks


def spoil(images, masks):
    """Add a JPG that is cut short, an image of one pixel, and one whose mask has another size."""
    whole = (images / "place1.jpg").read_bytes()
    (images / "corrupt.jpg").write_bytes(whole[: len(whole) // 2])
    Image.new("RGB", (1, 1), (20, 120, 30)).save(images / "pixel.png")
    shutil.copy(images / "place2.jpg", images / "other_size.jpg")
    Image.new("L", (40, 32), 255).save(masks / "other_size.png")


def masked_study(*sites, **images):
    """Configuration of sites of `masked_site`."""
    settings = {site: {"images": f"{site}/images", "masks": f"{site}/masks"} for site in sites}
    settings = {site: one | {"source": "files", "pixel_area_m2": 900} for site, one in settings.items()}
    return {"carbon": CARBON_STUDY | {"sites": settings, "images": CARBON_STUDY["images"] | images}}


@pytest.fixture(scope="module")
def refused(finished_carbon, tmp_path_factory):
    """Sites that cannot be used, asked for their carbon in one run: its folder and its text."""
    folder = tmp_path_factory.mktemp("refused")
    sites = ("spoilt", "lost", "empty", "twins")
    for site in sites:
        images, masks = masked_site(finished_carbon, folder, site)
        if site == "spoilt":
            spoil(images, masks)
        elif site == "lost":
            (images / "place3.jpg").unlink()
        elif site == "empty":
            for path in images.iterdir():
                path.unlink()
        else:
            Image.open(images / "place3.jpg").save(images / "place3.png")
    targets = [f"results/carbon/{site}/CO2_seq.csv" for site in sites]
    text, passed = run(folder, masked_study(*sites), "--keep-going", "--", *targets)
    assert not passed, text
    return folder, text


REFUSED = {
    "spoilt": [
        "3 images cannot be used", "corrupt.jpg: cannot be read whole", "pixel.png: has 1 × 1 pixels",
        "other_size.jpg: has 32 × 32 pixels", "masks/other_size.png has 40 × 32", "carbon.images.skip_bad",
    ],
    "lost": ["1 of 6 masks have no image: place3.png"],
    "empty": ["empty/images: found no image"],
    "twins": ["the images place3.jpg and place3.png have one name"],
}  # fmt: skip


@pytest.mark.parametrize("site", REFUSED)
def test_folders_that_cannot_be_used_end_in_one_message_before_anything_is_learnt(refused, site):
    folder, _ = refused
    log = (folder / f"logs/carbon/{site}/carbon_images.log").read_text()
    message = next(line for line in log.splitlines() if " ERROR " in line)
    assert f"carbon site '{site}'" in message
    for words in REFUSED[site]:
        assert words in log and words in refused[1], log
    assert not list((folder / f"results/carbon/{site}").rglob("*")), "results stand, or half-written files"


@pytest.fixture(scope="module")
def accepted(finished_carbon, tmp_path_factory):
    """The spoilt folder, with bad images left out, and one with folders train and test, run up to their samples."""
    folder = tmp_path_factory.mktemp("accepted")
    spoil(*masked_site(finished_carbon, folder, "spoilt"))
    for part in masked_site(finished_carbon, folder, "given"):
        for name, chosen in (("train", PLACES[:4]), ("test", PLACES[4:])):
            (part / name).mkdir()
            for place in chosen:
                path = next(part.glob(f"{place}.*"))
                path.rename(part / name / f"{place}_été{path.suffix}")
    targets = [f"results/carbon/{site}/patches.h5" for site in ("spoilt", "given")]
    # of six images five must be held out, so that they can tell the masks' error
    study = masked_study("spoilt", "given", skip_bad=True, train=0.1, validation=0.4, test=0.5)
    text, passed = run(folder, study, "--", *targets)
    assert passed, text
    return folder


@pytest.mark.long
def test_images_that_cannot_be_used_are_left_out_and_listed(accepted):
    rejected = table(accepted, "rejected", "spoilt").set_index("image").reason
    assert set(rejected.index) == {"corrupt.jpg", "pixel.png", "other_size.jpg"}
    assert "1 × 1 pixels" in rejected["pixel.png"] and "other_size.png" in rejected["other_size.jpg"]
    assert table(accepted, "images", "spoilt").image.tolist() == [f"{place}.jpg" for place in PLACES]
    assert "left out: 3" in (accepted / "logs/carbon/spoilt/carbon_images.log").read_text()


@pytest.mark.long
def test_folders_train_and_test_are_honoured(accepted):
    images = table(accepted, "images", "given")
    assert images.image.tolist() == images["mask"].str.replace(".png", ".jpg").tolist()
    assert images.image.tolist() == [
        *(f"test/{place}_été.jpg" for place in PLACES[4:]), *(f"train/{place}_été.jpg" for place in PLACES[:4])
    ]  # fmt: skip
    assert images.given.tolist() == ["test"] * 2 + ["train"] * 4
    assert set(images.split[images.given == "test"]) == {"test"}
    assert set(images.split[images.given == "train"]) == {"train", "validation"}


@pytest.mark.parametrize("name", shortened(["plot {1}.png", "a {site}.png"], "plot {1}.png"))
def test_a_name_in_braces_is_refused_by_name(tmp_path, name):
    """Snakemake takes it for a wildcard: it stopped without naming the file, or looked for another one."""
    (tmp_path / "images").mkdir()
    Image.new("RGB", (32, 32), (20, 120, 30)).save(tmp_path / "images" / name)
    site = {"source": "files", "images": "images", "pixel_area_m2": 1}
    config = {"carbon": CARBON_STUDY | {"sites": {"plots": site}, "labels": {"source": "hsv"}}}
    text, passed = run(tmp_path, config, "--dry-run")
    assert not passed and f"images/{name}: " in text and "Rename" in text, text
