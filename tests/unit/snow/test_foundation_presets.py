"""Folders of foundation models are refused at the start, each fault by its name, without a look into the network."""

from __future__ import annotations

import json
import subprocess
import sys

import h5py
import numpy as np
import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.snow.foundation_models.presets import (
    CLASSES,
    check_preset_folder,
    read_preset_card,
    weights_fault,
    weights_title,
)
from refusals import raises_naming


@pytest.fixture
def folder(tmp_path):
    """A folder as keras-hub writes it, with weights that are an HDF5 file."""
    path = tmp_path / "model"
    path.mkdir()
    config = {"module": "keras_hub.models", "class_name": "SAMBackbone", "registered_name": "keras_hub>SAMBackbone"}
    (path / "config.json").write_text(json.dumps(config))
    write_h5(path / "model.weights.h5")
    return path


def write_h5(path, libver="earliest"):
    with h5py.File(path, "w", libver=libver) as store:
        store["a"] = np.arange(1000)


def refusal(folder, kind="sam"):
    with pytest.raises(InputError) as caught:
        check_preset_folder(folder, kind)
    message = str(caught.value)
    assert str(folder) in message and "save_to_preset" in message and CLASSES[kind] in message
    return message


def test_a_whole_folder_passes(folder):
    check_preset_folder(folder, "sam")


def test_missing_folder(tmp_path):
    assert "there is no such folder" in refusal(tmp_path / "nowhere")


def test_file_instead_of_a_folder(tmp_path):
    (tmp_path / "model").write_text("x")
    assert "it is a file" in refusal(tmp_path / "model")


def test_no_config(folder):
    (folder / "config.json").unlink()
    assert "has no config.json" in refusal(folder)


def test_broken_config(folder):
    (folder / "config.json").write_text('{"class_name": ')
    assert "config.json is no valid JSON" in refusal(folder)


def test_config_that_is_a_list(folder):
    (folder / "config.json").write_text("[]")
    assert "holds a list" in refusal(folder)


def test_config_of_another_library(folder):
    (folder / "config.json").write_text('{"model_type": "sam"}')
    assert "contains no class of keras-hub" in refusal(folder)


def test_another_model_is_named_beside_the_one_wanted(folder):
    message = refusal(folder, "clip")
    assert "SAMBackbone" in message and "CLIPBackbone" in message


def test_registered_name_alone_is_enough(folder):
    (folder / "config.json").write_text('{"registered_name": "keras_hub>SAMBackbone"}')
    check_preset_folder(folder, "sam")


def test_missing_weights(folder):
    (folder / "model.weights.h5").unlink()
    assert "model.weights.h5 is missing" in refusal(folder)


def test_empty_weights(folder):
    (folder / "model.weights.h5").write_bytes(b"")
    assert "model.weights.h5 is empty" in refusal(folder)


def test_weights_that_are_a_pointer(folder):
    (folder / "model.weights.h5").write_text("version https://git-lfs.github.com/spec/v1\n" * 3)
    assert "is no HDF5 file" in refusal(folder)


@pytest.mark.parametrize("libver", ["earliest", "v108", "latest"])
def test_weights_cut_short_anywhere(folder, libver):
    path = folder / "model.weights.h5"
    write_h5(path, libver)
    content = path.read_bytes()
    assert content[8] == {"earliest": 0, "v108": 2, "latest": 3}[libver]
    assert weights_fault(path) is None
    for length in (20, 60, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        assert "is truncated" in refusal(folder), length


def test_unknown_version_of_the_superblock(folder):
    path = folder / "model.weights.h5"
    content = bytearray(path.read_bytes())
    content[8] = 9
    path.write_bytes(content)
    assert "unknown version 9" in refusal(folder)


def test_weights_in_parts(folder):
    (folder / "model.weights.h5").rename(folder / "model_00000.weights.h5")
    parts = {"weight_map": {"/a": "model_00000.weights.h5", "/b": ["model_00000.weights.h5", "model_00001.weights.h5"]}}
    (folder / "model.weights.json").write_text(json.dumps(parts))
    assert "model_00001.weights.h5 is missing" in refusal(folder)
    write_h5(folder / "model_00001.weights.h5")
    check_preset_folder(folder, "sam")


def test_card_tells_what_the_weights_are(folder):
    assert weights_title(read_preset_card(folder)) == "weights of model"
    for weights, title in (
        ("random weights", "random weights"),
        ("demo-trained", "demo-trained"),
        ("pretrained", "preset p"),
    ):
        (folder / "card.json").write_text(json.dumps({"preset": "p", "weights": weights}))
        assert weights_title(read_preset_card(folder)) == title


def test_card_without_weights_is_refused(folder):
    (folder / "card.json").write_text('{"preset": "p"}')
    with raises_naming(InputError, "card.json", "weights"):
        read_preset_card(folder)


def test_the_check_needs_the_standard_library_only(root):
    code = (
        "import sys; import climate_indicators.snow.foundation_models.presets; "
        "heavy = {'numpy', 'pandas', 'h5py', 'keras', 'keras_hub', 'tensorflow'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root / "src")
