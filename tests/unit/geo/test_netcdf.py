"""Writing and reading NetCDF files: what goes wrong is said with path, cause and errno."""

import errno
import resource
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from climate_indicators.core.errors import InputError
from climate_indicators.geo.netcdf import read_fields, write_fields
from refusals import raises_naming

LIBRARY = Path(__file__).resolve().parents[3] / "src"
BIG = """
    import numpy as np, xarray as xr
    from climate_indicators.geo.netcdf import write_fields
    from climate_indicators.core.log import InputError
    field = np.random.default_rng(1).normal(size=(12, 100, 200))
    try:
        write_fields(xr.Dataset({"sst": (("time", "lat", "lon"), field)}), r"%s")
    except InputError as error:
        print(error)
"""


def small():
    return xr.Dataset({"sst": (("lat", "lon"), np.ones((3, 4)))})


def said(code, limit=None):
    """What a program prints, run with a largest size of files, in bytes."""

    def limited():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    code = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n" + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(LIBRARY)},
        capture_output=True,
        text=True,
        preexec_fn=limited,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_limit_of_file_sizes_is_named_with_its_errno(tmp_path):
    path = tmp_path / "fields.nc"
    text = said(BIG % path, limit=300_000)
    assert str(path) in text and f"errno {errno.EFBIG}" in text and "EFBIG" in text
    assert list(tmp_path.iterdir()) == [], "nothing half-written stays"


def test_a_full_disk_is_named_with_its_errno(tmp_path):
    """A disk of one megabyte, in a name space of its own where that is allowed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    code = BIG % (disk / "fields.nc") + f'    import os; print("left:", os.listdir(r"{disk}"))\n'
    code = textwrap.dedent(code)
    mount = f'mount -t tmpfs -o size=1m tmpfs "{disk}" && exec "{sys.executable}" -c "$0"'
    line = ["unshare", "-rm", "sh", "-c", mount, code]
    try:
        done = subprocess.run(
            line, env={"PYTHONPATH": str(LIBRARY), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True
        )
    except FileNotFoundError:
        pytest.skip("unshare is not installed")
    if "Operation not permitted" in done.stderr or "permission denied" in done.stderr.lower():
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert str(disk / "fields.nc") in done.stdout and f"errno {errno.ENOSPC}: ENOSPC" in done.stdout
    assert "left: []" in done.stdout


def test_a_damaged_file_is_named(tmp_path):
    write_fields(small(), tmp_path / "fields.nc")
    assert read_fields(tmp_path / "fields.nc").sst.shape == (3, 4)
    with raises_naming(InputError, "fields.nc"):
        (tmp_path / "fields.nc").write_bytes((tmp_path / "fields.nc").read_bytes()[:500])
        read_fields(tmp_path / "fields.nc")
