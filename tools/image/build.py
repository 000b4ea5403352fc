"""Follow the steps of a Dockerfile in folders, one for each stage."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tools.image.container import Image
from tools.image.dockerfile import Stage, Step

ROOT = Path(__file__).resolve().parents[2]
# The base image's stand-in holds Python, the programs that the Dockerfile calls, and the libraries of Debian's smallest
# image that wheels count on. The real one has more, so what runs here lacks nothing there.
_PROGRAMS = ("sh", "env", "find", "rm", "sed", "useradd")
_LIBRARIES = (
    "libc.so.6", "libm.so.6", "libmvec.so.1", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1",
    "libresolv.so.2", "libnss_files.so.2", "libnss_dns.so.2", "libstdc++.so.6", "libgcc_s.so.1",
)  # fmt: skip
_FOLDERS = ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc/default", "etc/skel", "proc", "dev", "root", "home")
_LEFT_OUT = ("site-packages", "dist-packages", "test", "tests", "idle_test", "__pycache__", "*.pyc", "libpython*.a")


class BuildError(RuntimeError):
    """A step failed; the text says why."""


def build(stages: list[Stage], folder: Path, arguments: dict[str, str]) -> Image:
    """The image that the last stage makes.

    Parameters
    ----------
    stages : list of Stage
    folder : Path
        Emptied first.
    arguments : dict[str, str]
        Values for ARG.

    Raises
    ------
    BuildError
    """
    shutil.rmtree(folder, ignore_errors=True)
    images: dict[str, Image] = {}
    for stage in stages:
        name = stage.name or "last"
        image = images[name] = Image(folder / name)
        print(f"FROM {stage.base}", flush=True)
        _make_base(image.root, stage.base)
        for step in stage.steps:
            print(f"{step.keyword} {step.value}", flush=True)
            image.configure(step, arguments)
            if step.keyword == "WORKDIR":
                image.inside(".").mkdir(parents=True, exist_ok=True)
            elif step.keyword == "COPY":
                _copy(image, step, images)
            elif step.keyword == "RUN":
                # What is left of the machine's network in a folder must not be in the image.
                _run(image, step, with_network=stage is not stages[-1])
    return image


def _copy(image: Image, step: Step, images: dict[str, Image]) -> None:
    """A folder's content to a path, or files into a folder."""
    *sources, target = step.words()
    for source in sources:
        origin = images[step.origin].inside(source) if step.origin else ROOT / source
        ignored = None if step.origin else shutil.ignore_patterns("__pycache__")
        if origin.is_dir():
            shutil.copytree(origin, image.inside(target), symlinks=True, ignore=ignored)
        else:
            shutil.copy2(origin, image.inside(target) / origin.name)


def _run(image: Image, step: Step, with_network: bool) -> None:
    environment, mounts = _network(image.root) if with_network else ({}, "")
    lent = Image(image.root, environment | image.environment, image.user, image.folder)
    status, output = lent.run(step.command(), mounts)
    if status:
        raise BuildError(f"RUN {step.value}: status {status}\n{output[-4000:]}")


def _network(root: Path) -> tuple[dict[str, str], str]:
    """The machine's names, proxies and settings of pip, as environment and mounts."""
    environment = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    listing = [sys.executable, "-m", "pip", "config", "list"]
    for line in subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines():
        name, _, value = line.partition("=")
        environment["PIP_" + name.rpartition(".")[2].upper().replace("-", "_")] = value.strip("'\"")
    words = [word.removeprefix("file://") for value in environment.values() for word in value.split()]
    paths = {Path(word) for word in ("/etc/resolv.conf", "/etc/hosts", *words) if word.startswith("/")}
    mounts = []
    # An index on disk is a folder "simple" with the packages beside it.
    for path in sorted({path.parent if path.name == "simple" else path for path in paths if path.exists()}):
        place = root / path.relative_to("/")
        (place if path.is_dir() else place.parent).mkdir(parents=True, exist_ok=True)
        if path.is_file():
            place.touch()
        mounts.append(shlex.join(["mount", "--bind", str(path), str(place)]))
    return environment, "\n".join(mounts)


def _make_base(root: Path, image: str) -> None:
    """Fill a folder with what stands in for ``python:X.Y-slim``, or for ``python:X.Y``, which also has `strip`."""
    version, source = f"{sys.version_info.major}.{sys.version_info.minor}", Path(sys.base_prefix)
    if image.removesuffix("-slim") != f"python:{version}":
        raise BuildError(f"this Python can stand in for python:{version} only, not for {image}")
    for name in _FOLDERS:
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    for name in ("tmp", "var/tmp"):
        (root / name).mkdir(parents=True)
        (root / name).chmod(0o1777)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")

    library, local = f"lib/python{version}", root / "usr/local"
    shutil.copytree(source / library, local / library, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    shutil.copytree(source / "bin", local / "bin", ignore=lambda _, names: set(names) - {f"python{version}"})
    for name in ("python", "python3"):
        (local / "bin" / name).symlink_to(f"python{version}")
    names = _PROGRAMS if image.endswith("-slim") else (*_PROGRAMS, "strip")
    programs = {name: Path(shutil.which(name)).resolve() for name in names}
    for name, program in programs.items():
        shutil.copy2(program, root / "usr/bin" / name)
    loaders = [*programs.values(), source / f"bin/python{version}", *(local / library).glob("lib-dynload/*.so")]
    for path in _libraries(loaders):
        target = local / "lib" / path.name if path.is_relative_to(source) else root / path.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    for name in ("login.defs", "default/useradd", "nsswitch.conf"):
        shutil.copy2(Path("/etc") / name, root / "etc" / name)
    (root / "etc/ld.so.conf").write_text("/usr/local/lib\n")
    # Nobody is at this address, so whoever looks up a name later tries to leave.
    (root / "etc/resolv.conf").write_text("nameserver 192.0.2.1\n")
    subprocess.run(["ldconfig", "-r", root], check=True)


def _libraries(programs: list[Path]) -> set[Path]:
    """The shared libraries that programs and modules load, and `_LIBRARIES`."""
    found = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout
    cache = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    loaded = re.findall(r"^\s+(?:\S+ => )?(/\S+) \(0x", found, re.MULTILINE)
    return {Path(path) for path in loaded + [re.search(rf"{re.escape(x)} .*=> (\S+)", cache)[1] for x in _LIBRARIES]}
