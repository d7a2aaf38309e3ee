"""One patch file of several sites: levels of all pixels, blocks of their own, and what is refused."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest
from affine import Affine

from climate_indicators.core.errors import InputError
from climate_indicators.geo.grid import Grid
from climate_indicators.geo.raster_stack import RasterStack
from climate_indicators.segmentation.dataset import PatchBatches
from climate_indicators.segmentation.patches import plan_patches, write_patches
from climate_indicators.segmentation.pooling import overlapping, pool_patches
from climate_indicators.segmentation.spatial_blocks import SPLIT_VALUES, make_blocks, split_map
from rasters import grid, write_scene
from refusals import raises_naming

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}
TRAIN = SPLIT_VALUES["train"]


def site_patches(folder, name, size, level, seed):
    """Patches of a scene of ``size`` pixels about ``level``, with a cloud over a corner; the file's path."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[:size, :size]
    labels = (np.hypot(rows - size / 2, cols - size / 3) < size / 3).astype("uint8")
    values = level + 0.1 * labels[..., None] + rng.normal(0, 0.02, (size, size, 2))
    valid = ~((rows < 40) & (cols < 40))
    write_scene(folder / f"{name}.tif", values, valid)
    blocks = make_blocks(labels, valid, 40, SHARES, seed=1)
    splits = split_map(blocks, labels, valid, 8)
    with RasterStack([folder / f"{name}.tif"]) as stack:
        write_patches(folder / f"{name}.h5", stack, labels, splits, plan_patches(splits, blocks, 32, 32), 32)
    return folder / f"{name}.h5"


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sites")
    return {
        "large": site_patches(folder, "large", 320, 0.2, 1),
        "small": site_patches(folder, "small", 160, 0.7, 2),
    }


@pytest.fixture(scope="module")
def pooled(sources, tmp_path_factory):
    path = tmp_path_factory.mktemp("pool") / "patches.h5"
    return path, pool_patches(path, sources)


def read(path, *names):
    with h5py.File(path) as store:
        return [store[name][:] for name in names]


def training_pixels(path):
    image, valid, split = read(path, "image", "valid", "split")
    return image[split == TRAIN][valid[split == TRAIN]].astype("float64")


