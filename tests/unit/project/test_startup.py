"""Only training imports TensorFlow: every other job starts in a second or two."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS, LIBRARY = ROOT / "scripts", ROOT / "src"
WITH_NETWORK = {
    "train.py", "ocean_classifier.py", "encoder_weights.py", "fetch_preset.py", "tiny_presets.py", "snow_sam.py",
    "snow_activation_maps.py", "snow_encoders.py", "snow_embeddings.py",
}  # fmt: skip


def imports(script):
    body = ast.parse(script.read_text()).body
    return "\n".join(ast.unparse(node) for node in body if isinstance(node, (ast.Import, ast.ImportFrom)))


def loads_tensorflow(scripts):
    code = "\n".join(
        ["import sys", f"sys.path.insert(0, {str(LIBRARY)!r})", *map(imports, scripts)]
        + ["print(any(name in sys.modules for name in ('tensorflow', 'keras', 'openvino')))"]
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.strip() == "True"


def test_scripts_that_need_no_network_do_not_import_it():
    scripts = sorted(SCRIPTS.glob("*/*.py"))
    scripts = [path for path in scripts if path.name not in WITH_NETWORK]
    assert len(scripts) > 20
    assert not loads_tensorflow(scripts)


def test_the_check_sees_tensorflow():
    assert loads_tensorflow([SCRIPTS / "segmentation" / "train.py"])
