"""Each rule's environment file holds what its script imports, in the versions of the lock."""

import re
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from climate_indicators.provenance import third_party_imports

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "scripts" / "climate_indicators"
ENVS = sorted((ROOT / "envs").glob("*.yaml"))
# import names that differ from the package's name
PACKAGES = {
    "PIL": "pillow",
    "PyCO2SYS": "pyco2sys",
    "keras_hub": "keras-hub",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "tensorflow": "tensorflow-cpu",
}


def read_env(path):
    """Packages of an environment file with their versions: major.minor, or None."""
    content = yaml.safe_load(path.read_text())
    packages = {}
    for line in content["dependencies"]:
        for entry in line["pip"] if isinstance(line, dict) else [line]:
            name, _, version = re.sub(r"\[.*\]", "", entry).replace("==", "=").partition("=")
            packages[name] = version.removesuffix(".*") or None
    return content, packages


def locked(python):
    """Versions of the lock for a Python version on Linux."""
    surroundings = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "implementation_name": "cpython",
    }
    versions = {}
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        text = line.split("#")[0].strip()
        if text:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate(surroundings):
                versions[requirement.name] = str(requirement.specifier).removeprefix("==")
    return versions


def rules_with_scripts():
    """(rule, script, environment files) of every rule; a rule may choose between environments."""
    for path in sorted((ROOT / "rules").glob("*.smk")):
        for name, body in re.findall(r"^(?:rule|checkpoint) (\w+):\n((?:[ \t]+.*\n|\n)*)", path.read_text(), re.M):
            script = re.search(r'^ +script:\s+"([^"]+)"', body, re.M)
            if script is not None:
                conda = re.search(r"^ +conda:\s*\n?(.*)", body, re.M)
                envs = re.findall(r"[\w-]+\.yaml", conda[1]) if conda else []
                yield name, (path.parent / script[1]).resolve(), envs


def test_rules_of_the_text_are_found(tmp_path, monkeypatch):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.smk").write_text(
        'rule one:\n    """Doc."""\n    output:\n        "x",\n    conda:\n        "../envs/raster.yaml"\n'
        '    script:\n        "../scripts/a/one.py"\n\n\nrule two:\n    input:\n        "x",\n'
    )
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert list(rules_with_scripts()) == [("one", (tmp_path / "scripts/a/one.py").resolve(), ["raster.yaml"])]


@pytest.mark.parametrize(("rule", "script", "envs"), list(rules_with_scripts()))
def test_environment_of_a_rule_holds_what_its_script_imports(rule, script, envs):
    if not script.exists():
        pytest.skip(f"{script.name} does not exist yet")
    assert script.stem == rule, "a script has the name of its rule"
    assert envs, f"rule {rule} names no environment"
    needed = {PACKAGES.get(name, name) for name in third_party_imports(script, LIBRARY)} - {"snakemake"}
    for env in envs:
        packages = read_env(ROOT / "envs" / env)[1]
        held = set(packages) | ({"tensorflow-cpu"} if "tensorflow" in packages else set())
        assert needed <= held, f"envs/{env} lacks {', '.join(sorted(needed - held))} for rule {rule}"


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


def test_gpu_environment_differs_in_tensorflow_only():
    cpu, gpu = (read_env(ROOT / "envs" / f"deep-learning{suffix}.yaml")[1] for suffix in ("", "-gpu"))
    assert cpu.pop("tensorflow-cpu") == gpu.pop("tensorflow")
    assert cpu == gpu


def test_lock_pins_every_package_and_names_no_index():
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text and "--index" not in text
    asked = {
        Requirement(line).name for line in (ROOT / "requirements.in").read_text().splitlines() if line[:1].isalpha()
    }
    for python in ("3.11", "3.12", "3.13"):
        versions = locked(python)
        assert asked <= set(versions)
        assert all(re.fullmatch(r"[\w.]+", version) for version in versions.values())
