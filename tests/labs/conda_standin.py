"""What Snakemake asks of the program `conda`, answered with rattler's solver; a program for the tools of `conda_lab`.

    conda --version | conda info --json | conda config --get channel_priority --json
    conda clean -y --tarballs
    conda env create --file F --prefix P [--dry-run] [...]

Channels are folders under ``$LAB_CHANNELS``. The ``pip:`` section of a file is installed by uv, in the versions of
``$LAB_LOCK``. An environment in which a package lacks what it needs is an error, and so is any other question.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import rattler
import yaml
from rattler.exceptions import SolverError

VERSION = "24.7.1"  # the oldest that Snakemake takes
UV = Path(sys.executable).with_name("uv")


def main(words: list[str]) -> None:
    """Answer one question."""
    base, platform = os.environ["LAB_BASE"], rattler.Platform.current()
    answers = {
        ("--version",): f"conda {VERSION}",
        ("info", "--json"): json.dumps({"conda_prefix": base, "root_prefix": base, "platform": str(platform)}),
        ("config", "--get", "channel_priority", "--json"): json.dumps({"get": {"channel_priority": "strict"}}),
        ("clean", "-y", "--tarballs"): "",  # the lab's packages stay: they are used again
    }
    if tuple(words) in answers:
        print(answers[tuple(words)])
    elif words[:2] == ["env", "create"]:
        parser = argparse.ArgumentParser()
        parser.add_argument("--file", type=Path, required=True)
        parser.add_argument("--prefix", type=Path, required=True)
        for name in ("--quiet", "--no-default-packages", "--dry-run"):
            parser.add_argument(name, action="store_true")
        chosen = parser.parse_args(words[2:])
        asyncio.run(create(chosen.file, chosen.prefix, chosen.dry_run))
    else:
        raise SystemExit(f"the stand-in of conda does not know: conda {' '.join(words)}")


async def create(file: Path, prefix: Path, dry_run: bool) -> None:
    """Solve an environment file, and make the environment unless it is a dry run."""
    content = yaml.safe_load(file.read_text())
    channels = [f"{os.environ['LAB_CHANNELS']}/{name}" for name in content["channels"] if name != "nodefaults"]
    lines = content["dependencies"]
    specs = [rattler.MatchSpec(line) for line in lines if isinstance(line, str)]
    from_pip = [entry for line in lines if isinstance(line, dict) for entry in line["pip"]]
    if from_pip and "pip" not in lines:
        raise SystemExit(f"{file.name} has a section `pip:` but not pip itself")
    records = await rattler.solve(
        [Path(channel).as_uri() for channel in channels],
        specs,
        platforms=[rattler.Platform.current(), "noarch"],
        virtual_packages=rattler.VirtualPackage.detect(),
        channel_priority=rattler.ChannelPriority.Strict,
    )
    python = next(str(record.version) for record in records if record.name.normalized == "python")
    if dry_run:
        uv("compile", "-", "--python-version", python, "--quiet", text="\n".join(from_pip))
        return
    await rattler.install(records, target_prefix=prefix, show_progress=False)
    (prefix / "conda-meta" / "history").touch()
    if from_pip:
        uv("install", "--python", str(prefix / "bin/python"), *from_pip)
    uv("check", "--python", str(prefix / "bin/python"))


def uv(command: str, *arguments: str, text: str | None = None) -> None:
    """A command of ``uv pip``; what it says is shown, and a failure ends the program."""
    locked = [] if command == "check" else ["--constraint", os.environ["LAB_LOCK"]]
    done = subprocess.run([UV, "pip", command, *arguments, *locked], input=text, text=True)
    if done.returncode:
        raise SystemExit(f"uv pip {command} {' '.join(arguments)} failed")


if __name__ == "__main__":
    code = 0
    try:
        main(sys.argv[1:])
    except (SystemExit, SolverError) as error:
        print(error, file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the solver's library can abort when Python ends
