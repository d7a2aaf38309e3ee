"""No job reports to anybody: training and prediction reach no network and write nothing below the home folder."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from env_files import locked

ROOT = Path(__file__).resolve().parents[3]
GUARD = ROOT / "tests" / "helpers" / "network_guard"
# matplotlib, which Keras imports, keeps its list of the machine's fonts
FONTS = ".cache/matplotlib/fontlist-*.json"
TRAINING = """
import logging, sys
from pathlib import Path
from climate_indicators.segmentation.model_io import save_model
from climate_indicators.segmentation.training import train_network
folder = Path(sys.argv[1])
network = {"width": 2, "depth": 1}
training = {
    "epochs": 1, "batch_size": 2, "learning_rate": 0.01, "warmup_epochs": 0, "patience": 1, "bce_weight": 0.5,
    "precision": "float32", "augmentation": {},
}
found = train_network(folder / "patches.h5", folder / "epochs", network, training, 1, 0, logging.getLogger())
save_model(folder / "model", found.model, {})
"""
PREDICTION = """
import sys
from pathlib import Path
import numpy as np
from climate_indicators.segmentation.inference import open_engine
engine = open_engine(Path(sys.argv[1]) / "model", sys.argv[2], "float32", 1)
assert engine.name == sys.argv[2] and engine.run(np.zeros((1, 8, 8, 2), "float32")).shape == (1, 8, 8)
"""
# what openvino-telemetry does, for environments that hold it: it reports from a forked process
REPORTS = """
import os, socket
def report():
    child = os.fork()
    if not child:
        try:
            socket.create_connection(("192.0.2.1", 443), 1)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    open(os.path.expanduser("~/reported"), "w").close()
report()
"""


def run(folder, code, *arguments, path=()):
    """Run Python code behind the guard with an empty home folder; attempts to leave the machine, files at home."""
    home, attempts = folder / "home", folder / "attempts"
    home.mkdir(exist_ok=True)
    attempts.write_text("")
    places = [str(GUARD), *map(str, path), str(ROOT / "src")]
    hidden = ("KERAS_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
    surroundings = {name: value for name, value in os.environ.items() if name not in hidden}
    surroundings |= {"HOME": str(home), "NETWORK_ATTEMPTS": str(attempts), "PYTHONPATH": os.pathsep.join(places)}
    line = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(line, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return attempts.read_text().split(), [
        path.name for path in home.rglob("*") if path.is_file() and not path.match(FONTS)
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folder with a model that a guarded job trained, and what the guard saw of that job."""
    folder = tmp_path_factory.mktemp("guarded")
    rng = np.random.default_rng(0)
    with h5py.File(folder / "patches.h5", "w") as store:
        store["image"] = rng.normal(size=(4, 8, 8, 2)).astype("float32")
        store["valid"], store["split"] = np.ones((4, 8, 8), bool), np.array([1, 1, 2, 2], "uint8")
        store["label"] = rng.integers(0, 2, (4, 8, 8)).astype("uint8")
        store.attrs.update({"mean": np.zeros(2), "std": np.ones(2)})
    return folder, run(folder, TRAINING, folder, path=[reporting_package(folder)])


def reporting_package(folder):
    """Folder with an ``openvino_telemetry`` that reports at once, as if the environment held the real one."""
    place = folder / "packages"
    place.mkdir(exist_ok=True)
    (place / "openvino_telemetry.py").write_text(REPORTS)
    return place


def test_training_and_export_report_to_nobody(trained):
    _, (attempts, files) = trained
    assert attempts == [] and files == []


@pytest.mark.parametrize("engine", ["openvino", "keras"])
def test_prediction_reports_to_nobody(trained, engine):
    folder, _ = trained
    attempts, files = run(folder, PREDICTION, folder, engine, path=[reporting_package(folder)])
    assert attempts == [] and files == []


def test_the_guard_sees_what_a_forked_process_tries(tmp_path):
    attempts, files = run(tmp_path, "import openvino_telemetry", path=[reporting_package(tmp_path)])
    assert attempts == ["192.0.2.1"] and files == ["reported"]
    attempts, _ = run(tmp_path, "import socket\ntry: socket.getaddrinfo('example.org', 80)\nexcept OSError: pass")
    assert attempts == ["example.org"]


def test_the_lock_holds_openvino_without_its_telemetry():
    for python in ("3.11", "3.12", "3.13"):
        assert "openvino" in locked(python) and "openvino-telemetry" not in locked(python)
    assert importlib.util.find_spec("openvino") is not None