def test_levels_are_those_of_the_training_pixels_of_all_sites(sources, pooled):
    pixels = np.concatenate([training_pixels(path) for path in sources.values()])
    with h5py.File(pooled[0]) as store:
        mean, std = store.attrs["mean"], store.attrs["std"]
        assert json.loads(store.attrs["bands"]) == ["band0", "band1"]
    np.testing.assert_allclose(mean, pixels.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(std, pixels.std(axis=0), rtol=1e-12)
    # neither of the sites' own levels, nor the mean of the two: the large site has more pixels
    assert mean[0] < np.mean([training_pixels(path)[:, 0].mean() for path in sources.values()]) - 0.05


def test_digits_are_kept_far_from_zero(tmp_path):
    """A sum of squares would leave no digit of a deviation of 0.01 about 1e6."""
    values = 1e6 + np.random.default_rng(3).normal(0, 0.01, (2, 40, 8, 8, 1))
    for number, part in enumerate(values):
        write_store(tmp_path / f"{number}.h5", part, "float64")
    pool_patches(tmp_path / "pool.h5", {f"s{number}": tmp_path / f"{number}.h5" for number in range(2)})
    with h5py.File(tmp_path / "pool.h5") as store:
        np.testing.assert_allclose(store.attrs["std"], values.std(), rtol=1e-6)


def write_store(path, images, dtype, bands=("a",), split=TRAIN):
    """A patch file of given images, all seen, all of one split and block."""
    with h5py.File(path, "w") as store:
        store.attrs["bands"] = json.dumps(list(bands))
        store["image"] = images.astype(dtype)
        store["valid"] = np.ones(images.shape[:3], bool)
        store["label"] = np.zeros(images.shape[:3], "uint8")
        store["split"], store["block"] = np.full(len(images), split, "uint8"), np.zeros(len(images), "int32")
        store["origin"] = np.zeros((len(images), 2), "int32")
    return path


def test_every_patch_is_there_once_but_those_of_the_test(sources, pooled):
    image, valid, label, split, site = read(pooled[0], "image", "valid", "label", "split", "site")
    assert set(split) == {1, 2}
    for number, path in enumerate(sources.values()):
        images, valids, labels, splits = read(path, "image", "valid", "label", "split")
        own, kept = site == number, [np.flatnonzero(splits == value) for value in (1, 2)]
        kept = np.concatenate(kept)
        assert np.array_equal(split[own], splits[kept]) and np.array_equal(label[own], labels[kept])
        assert np.array_equal(valid[own], valids[kept])
        assert np.array_equal(image[own][valid[own]], images[kept][valids[kept]])


def test_unseen_pixels_hold_the_mean_of_all_sites(pooled):
    image, valid = read(pooled[0], "image", "valid")
    with h5py.File(pooled[0]) as store:
        mean = store.attrs["mean"].astype("float32")
    assert (~valid).any() and np.array_equal(image[~valid], np.broadcast_to(mean, image[~valid].shape))


def test_blocks_of_different_sites_have_different_numbers(sources, pooled):
    block, split, site = read(pooled[0], "block", "split", "site")
    table = pd.DataFrame({"block": block, "split": split, "site": site})
    assert (table.groupby("block").site.nunique() == 1).all() and (table.groupby("block").split.nunique() == 1).all()
    expected = sum(len(np.unique(blocks[splits < 3])) for blocks, splits in (read(path, "block", "split")
                   for path in sources.values()))  # fmt: skip
    assert table.block.nunique() == expected


def test_sites_are_named_and_counted(sources, pooled):
    with h5py.File(pooled[0]) as store:
        assert store["sites"].asstr()[:].tolist() == ["large", "small"]
    splits = read(sources["small"], "split")[0]
    row = pooled[1].set_index("site").loc["small"]
    assert row.train_patches == row.train_used == np.count_nonzero(splits == 1)
    assert row.validation_patches == row.validation_used == np.count_nonzero(splits == 2)


def test_no_site_gives_more_than_the_limit_and_its_choice_is_its_own(sources, tmp_path):
    table = pool_patches(tmp_path / "both.h5", sources, limit=3, seed=5)
    assert table.train_used.tolist() == [3, 3] and table.validation_used.max() == 3 < table.validation_patches.max()
    pool_patches(tmp_path / "one.h5", {"small": sources["small"]}, limit=3, seed=5)
    pool_patches(tmp_path / "again.h5", {"small": sources["small"]}, limit=3, seed=6)
    origins, site = read(tmp_path / "both.h5", "origin", "site")
    alone, other = (read(tmp_path / name, "origin")[0] for name in ("one.h5", "again.h5"))
    assert np.array_equal(origins[site == 1], alone) and not np.array_equal(alone, other)


def test_the_same_sites_give_the_same_bytes(sources, pooled, tmp_path):
    pool_patches(tmp_path / "patches.h5", sources)
    assert (tmp_path / "patches.h5").read_bytes() == pooled[0].read_bytes()


def test_training_reads_a_pool_as_any_patch_file(pooled):
    batches = PatchBatches(pooled[0], "train", 8, seed=1)
    images, targets = batches[0]
    assert images.shape == (8, 32, 32, 2) and set(np.unique(targets)) <= {-1.0, 0.0, 1.0}
    assert len(batches) == -(-int(pooled[1].train_used.sum()) // 8)


@pytest.mark.parametrize("bands", [["b", "a"], ["a"], ["a", "b", "c"]])
def test_other_bands_are_refused_with_both_sites(tmp_path, bands):
    first = write_store(tmp_path / "first.h5", np.zeros((2, 8, 8, 2)), "float32", ["a", "b"])
    second = write_store(tmp_path / "second.h5", np.zeros((2, 8, 8, len(bands))), "float32", bands)
    with raises_naming(InputError, "'second'", ", ".join(bands), "'first'", "a, b", "training.pool"):
        pool_patches(tmp_path / "pool.h5", {"first": first, "second": second})
    assert not (tmp_path / "pool.h5").exists()


def test_bytes_beside_numbers_become_numbers(tmp_path):
    """Images of 8 bits in one site and of more in another: nothing is cut off."""
    fine = write_store(tmp_path / "fine.h5", np.full((2, 8, 8, 1), 100.5), "float32")
    coarse = write_store(tmp_path / "coarse.h5", np.full((2, 8, 8, 1), 100), "uint8")
    pool_patches(tmp_path / "pool.h5", {"coarse": coarse, "fine": fine})
    assert np.unique(read(tmp_path / "pool.h5", "image")[0]).tolist() == [100.0, 100.5]
    pool_patches(tmp_path / "pool.h5", {"coarse": coarse})
    assert read(tmp_path / "pool.h5", "image")[0].dtype == "uint8"


def test_samples_of_no_split_stay_out_and_densities_come_along(tmp_path):
    """As triplets of test places in other years have it, and samples of shares of vegetation."""
    path = write_store(tmp_path / "site.h5", np.arange(4.0)[:, None, None, None] * np.ones((4, 8, 8, 1)), "float32")
    with h5py.File(path, "r+") as store:
        store["split"][:] = [0, 2, 1, 3]
        store["density"] = np.full((4, 8, 8), np.nan, "float16")
        store["density"][2] = 0.25
    pool_patches(tmp_path / "pool.h5", {"site": path})
    image, split, density = read(tmp_path / "pool.h5", "image", "split", "density")
    assert image[:, 0, 0, 0].tolist() == [2.0, 1.0] and split.tolist() == [1, 2]
    assert (density[0] == 0.25).all() and np.isnan(density[1]).all() and density.dtype == "float16"


def test_sites_that_share_ground_are_found_in_any_projection():
    here = grid(100, 100)

    def shifted(columns):
        return Grid(here.crs, here.transform @ Affine.translation(columns, 0), 100, 100)

    # beside the meridian of its zone, 30.73 degrees north: a kilometer is about a hundredth of a degree
    degrees = Grid("EPSG:4326", Affine(1e-4, 0, 81.005, 0, -1e-4, 30.73), 100, 100)
    grids = {"here": here, "half": shifted(50), "beside": shifted(100), "far": shifted(900), "degrees": degrees}
    assert overlapping(grids) == [
        ("here", "half"), ("here", "degrees"), ("half", "beside"), ("half", "degrees"), ("beside", "degrees"),
    ]  # fmt: skip
    assert overlapping({"here": here, "beside": shifted(100)}) == []
    assert overlapping({}) == []
