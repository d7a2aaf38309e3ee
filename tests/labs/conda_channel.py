"""A conda channel made of wheels and of the Python that runs the tests; a program for the tools of `conda_lab`.

    conda_channel.py CHANNEL STORE LOCK PYTHON NAME ...

The named packages, and all that they need, come from the package index in the versions of a lock; each becomes a conda
package whose ``depends`` are the wheel's. What is in the store already is not made again. They are not the builds of
conda-forge: they show what the environment files ask for, not that conda-forge has it.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from email import message_from_string
from pathlib import Path

import rattler
import zstandard
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rattler.index import index_fs

UV = Path(sys.executable).with_name("uv")
SUBDIR = str(rattler.Platform.current())
# of the standard library; what a run does not need
LEFT_OUT = re.compile(r"(^|/)(test|tests|idlelib|turtledemo|__pycache__|site-packages|config-3[^/]*)(/|$)")
Files = Iterable[tuple[str, Path]]  # (path in the package, file)


def main(channel: Path, store: Path, lock: Path, python: Path, names: list[str]) -> None:
    """Make what the store lacks, then a channel of exactly this Python and the lock's versions."""
    facts = python_facts(python)
    # a change here, or another Python, makes other packages
    build = "lab_" + hashlib.sha256(Path(__file__).read_bytes() + json.dumps(facts).encode()).hexdigest()[:8]
    wanted = [f"python-{facts['version']}-{build}.conda"]
    store.mkdir(parents=True, exist_ok=True)
    if not (store / wanted[0]).exists():
        write_package(store, "python", facts["version"], build, [], python_files(facts))
    closure = dict(line.split("==") for line in resolve(names, lock, facts["minor"]))
    files = {name: f"{name}-{version}-{build}.conda" for name, version in closure.items()}
    lacking = [name for name, file in files.items() if not (store / file).exists()]
    if lacking:
        with tempfile.TemporaryDirectory(dir=store) as stage:
            pack_wheels(store, Path(stage), {name: closure[name] for name in lacking}, build, facts)
    (channel / SUBDIR).mkdir(parents=True)
    (channel / "noarch").mkdir()
    for file in [*wanted, *files.values()]:
        os.link(store / file, channel / SUBDIR / file)
    asyncio.run(index_fs(str(channel), write_zst=False, write_shards=False))
    print(f"{len(closure) + 1} packages, {len(lacking)} of them new, in {channel}")


def python_facts(python: Path) -> dict[str, str]:
    """Version, base folder and standard library of a Python."""
    code = (
        "import json, platform, sys, sysconfig; print(json.dumps({'version': platform.python_version(), "
        "'minor': '%d.%d' % sys.version_info[:2], 'base': sys.base_prefix, 'library': sysconfig.get_path('stdlib')}))"
    )
    return json.loads(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout)


def resolve(names: list[str], lock: Path, minor: str) -> list[str]:
    """``name==version`` of packages and of all that they need, in the versions of the lock."""
    options = ["--constraint", lock, "--python-version", minor, "--no-header", "--no-annotate", "--quiet"]
    done = subprocess.run(
        [UV, "pip", "compile", "-", *options], input="\n".join(names), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"the packages {', '.join(names)} cannot be resolved: {done.stderr}")
    return done.stdout.split()


def python_files(facts: dict[str, str]) -> Files:
    """Files of the Python itself: its program, its standard library, its shared library if it has one."""
    base, library, name = Path(facts["base"]), Path(facts["library"]), f"python{facts['minor']}"
    yield f"bin/{name}", (base / "bin" / name).resolve()
    for alias in ("python", "python3"):
        yield f"bin/{alias}", (base / "bin" / name).resolve()
    for path in sorted(base.glob(f"lib/lib{name}.so.*")):
        yield f"lib/{path.name}", path
    for path in sorted(library.rglob("*")):
        inside = path.relative_to(library).as_posix()
        if path.is_file() and not LEFT_OUT.search(inside):
            yield f"lib/{name}/{inside}", path


def pack_wheels(store: Path, stage: Path, versions: dict[str, str], build: str, facts: dict[str, str]) -> None:
    """Unpack wheels side by side; each one's own files become a package."""
    asked = [f"{name}=={version}" for name, version in versions.items()]
    options = ["--no-deps", "--only-binary", ":all:", "--python-version", facts["minor"], "--target", stage, "--quiet"]
    subprocess.run([UV, "pip", "install", *options, *asked], check=True)
    home = f"lib/python{facts['minor']}/site-packages"
    for info in sorted(stage.glob("*.dist-info")):
        wheel = message_from_string((info / "METADATA").read_text())
        name = canonicalize_name(wheel["Name"])
        needs = [depends(text, facts["minor"]) for text in wheel.get_all("Requires-Dist") or []]
        record = [row[0] for row in csv.reader((info / "RECORD").read_text().splitlines())]
        # programs are left out: their first line names the Python that unpacked them, and no rule calls one
        files = [(f"{home}/{path}", stage / path) for path in record if not path.startswith(("bin/", "../"))]
        major, minor = facts["minor"].split(".")
        bounds = f"python >={facts['minor']},<{major}.{int(minor) + 1}"
        write_package(store, name, versions[name], build, [bounds, *filter(None, needs)], files)


def depends(text: str, minor: str) -> str | None:
    """A wheel's requirement in conda's words; ``None`` if it does not hold here."""
    requirement = Requirement(text)
    here = {"extra": "", "python_version": minor, "python_full_version": f"{minor}.0"}
    if requirement.marker is not None and not requirement.marker.evaluate(here):
        return None
    return f"{canonicalize_name(requirement.name)} {requirement.specifier}".strip()


def write_package(store: Path, name: str, version: str, build: str, needs: list[str], files: Files) -> None:
    """A package in conda's format, whole or not at all: a zip of two compressed tar files, data and description."""
    stem = f"{name}-{version}-{build}"
    data, paths = io.BytesIO(), []
    with tarfile.open(fileobj=data, mode="w") as tar:
        for target, source in files:
            tar.add(source, arcname=target, recursive=False)
            paths.append({"_path": target, "path_type": "hardlink", "size_in_bytes": source.stat().st_size})
    described = {
        "index.json": {
            "name": name,
            "version": version,
            "build": build,
            "build_number": 0,
            "depends": needs,
            "subdir": SUBDIR,
        },
        "paths.json": {"paths": paths, "paths_version": 1},
        "about.json": {},
    }
    info = io.BytesIO()
    with tarfile.open(fileobj=info, mode="w") as tar:
        for file, content in described.items():
            text = json.dumps(content).encode()
            member = tarfile.TarInfo(f"info/{file}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    compress = zstandard.ZstdCompressor(level=1).compress
    with tempfile.NamedTemporaryFile(dir=store, delete=False) as part:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as package:
            package.writestr("metadata.json", json.dumps({"conda_pkg_format_version": 2}))
            package.writestr(f"pkg-{stem}.tar.zst", compress(data.getvalue()))
            package.writestr(f"info-{stem}.tar.zst", compress(info.getvalue()))
    os.replace(part.name, store / f"{stem}.conda")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:5]), sys.argv[5:])
    sys.stdout.flush()
    os._exit(0)  # the solver's library can abort when Python ends
