"""Run commands with a folder as their root, as another user, in namespaces of their own. Linux, as root."""

import os
import re
import shlex
import shutil
import signal
import string
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tools.image.dockerfile import Step

ADDRESS = "http://127.0.0.1:8501"
_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENTER = """
mount --rbind "$1" "$1"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs tmpfs "$1/dev/shm"
{mounts}
exec chroot --userspec="$2" --groups= "$1" /bin/sh -c 'cd "$0" && exec env -i "$@"' "$3" {command}
"""
# What ``docker run --read-only --tmpfs /tmp`` does, and a home in which writes would be seen.
_READ_ONLY = """
mount -t tmpfs tmpfs "$1/tmp"
mount --bind {home} "$1/home/user"
mount -o remount,ro,bind "$1"
"""


@dataclass
class Image:
    """A root folder and how commands are started in it, as far as the steps of a Dockerfile have set it."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": _PATH, "LANG": "C.UTF-8"})
    user: str = "root"
    folder: str = "/"
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)

    def configure(self, step: Step, arguments: dict[str, str]) -> None:
        """Follow a step that sets how commands are started; any other step changes nothing."""
        match step.keyword:
            case "ARG":
                name, _, default = step.words()[0].partition("=")
                self.environment[name] = arguments.get(name, default)
            case "ENV":
                for word in step.words():
                    name, _, value = word.partition("=")
                    self.environment[name] = string.Template(value).substitute(self.environment)
            case "WORKDIR":
                self.folder = step.value
            case "USER":
                self.user = step.value
            case "CMD":
                self.command = step.command()
            case "HEALTHCHECK":
                self.healthcheck = step.command()

    def inside(self, path: str) -> Path:
        """Where a path in the image is on this machine."""
        return self.root / (PurePosixPath(self.folder) / path).relative_to("/")

    def start(self, command: list[str], mounts: str = "", **kwargs) -> subprocess.Popen:
        """Start a command; `kill` ends it.

        Parameters
        ----------
        command : list of str
        mounts : str
            Shell commands to run before the root changes; ``"$1"`` is the root.
        """
        environment = [f"{name}={value}" for name, value in self.environment.items()]
        script = _ENTER.format(mounts=mounts, command=shlex.join([*environment, *command]))
        owner = re.search(rf"^{self.user}:[^:]*:(\d+:\d+):", self.inside("/etc/passwd").read_text(), re.MULTILINE)[1]
        namespaces = ["unshare", "--mount", "--propagation=private", "--pid", "--fork"]
        return subprocess.Popen([*namespaces, "sh", "-euc", script, "sh", self.root, owner, self.folder], **kwargs)

    def run(self, command: list[str], mounts: str = "") -> tuple[int, str]:
        """Run a command to its end: its exit status and what it printed."""
        process = self.start(command, mounts, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        output, _ = process.communicate()
        return process.returncode, output

    @contextmanager
    def serving(self, home: Path) -> Iterator[float]:
        """The image's command, read-only and answering; yields the start time, by `time.monotonic`.

        Parameters
        ----------
        home : Path
            Replaced by a copy of the user's home, which the command can write to, as it can to /tmp.
        """
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run(["cp", "-a", self.inside("/home/user"), home], check=True)
        started = time.monotonic()
        process = self.start(self.command, _READ_ONLY.format(home=shlex.quote(str(home))))
        try:
            while not _answers():
                if process.poll() is not None:
                    raise RuntimeError("the page did not start")
                time.sleep(0.05)
            yield started
        finally:
            kill(process)


def kill(process: subprocess.Popen) -> None:
    """End what `Image.start` started: the first process of a namespace takes all others with it.

    unshare's own --kill-child does not work here, because chroot changes the user.
    """
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for each in (process.pid, *map(int, children)):
        os.kill(each, signal.SIGKILL)
    process.wait()


def _answers() -> bool:
    try:
        return urllib.request.urlopen(f"{ADDRESS}/_stcore/health", timeout=1).status == 200
    except OSError:
        return False
