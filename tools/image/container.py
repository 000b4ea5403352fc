"""Run a command with a folder as its root, as another user, in namespaces of its own. Linux, as root."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_ENTER = """
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs tmpfs "$1/dev/shm"
{mounts}
exec chroot --userspec="$2" --groups= "$1" /bin/sh -c 'cd "$0" && exec env -i "$@"' "$3" {command}
"""


@dataclass
class Image:
    """What a Dockerfile makes: a root folder and how to start what is in it.

    Attributes
    ----------
    root : Path
    environment : dict[str, str]
    user : str
        A name from its /etc/passwd.
    folder : str
        Where commands start.
    command, healthcheck : list[str]
        CMD and HEALTHCHECK, as lists of arguments.
    """

    root: Path
    environment: dict[str, str]
    user: str = "root"
    folder: str = "/"
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)

    def owner(self) -> str:
        """The user's numbers, as ``1000:1000``."""
        for line in (self.root / "etc" / "passwd").read_text().splitlines():
            name, _, user, group, *_ = line.split(":")
            if self.user in (name, user):
                return f"{user}:{group}"
        raise LookupError(f"{self.user} is not in the image's /etc/passwd")


def start(image: Image, command: list[str], root: Path | None = None, mounts: str = "", **kwargs) -> subprocess.Popen:
    """Start a command in an image; when it is killed, so is everything that it started.

    Parameters
    ----------
    image : Image
    command : list of str
    root : Path, optional
        Another root folder than the image's own.
    mounts : str
        More shell commands before the root changes; ``"$1"`` is the root.
    """
    environment = [f"{name}={value}" for name, value in image.environment.items()]
    inside = shlex.join(["PATH=" + image.environment["PATH"], *environment, *command])
    script = _ENTER.format(mounts=mounts, command=inside)
    namespaces = ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child"]
    arguments = [str(root or image.root), image.owner(), image.folder]
    return subprocess.Popen([*namespaces, "sh", "-euc", script, "sh", *arguments], **kwargs)


def run(image: Image, command: list[str], **kwargs) -> subprocess.CompletedProcess:
    """As `start`, and wait; what it printed is in ``stdout``."""
    process = start(image, command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kwargs)
    output, _ = process.communicate()
    return subprocess.CompletedProcess(command, process.returncode, output)


@contextmanager
def network_settings(root: Path) -> Iterator[tuple[dict[str, str], str]]:
    """What the machine knows of its network, lent to a root folder while something is built in it.

    Docker lends a RUN the machine's names and proxies. pip's configuration is lent too, so that packages come from
    where the machine's own pip takes them.

    Yields
    ------
    environment : dict[str, str]
    mounts : str
        For `start`.
    """
    environment = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    environment |= _pip_settings()
    paths = {Path("/etc/resolv.conf"), Path("/etc/hosts")}
    for value in environment.values():
        paths |= {Path(word.removeprefix("file://")) for word in value.split() if word.startswith(("/", "file:///"))}
    # An index on disk is a folder "simple" with the packages beside it.
    paths = {path.parent if path.name == "simple" else path for path in paths}
    lent, made = sorted(path for path in paths if path.exists()), []
    for path in lent:
        made += _make_place(root / path.relative_to("/"), path.is_dir())
    yield environment, "\n".join(f'mount --bind {shlex.quote(str(path))} "$1"{shlex.quote(str(path))}' for path in lent)
    for path in reversed(made):
        if path.is_file():
            path.unlink()
        elif not any(path.iterdir()):
            path.rmdir()


def _pip_settings() -> dict[str, str]:
    """Configuration of pip, from its files and the environment, as variables."""
    listing = [sys.executable, "-m", "pip", "config", "list"]
    shown = subprocess.run(listing, capture_output=True, text=True, check=True).stdout
    settings = {}
    for line in shown.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.partition(".")
        if section in ("global", "install", ":env:"):
            settings["PIP_" + name.upper().replace("-", "_")] = value.strip("'\"")
    return settings


def _make_place(path: Path, is_folder: bool) -> list[Path]:
    """Make what a mount needs to lie on, with its parents; the ones made are returned, outermost first."""
    if path.exists():
        return []
    missing = [parent for parent in (path, *path.parents) if not parent.exists()][::-1]
    for parent in missing:
        parent.mkdir() if parent != path or is_folder else parent.touch()
    return missing


def missing_programs() -> list[str]:
    """What this needs and the machine has not."""
    return [name for name in ("unshare", "mount", "chroot", "ldd", "ip") if not shutil.which(name)]
