"""Settings of the carbon study that do not go together."""

import pytest

from climate_indicators.config.validation import ConfigError, check


def files(labels=None, study=None, **site):
    whole = {"source": "files", "images": "images", "masks": "masks", **site}
    kept = {key: value for key, value in whole.items() if value is not None}
    return {"carbon": {"sites": {"mine": kept}, **({"labels": labels} if labels else {}), **(study or {})}}


def table(**site):
    return {"carbon": {"sites": {"old": {"source": "table", "table": "old.csv", **site}}}}


@pytest.mark.parametrize(
    "config",
    [
        files(),
        files({"source": "hsv"}, masks=None),
        files({"source": "ndvi"}, masks=None, bands=[3, 2, 1, 4], band_names=["red", "green", "blue", "near_infrared"]),
        files(dates={"pattern": r"(?P<year>\d{4})(?P<month>\d{2})"}, place_pattern="^(?P<place>[a-z]+)"),
        files(study={"network": {"encoder_weights": "imagenet"}, "training": {"frozen_epochs": 5}}),
        table(),
        {"carbon": {"sites": {"demo": {"source": "simulate"}}}},
    ],
)
def test_settings_that_go_together_pass(config):
    assert check(config)["carbon"]["images"]["size_px"] == 320


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (files(images=None), "carbon.sites.mine.images: missing; source: files needs the folder"),
        (files(masks=None), "carbon.sites.mine.masks: missing; carbon.labels.source is masks"),
        (files({"source": "hsv"}), "carbon.sites.mine.masks: has no effect with carbon.labels.source: hsv"),
        (files({"source": "hsv", "hue": [85, 35]}, masks=None), "carbon.labels.hue: found 85 to 35"),
        (files({"source": "ndvi"}, masks=None), "band_names: near_infrared missing"),
        (files(bands=[1, 2]), "found 3 names for 2 bands"),
        (files(table="old.csv"), "carbon.sites.mine.table: has no effect with source: files"),
        (files(simulate={}), "carbon.sites.mine.simulate: has no effect with source: files"),
        (files(dates={}), "carbon.sites.mine.dates: needs either a pattern or a table"),
        (files(dates={"pattern": r"(\d{4})"}), "has no group named year"),
        (files(dates={"pattern": "("}), "is no regular expression"),
        (files(place_pattern="^[a-z]+"), "has no group named place"),
        (files(study={"images": {"size_px": 100}}), "100 is not a multiple of 32, the network's stride. Nearest: 96"),
        (files(study={"images": {"train": 0.7}}), "make 1.15; they must make 1"),
        (files(study={"network": {"encoder_weights": "imagenet", "width": 8}}), "carbon.network.width: found 8"),
        (files(study={"training": {"frozen_epochs": 3}}), "carbon.training.frozen_epochs: found 3"),
        (
            files(
                bands=[1, 2, 3], band_names=["blue", "green", "red"], study={"network": {"encoder_weights": "imagenet"}}
            ),
            "are for red, green, blue in this order",
        ),
        (files(study={"training": {"epochs": 3, "schedule": "cosine", "warmup_epochs": 3}}), "has 3 epochs in all"),
        (files(study={"factors": {"carbon_fraction": {"value": 47}}}), "factors.carbon_fraction.value: found 47"),
        (
            files(
                bands=[1, 2, 3, 4],
                band_names=["red", "green", "blue", "nir"],
                study={"network": {"encoder_weights": "imagenet"}},
            ),
            "are for three bands",
        ),
        (table(table=None), "carbon.sites.old.table: missing; source: table needs it"),
        (table(masks="masks"), "carbon.sites.old.masks: has no effect with source: table"),
        (
            {"carbon": {"sites": {"demo": {"source": "simulate", "pixel_area_m2": 5}}}},
            "carbon.sites.demo.pixel_area_m2: has no effect with source: simulate",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_named(config, words):
    with pytest.raises(ConfigError) as error:
        check(config)
    assert words in str(error.value)
