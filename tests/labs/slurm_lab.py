"""A throw-away SLURM cluster on this machine: two nodes with a fake GPU each, with or without accounting.

Everything lives in a folder of its own under the system's temporary folder, with its own ports and its own munge key.
One thing does not: jobs of Snakemake drop every ``SLURM_*`` variable, ``SLURM_CONF`` too, so the configuration has to
stand where SLURM looks by itself. A link is put there for as long as the lab lives; a file of somebody else's is never
touched. The daemons are children of this process, and the kernel ends them if it is killed.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

LINK = Path("/etc/slurm/slurm.conf")
MARK = "# Throw-away cluster of the tests of climate-indicators\n"
PROGRAMS = {"slurmctld": "slurm-wlm", "slurmd": "slurm-wlm", "sbatch": "slurm-wlm", "munged": "munge"}
ACCOUNTING_PROGRAMS = {
    "slurmdbd": "slurmdbd",
    "mariadbd": "mariadb-server",
    "mariadb-install-db": "mariadb-server",
    "sacctmgr": "slurm-wlm",
}
NODES = ("lab1", "lab2")
NODE_CPUS = 3
NODE_MB = 64000  # declared, as are the CPUs: more than the machine may have, enough for every rule's third attempt
SBIN = "/usr/sbin:/usr/local/sbin:/sbin"
PR_SET_PDEATHSIG = 1


class NoCluster(RuntimeError):
    """The lab cannot run on this machine; the message says why."""


def why_not(accounting: bool = False) -> str:
    """Why the lab cannot run here; empty if it can."""
    programs = PROGRAMS | (ACCOUNTING_PROGRAMS if accounting else {})
    missing = sorted({package for program, package in programs.items() if shutil.which(program, path=_path()) is None})
    if missing:
        return f"packages are missing: apt-get install --no-install-recommends {' '.join(missing)}"
    if os.geteuid() != 0:
        return f"only root may start nodes and put a link at {LINK}"
    if LINK.exists():
        if not LINK.is_symlink() or not LINK.read_text().startswith(MARK):
            return f"{LINK} belongs to a real cluster"
        if "UP" in subprocess.run(["scontrol", "ping"], capture_output=True, text=True).stdout:
            return "another lab runs on this machine"
    return ""


@dataclass
class Cluster:
    """A running lab: its folder, its environment for commands, and the processes that it started."""

    folder: Path
    accounting: bool
    environment: dict[str, str] = field(default_factory=dict)
    daemons: dict[str, subprocess.Popen] = field(default_factory=dict)

    def ask(self, *command: str) -> str:
        """What a SLURM command prints; ``subprocess.CalledProcessError`` if it fails."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout

    def start(self, name: str, *command: str) -> None:
        """Start a daemon in the foreground, as a child that ends with this process."""
        with open(self.folder / f"{name}.log", "a") as log:
            self.daemons[name] = subprocess.Popen(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_die_with_me
            )

    def start_node(self, node: str) -> None:
        """Start, or start again, a node."""
        self.start(node, "slurmd", "-D", "-N", node)

    def kill_node(self, node: str) -> None:
        """End a node as a power cut does: its daemon and all that runs on it."""
        jobs = [job["raw"] for job in self.jobs() if job["state"] == "RUNNING" and job["node"] == node]
        self.daemons[node].kill()
        # those that watch over the jobs come first: they would still tell that the jobs have failed
        for pid in [*_watchers(jobs), *_with_variable(f"SLURMD_NODENAME={node}")]:
            _signal(pid, signal.SIGKILL)
        self.daemons[node].wait()

    def halt(self, job: str) -> None:
        """Make the processes of a job, given by its raw number, stand still."""
        for pid in _with_variable(f"SLURM_JOB_ID={job}"):
            _signal(pid, signal.SIGSTOP)

    def jobs(self) -> list[dict[str, str]]:
        """All jobs so far: ``id`` (with ``_`` and task in an array), ``raw`` number, ``rule``, ``state`` and more."""
        text = self.ask("squeue", "--states=all", "--noheader", "--array", "--format=%i|%A|%k|%T|%P|%N|%m|%l")
        names = ("id", "raw", "comment", "state", "partition", "node", "memory", "limit")
        rows = [dict(zip(names, line.split("|"), strict=True)) for line in text.splitlines()]
        return [row | {"rule": row["comment"].removeprefix("rule_").split("_wildcards_")[0]} for row in rows]

    def gpus_seen(self) -> dict[str, set[str]]:
        """``CUDA_VISIBLE_DEVICES`` of each job by its raw number, as its processes found it; ``none`` if unset."""
        seen: dict[str, set[str]] = {}
        for line in (self.folder / "gpus.txt").read_text().splitlines():
            job, devices = line.split()
            seen.setdefault(job, set()).add(devices)
        return seen


