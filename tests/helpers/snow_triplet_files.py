"""A small patch file of triplets with its table: wet scenes in which snow darkens the radar, dry ones in which not."""

import json

import h5py
import numpy as np
import pandas as pd

from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES

BANDS = ["VV", "VH", "VV_change", "VH_change"]
SPLIT_OF_PLACE = {0: "train", 1: "train", 2: "validation", 3: "validation", 4: "test", 5: "test"}


def triplet_table(places=6, dates=(("20200115", "dry"), ("20200420", "wet"), ("20210420", "wet"))):
    """Scenes of 2021 are the test year; its triplets are tested at test places and unused elsewhere."""
    rows = []
    for date, regime in dates:
        for place in range(places):
            split, late = SPLIT_OF_PLACE[place], date.startswith("2021")
            held_out = "place_and_year" if late and split == "test" else "place" if split == "test" else ""
            held_out = held_out or ("year" if late else "none")
            split = "test" if held_out == "place_and_year" else "unused" if held_out != "none" else split
            rows.append([f"{date}_o48_r00c{place:02d}", date, place, split, held_out, regime])
    table = pd.DataFrame(rows, columns=["triplet", "date", "place", "split", "held_out", "regime"])
    table["season"] = np.where(table.date.str[4:6] == "01", "DJF", "MAM")
    table["hydro_year"] = table.date.str[:4].astype(int)
    table.insert(0, "number", np.arange(len(table)))
    return table


def write_patch_file(path, table, size=16, seed=3, drop_db=5.0):
    rng = np.random.default_rng(seed)
    n = len(table)
    label = np.zeros((n, size, size), "uint8")
    for number, row in enumerate(table.itertuples()):
        label[number, : size // 4 + 2 * (row.place % 4) + (3 if row.regime == "dry" else 0)] = 1
    image = rng.normal([-10.0, -16.0, 0.0, 0.0], [2.0, 2.0, 1.0, 1.0], (n, size, size, 4))
    wet = (table.regime == "wet").to_numpy()[:, None, None] & (label == 1)
    image[wet] -= drop_db
    label[:, -1, :3] = 255
    valid = np.ones((n, size, size), bool)
    valid[:, :2, -1] = False
    mean = np.array([-10.0, -16.0, 0.0, 0.0])
    image[~valid] = mean
    splits = table.split.map(SPLIT_VALUES | {"unused": 0}).to_numpy("uint8")
    with h5py.File(path, "w", track_order=True) as store:
        store.attrs.update({"bands": json.dumps(BANDS), "mean": mean, "std": np.array([3.0, 3.0, 2.0, 2.0])})
        data = {
            "image": image.astype("float32"), "valid": valid, "label": label, "split": splits,
            "rgb": np.where(label[..., None] == 1, 230, 90).repeat(3, axis=3).astype("uint8"),
            "block": table.place.to_numpy("int32"), "number": table.number.to_numpy("int32"),
            "origin": np.zeros((n, 2), "int32"),
        }  # fmt: skip
        for name, values in data.items():
            store.create_dataset(name, data=values, track_times=False)
        store.create_dataset("name", data=table.triplet.tolist(), dtype=h5py.string_dtype(), track_times=False)
    return path


def wetness_run(images):
    """A network that knows the drop: logit 0 at a change of −2.5 dB."""
    return (-2.5 - images[..., 2:].mean(axis=-1)).astype("float32")
