"""Each rule's environment file holds what its script imports, in the versions of the lock."""

import re

import pytest
from packaging.requirements import Requirement

from env_files import PACKAGES, ROOT, locked, missing, read_env, rules_with_scripts

ENVS = sorted((ROOT / "envs").glob("*.yaml"))
GPU_ENVS = [path for path in ENVS if path.stem.endswith("-gpu")]


def test_rules_of_the_text_are_found(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.smk").write_text(
        'rule one:\n    """Doc."""\n    output:\n        "x",\n    conda:\n        "../envs/raster.yaml"\n'
        '    script:\n        "../scripts/a/one.py"\n\n\nrule two:\n    input:\n        "x",\n\n\n'
        'rule three:\n    output:\n        "y",\n    conda:\n        tensorflow_env("../envs/big.yaml")\n'
        '    script:\n        "../scripts/a/three.py"\n'
    )
    assert list(rules_with_scripts(tmp_path)) == [
        ("one", (tmp_path / "scripts/a/one.py").resolve(), ["raster.yaml"]),
        ("three", (tmp_path / "scripts/a/three.py").resolve(), ["big.yaml", "big-gpu.yaml"]),
    ]


@pytest.mark.parametrize(("rule", "script", "envs"), list(rules_with_scripts()))
def test_environment_of_a_rule_holds_what_its_script_imports(rule, script, envs):
    if not script.exists():
        pytest.skip(f"{script.name} does not exist yet")
    assert script.stem == rule, "a script has the name of its rule"
    assert envs, f"rule {rule} names no environment"
    for env in envs:
        lacking = missing(script, ROOT / "envs" / env)
        assert not lacking, f"envs/{env} lacks {', '.join(sorted(lacking))} for rule {rule}"


@pytest.mark.parametrize(
    ("rule", "env", "package"),
    [
        ("simulate_carbon", "raster.yaml", "pillow"),
        ("learning_curve", "figures.yaml", "matplotlib"),
        ("train", "deep-learning.yaml", "keras"),
        ("train", "deep-learning-gpu.yaml", "tensorflow"),
        ("tiny_presets", "foundation-models.yaml", "keras-hub"),
    ],
)
def test_a_package_that_is_left_out_is_named(rule, env, package, tmp_path):
    script = next(script for name, script, _ in rules_with_scripts() if name == rule)
    lines = (ROOT / "envs" / env).read_text().splitlines()
    kept = [line for line in lines if not re.match(rf" +- {package}[=\[]", line)]
    assert len(kept) == len(lines) - 1
    (tmp_path / env).write_text("\n".join(kept))
    assert missing(script, tmp_path / env) == {PACKAGES.get(package, package)}


@pytest.mark.parametrize("path", ENVS, ids=lambda path: path.name)
def test_environment_is_pinned_as_the_lock(path):
    content, packages = read_env(path)
    assert content["channels"] == ["conda-forge", "nodefaults"]
    python = packages.pop("python")
    assert re.fullmatch(r"3\.\d+", python)
    versions = locked(python)
    for name, version in packages.items():
        if name == "pip":
            continue
        assert version is not None, f"{name} has no version"
        lock = versions[PACKAGES.get(name, name)]
        assert lock == version or lock.startswith(f"{version}."), f"{name}={version}, but the lock has {lock}"


@pytest.mark.parametrize("path", GPU_ENVS, ids=lambda path: path.name)
def test_gpu_environment_differs_in_tensorflow_only(path):
    plain = path.with_name(path.name.replace("-gpu", ""))
    cpu, gpu = (read_env(one)[1] for one in (plain, path))
    assert "tensorflow[and-cuda]" in path.read_text() and "[and-cuda]" not in plain.read_text()
    assert cpu.pop("tensorflow-cpu" if "tensorflow-cpu" in cpu else "tensorflow") == gpu.pop("tensorflow")
    assert cpu == gpu


def test_rules_name_every_environment_and_all_with_tensorflow_can_be_for_gpus():
    named = {env for _, _, envs in rules_with_scripts() for env in envs}
    assert named == {path.name for path in ENVS}
    assert GPU_ENVS
    with_tensorflow = {path.stem.removesuffix("-gpu") for path in ENVS if "tensorflow" in path.read_text()}
    assert with_tensorflow == {path.stem.removesuffix("-gpu") for path in GPU_ENVS}


def test_lock_pins_every_package_and_names_no_index():
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text and "--index" not in text
    packages = re.split(r"\n(?=\w)", text)
    without = [package.split()[0] for package in packages if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", package)]
    assert without == [], "make install refuses packages without a hash"
    asked = {
        Requirement(line).name for line in (ROOT / "requirements.in").read_text().splitlines() if line[:1].isalpha()
    }
    for python in ("3.11", "3.12", "3.13"):
        versions = locked(python)
        assert asked <= set(versions)
        assert all(re.fullmatch(r"[\w.]+", version) for version in versions.values())


def test_one_version_reads_rasters_and_vectors_on_every_python():
    # rasterio 1.4 and 1.5 disagree on missing pixels of several bands
    versions = [{name: locked(python)[name] for name in ("rasterio", "pyogrio")} for python in ("3.11", "3.12", "3.13")]
    assert versions[0] == versions[1] == versions[2]
    pinned = [read_env(path)[1] for path in ENVS]
    assert len({packages["rasterio"] for packages in pinned if "rasterio" in packages}) == 1
    assert len({packages["python"] for packages in pinned}) == 1
