"""Runs of the workflow through the cluster of the lab, for tests.

What the profile says is used as it stands, but for the seconds between looks at the jobs and the number of threads,
which have to suit one machine.
"""

import subprocess
import time

from runs import ROOT, SMALL, tables, write_config

PROFILE = ROOT / "profiles" / "slurm"
QUICK = ["--slurm-init-seconds-before-status-checks", "6", "--latency-wait", "20", "--max-threads", "2"]
SITE = "results/glacier/small"
# what training gives, and the first table that is made with it
TRAINED = ["history.csv", "metrics.csv"]


def command(folder, *arguments):
    """Command line that runs the small glacier site through the cluster."""
    line = ["snakemake", "--configfile", str(write_config(folder, SMALL)), "--snakefile", str(ROOT / "Snakefile")]
    return [*line, "--workflow-profile", str(PROFILE), *QUICK, *arguments]


def run(lab, folder, *arguments, limit_s=1500):
    """Run the workflow through the cluster; its text, and whether it passed."""
    done = subprocess.run(
        command(folder, *arguments),
        cwd=folder,
        env=lab.environment,
        capture_output=True,
        text=True,
        timeout=limit_s,
    )
    return done.stdout + done.stderr, done.returncode == 0


class Going:
    """A run that goes on while a test does harm to it."""

    def __init__(self, lab, folder, *arguments):
        self.lab, self.log = lab, folder / "snakemake.txt"
        with open(self.log, "w") as out:
            self.process = subprocess.Popen(
                command(folder, *arguments),
                cwd=folder,
                env=lab.environment,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def until(self, reached, limit_s=900):
        """Wait until ``reached()`` is true while the run lasts; its value."""
        end = time.monotonic() + limit_s
        while not (found := reached()):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.02)
        return found

    def finish(self, limit_s=1500):
        """Text of the run, and whether it passed."""
        code = self.process.wait(limit_s)
        return self.log.read_text(), code == 0


def assert_same_tables(folder, alone):
    """All tables of a run equal, byte for byte, those of a local run that was left alone."""
    names = [name for name in tables(alone) if "benchmarks" not in name.parts]
    assert [name for name in tables(folder) if "benchmarks" not in name.parts] == names
    for name in names:
        assert (folder / name).read_bytes() == (alone / name).read_bytes(), name
