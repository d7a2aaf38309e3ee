"""A lab of conda environments: a channel, a solver, a program `conda`, and an environment that holds only Snakemake.

No conda can be installed from the package index, but its solver can, and wheels can be repacked. What is downloaded and
repacked stays in a folder outside the project (``$CONDA_LAB_CACHE``, else ``climate-indicators/conda-lab`` under the
user's cache), beside environments that last as long as the lab, so that all of them share files by hard links.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from runs import ROOT, write_config

HERE = Path(__file__).parent
LOCK = ROOT / "requirements.lock"
# sourced by Snakemake with the environment's folder
ACTIVATE = 'export CONDA_PREFIX="$1" CONDA_DEFAULT_ENV="$1" PATH="$1/bin:$PATH"\n'


def why_not() -> str:
    """Why the lab cannot run here; empty if it can."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    asked = {line for env in envs() for line in dependencies(env) if line.startswith("python=")}
    if sys.platform != "linux":
        return f"the lab is for Linux; this is {sys.platform}"
    if asked != {f"python={here}"}:
        return (
            f"the environment files ask for {', '.join(asked)}; a Python of another version cannot stand for it: {here}"
        )
    if sysconfig.get_default_scheme() not in ("posix_prefix", "venv") or "dist-packages" in sysconfig.get_path(
        "purelib"
    ):
        return "this Python keeps packages in another folder than site-packages"
    return ""


def envs() -> list[Path]:
    """Environment files of the project."""
    return sorted((ROOT / "envs").glob("*.yaml"))


def dependencies(env: Path) -> list[str]:
    """What an environment file asks of conda, as ``name=version``, without its section ``pip:``."""
    return [line for line in yaml.safe_load(env.read_text())["dependencies"] if isinstance(line, str)]


@dataclass(frozen=True)
class Lab:
    """A ready lab: its folder, the environment variables of its commands, and the program Snakemake."""

    folder: Path
    environment: dict[str, str]
    snakemake: Path

    def run(
        self, folder: Path, config: dict, *arguments: str, snakefile: Path = ROOT / "Snakefile"
    ) -> tuple[str, bool]:
        """Run the workflow in its conda environments; its text, and whether it passed."""
        chosen = ["--configfile", write_config(folder, config), "--snakefile", snakefile or ROOT / "Snakefile"]
        within = ["--use-conda", "--conda-prefix", self.folder / "envs"]
        line = [self.snakemake, "--cores", "all", *chosen, *within, *arguments]
        done = subprocess.run(line, cwd=folder, env=self.environment, capture_output=True, text=True)
        return done.stdout + done.stderr, done.returncode == 0

    def ask(self, *command: str | Path) -> str:
        """What a command prints in the lab's surroundings, errors included."""
        done = subprocess.run(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        return done.stdout


@contextmanager
def conda_lab() -> Iterator[Lab]:
    """A lab that is ready; its environments are removed at the end."""
    cache = Path(os.environ.get("CONDA_LAB_CACHE") or _user_cache() / "climate-indicators" / "conda-lab")
    cache.mkdir(parents=True, exist_ok=True)
    _remove_left_labs(cache)
    tools = _tools(cache)
    with tempfile.TemporaryDirectory(dir=cache, prefix=f"lab-{os.getpid()}-") as temporary:
        folder = Path(temporary)
        names = sorted({line.split("=")[0] for env in envs() for line in dependencies(env)} - {"python"})
        channel = folder / "channels" / "conda-forge"
        made = [tools / "python", HERE / "conda_channel.py", channel, cache / "packages", LOCK, sys.executable]
        _run(*made, *names)
        _write_conda(folder / "base", tools / "python", channel.parent, cache)
        main = folder / "main"
        _run(tools / "uv", "venv", "--quiet", "--python", sys.executable, main)
        _run(tools / "uv", "pip", "install", "--quiet", "--python", main, "--constraint", LOCK, "snakemake")
        yield Lab(folder, _surroundings(f"{main}/bin:{folder}/base/bin"), main / "bin" / "snakemake")


def _remove_left_labs(cache: Path) -> None:
    """Remove what a killed process left behind."""
    for folder in cache.glob("lab-*-*"):
        if not Path("/proc", folder.name.split("-")[1]).exists():
            shutil.rmtree(folder)


def _tools(cache: Path) -> Path:
    """Programs of an environment with the solver, made once; its folder ``bin``."""
    asked = HERE / "conda_tools.txt"
    digest = hashlib.sha256(asked.read_bytes() + sys.version.encode()).hexdigest()[:8]
    tools = cache / f"tools-{digest}"
    if not (tools / "ready").exists():
        _run(sys.executable, "-m", "venv", "--clear", tools)
        _run(tools / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", asked)
        (tools / "ready").touch()
    return tools / "bin"


def _write_conda(base: Path, python: Path, channels: Path, cache: Path) -> None:
    """The program `conda` and what Snakemake sources to enter an environment."""
    (base / "bin").mkdir(parents=True)
    settings = {"LAB_BASE": base, "LAB_CHANNELS": channels, "LAB_LOCK": LOCK, "RATTLER_CACHE_DIR": cache / "unpacked"}
    words = [*(f"{name}={shlex.quote(str(value))}" for name, value in settings.items()), "exec"]
    program = shlex.join(map(str, [python, HERE / "conda_standin.py"]))
    (base / "bin" / "conda").write_text(f'#!/bin/sh\n{" ".join(words)} {program} "$@"\n')
    (base / "bin" / "conda").chmod(0o755)
    (base / "bin" / "activate").write_text(ACTIVATE)


def _surroundings(programs: str) -> dict[str, str]:
    """This process's environment variables without those that would bring other packages, or slow every start."""
    excluded = ("PYTHON", "VIRTUAL_ENV", "CONDA", "SNAKEMAKE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(excluded)}
    direct = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1"]))  # servers of the tests
    return kept | {"PATH": f"{programs}:/usr/bin:/bin", "NO_PROXY": direct}


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _run(*command: str | Path) -> None:
    """Run a command; ``RuntimeError`` with what it says if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed, and the lab needs it:\n{done.stdout}")
