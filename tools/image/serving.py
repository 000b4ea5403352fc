"""Start an image as a container would, in a network of loopback alone, and see what it writes and whom it calls."""

import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.image.container import Image, run, start

ADDRESS = "http://127.0.0.1:8501"
_READ_ONLY = """
mount -t tmpfs tmpfs "$1/tmp"
mount --bind {caches} "$1/home/user/.cache"
mount -o remount,ro,bind "$1"
"""
"""What ``docker run --read-only --tmpfs /tmp --volume /home/user/.cache`` does."""


@dataclass(frozen=True)
class Running:
    """A page that runs.

    Attributes
    ----------
    process : subprocess.Popen
    image : Image
        Its root is the one that the page runs in.
    written : Path
        Folder of everything that was written since the start.
    """

    process: subprocess.Popen
    image: Image
    written: Path

    def files_written(self) -> list[str]:
        """Paths in the image of all files that came, changed or went since the start."""
        return sorted(f"/{path.relative_to(self.written)}" for path in self.written.rglob("*") if not path.is_dir())

    def peak_memory(self) -> int:
        """The most memory that the page and the processes that it started took, in bytes; shared pages count twice."""
        peaks = [Path(f"/proc/{process}/status").read_text() for process in _below(self.process.pid)]
        return sum(1024 * int(peak.partition("VmHWM:")[2].split()[0]) for peak in peaks)


def tries_to_leave() -> int:
    """How often something in this network namespace wanted to reach another machine, and found no way."""
    names, values = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Ip:")]
    return int(values[names.index("OutNoRoutes")])


@contextmanager
def serving(image: Image, folder: Path, read_only: bool) -> Iterator[Running]:
    """The image's CMD, running, and answering its health check.

    Parameters
    ----------
    image : Image
    folder : Path
        Emptied, and used for what is written.
    read_only : bool
        Whether nothing but /tmp and the caches can be written to.
    """
    shutil.rmtree(folder, ignore_errors=True)
    upper, work, root = folder / "upper", folder / "work", folder / "root"
    for path in (upper, work, root):
        path.mkdir(parents=True)
    upper.chmod(0o755)
    options = f"lowerdir={image.root},upperdir={upper},workdir={work}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, root], check=True)
    caches = folder / "caches"
    subprocess.run(["cp", "-a", image.root / "home" / "user" / ".cache", caches], check=True)
    (root / "etc" / "resolv.conf").write_text(
        "nameserver 192.0.2.1\n"
    )  # out of reach: to ask for a name is to try to leave
    mounts = _READ_ONLY.format(caches=caches) if read_only else ""
    process = start(image, image.command, root, mounts, stdout=(folder / "log").open("w"), stderr=subprocess.STDOUT)
    running = Running(process, Image(root, image.environment, image.user, image.folder), upper)
    try:
        _wait(process)
        yield running
    finally:
        process.kill()  # "unshare" takes no notice of anything gentler
        process.wait()
        subprocess.run(["umount", "--lazy", root], check=True)


def can_write(running: Running) -> list[str]:
    """Everything in the image that its user may change, outside /proc, /dev and /sys."""
    search = "find / -xdev ( -path /proc -o -path /dev -o -path /sys ) -prune -o ! -type l -writable -print"
    return run(running.image, search.split()).stdout.splitlines()


def _below(process: int) -> list[str]:
    """Numbers of all processes that one started, and those that they did."""
    threads = Path(f"/proc/{process}/task").glob("*/children")
    children = [child for thread in threads for child in thread.read_text().split()]
    return children + [below for child in children for below in _below(int(child))]


def _wait(process: subprocess.Popen) -> None:
    """Until the page answers; patient, because a busy machine is no fault."""
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{ADDRESS}/_stcore/health", timeout=1)
            return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.2)
    raise RuntimeError("the page did not start")
