"""What environment files and the lock hold, and what rules ask of them."""

import re
from pathlib import Path

import yaml
from packaging.requirements import Requirement

from climate_indicators.workflow_tools.provenance import Provenance

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "src" / "climate_indicators"
PROVENANCE = Provenance(LIBRARY)
# import names that differ from the package's name
PACKAGES = {
    "PIL": "pillow",
    "PyCO2SYS": "pyco2sys",
    "keras_hub": "keras-hub",
    "pystac_client": "pystac-client",
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
    for line in (ROOT / "requirements.lock").read_text().replace("\\\n", " ").splitlines():
        text = re.sub(r" --hash=\S+", "", line.split("#")[0]).strip()
        if text:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate(surroundings):
                versions[requirement.name] = str(requirement.specifier).removeprefix("==")
    return versions


def rules_with_scripts(root=ROOT):
    """(rule, script, environment files) of every rule; one whose build the settings choose counts with its variant."""
    for path in sorted((root / "rules").rglob("*.smk")):
        text, block = path.read_text(), r"((?:[ \t]+.*\n|\n)*)"
        # rules made in a loop, one for each batch of scenes, are named in their body
        looped = re.findall(rf'^    rule:\n\s+name:\n\s+f"(\w+)[^\n]*"\n{block}', text, re.M)
        for name, body in re.findall(rf"^(?:rule|checkpoint) (\w+):\n{block}", text, re.M) + looped:
            script = re.search(r'^ +script:\s+"([^"]+)"', body, re.M)
            if script is not None:
                conda = re.search(r"^ +conda:\s*\n?(.*)", body, re.M)
                envs = re.findall(r"[\w-]+\.yaml", conda[1]) if conda else []
                if conda and "tensorflow_env(" in conda[1]:
                    envs += [env.replace(".yaml", "-gpu.yaml") for env in envs]
                yield name, (path.parent / script[1]).resolve(), envs


def missing(script, env):
    """Packages that a script needs, with the project's modules that it imports, and an environment file lacks."""
    needed = {PACKAGES.get(name, name) for name in PROVENANCE.third_party(script)} - {"snakemake"}
    packages = read_env(env)[1]
    return needed - set(packages) - ({"tensorflow-cpu"} if "tensorflow" in packages else set())