@contextmanager
def cluster(accounting: bool = False) -> Iterator[Cluster]:
    """A cluster that is up, or `NoCluster`; it is taken down at the end, whatever happens in between."""
    if reason := why_not(accounting):
        raise NoCluster(reason)
    folder = Path(tempfile.mkdtemp(prefix="slurm-lab-"))
    folder.chmod(0o755)
    lab = Cluster(folder, accounting, os.environ | {"PATH": _path(), "SLURM_CONF": str(folder / "slurm.conf")})
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(_stop_all, lab)
        _configure(lab, _free_ports(4 + len(NODES)))
        _start_munge(lab)
        if accounting:
            _start_accounting(lab)
        LINK.parent.mkdir(exist_ok=True)
        LINK.unlink(missing_ok=True)
        LINK.symlink_to(folder / "slurm.conf")
        stack.callback(_remove_link, folder)
        lab.start("slurmctld", "slurmctld", "-D", "-i")
        _wait(lab, "slurmctld", lambda: "UP" in lab.ask("scontrol", "ping"))
        for node in NODES:
            lab.start_node(node)
        _wait(lab, "the nodes", lambda: set(lab.ask("sinfo", "-hN", "-tidle", "-o%N").split()) == set(NODES))
        stack.callback(_cancel_all, lab)
        yield lab


def _configure(lab: Cluster, ports: list[int]) -> None:
    """Write the files that the daemons read."""
    folder, host = lab.folder, socket.gethostname().split(".")[0]
    controller, accounts, database, _, *nodes = ports
    for name in ("state", "munge", *(f"spool/{node}" for node in NODES)):
        (folder / name).mkdir(parents=True)
    (folder / "munge").chmod(0o700)
    key = folder / "munge" / "key"
    key.touch(0o600)
    key.write_bytes(secrets.token_bytes(128))
    # each process of a job tells which GPUs it may see
    note = folder / "note_gpus.sh"
    note.write_text(f'#!/bin/sh\necho "$SLURM_JOB_ID ${{CUDA_VISIBLE_DEVICES:-none}}" >> {folder}/gpus.txt\n')
    note.chmod(0o755)
    (folder / "gpus.txt").touch()
    # a job of a lost node is queued again when its credential is out: after ten seconds, not the usual two minutes
    auth = f"AuthType=auth/munge\nAuthInfo=socket={folder}/munge.socket,cred_expire=10\n"
    storage = "AccountingStorageType=accounting_storage/none\n"
    if lab.accounting:
        storage = (
            "AccountingStorageType=accounting_storage/slurmdbd\nAccountingStorageHost=127.0.0.1\n"
            f"AccountingStoragePort={accounts}\nAccountingStoragePass={folder}/munge.socket\n"
            "AccountingStorageTRES=gres/gpu\n"
        )
        (folder / "database_port").write_text(str(database))
        _write_private(
            folder / "slurmdbd.conf",
            f"AuthType=auth/munge\nAuthInfo=socket={folder}/munge.socket\nDbdHost={host}\nDbdAddr=127.0.0.1\nDbdPort={accounts}\nSlurmUser=root\n"
            f"PidFile={folder}/slurmdbd.pid\nStorageType=accounting_storage/mysql\nStorageHost=127.0.0.1\n"
            f"StoragePort={database}\nStorageUser=lab\nStoragePass=lab\nStorageLoc=lab\n",
        )
    lines = [
        f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={NODE_CPUS} Boards=1 "
        f"SocketsPerBoard=1 CoresPerSocket={NODE_CPUS} ThreadsPerCore=1 RealMemory={NODE_MB} Gres=gpu:fake:1"
        for node, port in zip(NODES, nodes, strict=True)
    ]
    settings = CONTROLLER.format(folder=folder, host=host, port=controller)
    (folder / "slurm.conf").write_text("\n".join([MARK + settings + auth + storage, *lines, PARTITIONS]))
    # any device will do for a GPU that no program opens; the job's CUDA_VISIBLE_DEVICES comes from it
    gpus = [f"NodeName={node} Name=gpu Type=fake File=/dev/null" for node in NODES]
    (folder / "gres.conf").write_text("\n".join(gpus) + "\n")


CONTROLLER = """ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
TaskProlog={folder}/note_gpus.sh
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=bf_interval=2,sched_min_interval=200000
GresTypes=gpu
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
MinJobAge=86400
KillWait=3
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
"""
PARTITIONS = """PartitionName=cpu Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=10 State=UP
PartitionName=gpu Nodes=ALL MaxTime=INFINITE DefaultTime=10 State=UP
"""


def _start_munge(lab: Cluster) -> None:
    folder = lab.folder
    files = {"key-file": "munge/key", "socket": "munge.socket", "pid-file": "munged.pid", "seed-file": "munge/seed"}
    options = [f"--{name}={folder / file}" for name, file in files.items()]
    lab.start("munged", "munged", "--foreground", "--force", f"--log-file={folder}/munged.log", *options)
    _wait(lab, "munged", lambda: lab.ask("munge", "-S", f"{folder}/munge.socket", "-n"))


def _start_accounting(lab: Cluster) -> None:
    """A database of its own, the daemon that writes into it, and an account for root."""
    folder, port = lab.folder, (lab.folder / "database_port").read_text()
    data, door = folder / "database", folder / "database.socket"
    plain = ("--no-defaults", "--user=root", f"--datadir={data}")
    lab.ask("mariadb-install-db", *plain, "--auth-root-authentication-method=socket", "--skip-test-db")
    small = ("--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M", "--innodb-lock-wait-timeout=900")
    lab.start("mariadbd", "mariadbd", *plain, f"--socket={door}", "--bind-address=127.0.0.1", f"--port={port}", *small)
    client = ("--no-defaults", f"--socket={door}", "--user=root")
    _wait(lab, "mariadbd", lambda: lab.ask("mariadb-admin", *client, "ping"))
    grants = [f"create user lab@'{host}' identified by 'lab'; grant all on lab.* to lab@'{host}'" for host in _HOSTS]
    lab.ask("mariadb", *client, "-e", "; ".join(["create database lab", *grants]))
    lab.start("slurmdbd", "slurmdbd", "-D")
    _wait(lab, "slurmdbd", lambda: lab.ask("sacctmgr", "--noheader", "show", "cluster") or True)
    for entity in (("cluster", "lab"), ("account", "lab", "Cluster=lab"), ("user", "root", "Account=lab")):
        lab.ask("sacctmgr", "--immediate", "add", *entity)


_HOSTS = ("localhost", "127.0.0.1")


def _stop_all(lab: Cluster) -> None:
    """End the daemons, the youngest first."""
    for daemon in reversed(lab.daemons.values()):
        daemon.terminate()
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


def _cancel_all(lab: Cluster) -> None:
    """End the jobs that still run: their processes are not children of the nodes."""
    subprocess.run(["scancel", "--user=root"], env=lab.environment, capture_output=True, timeout=60)
    end = time.monotonic() + 20
    while time.monotonic() < end and "".join(lab.ask("squeue", "--noheader", "--format=%i")).strip():
        time.sleep(0.5)


def _remove_link(folder: Path) -> None:
    if LINK.is_symlink() and LINK.readlink() == folder / "slurm.conf":
        LINK.unlink()


def _wait(lab: Cluster, name: str, ready: Callable[[], object], limit_s: float = 60) -> None:
    """Until ``ready()`` is true; a command that fails counts as not yet."""
    end, text = time.monotonic() + limit_s, ""
    while time.monotonic() < end:
        try:
            if ready():
                return
        except subprocess.SubprocessError as error:
            text = f"{error} {error.stderr or ''}"
        time.sleep(0.2)
    logs = "\n".join(path.read_text()[-2000:] for path in lab.folder.glob("*.log"))
    raise NoCluster(f"{name} did not come up in {limit_s:.0f} s: {text}\n{logs}")


def _path() -> str:
    return f"{os.environ['PATH']}:{SBIN}"


def _write_private(path: Path, text: str) -> None:
    path.touch(0o600)
    path.write_text(text)


def _free_ports(n: int) -> list[int]:
    """Ports that nothing listens on now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _die_with_me() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _with_variable(setting: str) -> list[int]:
    """Processes that were started with an environment variable set so."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            settings = path.read_bytes().split(b"\0")
        except OSError:  # it has ended, or is none of ours
            continue
        if setting.encode() in settings:
            found.append(int(path.parent.name))
    return found


def _watchers(jobs: list[str]) -> list[int]:
    """The ``slurmstepd`` processes of jobs, given by their raw numbers."""
    steps = "|".join(rf"\[{job}\." for job in jobs) or "none"
    done = subprocess.run(["pgrep", "--full", f"^slurmstepd: ({steps})"], capture_output=True, text=True)
    return [int(word) for word in done.stdout.split()]


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
