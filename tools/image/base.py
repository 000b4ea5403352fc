"""The machine's own Python -> a folder that stands in for the image python:X.Y-slim, or python:X.Y.

It holds less than that does, on purpose: Python without packages, the shell, the programs that the Dockerfile calls,
and the libraries that these need. What runs here lacks nothing there.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAMS = ("sh", "cat", "chmod", "chown", "cp", "env", "find", "grep", "ln", "ls", "mkdir", "rm", "touch", "useradd")
MORE_PROGRAMS = ("strip",)
"""What the image that is not slim has more, as far as it is called."""
LIBRARIES = (
    "libc.so.6", "libm.so.6", "libmvec.so.1", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1",
    "libresolv.so.2", "libnss_files.so.2", "libnss_dns.so.2", "libstdc++.so.6", "libgcc_s.so.1",
)  # fmt: skip
"""Debian's smallest image has them, from libc6 and because apt needs them; wheels count on it."""
SETTINGS = ("login.defs", "default/useradd", "nsswitch.conf", "ld.so.conf", "ld.so.conf.d/libc.conf")
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
"""What the image sets."""
_LEFT_OUT = ("site-packages", "dist-packages", "test", "tests", "idle_test", "__pycache__", "*.pyc", "libpython*.a")
"""Of the standard library; the image has none of it either."""


class BaseError(RuntimeError):
    """The base image cannot be stood in for; the text says why."""


def make_base(root: Path, image: str) -> None:
    """Fill a folder with what stands in for a base image.

    Parameters
    ----------
    root : Path
        Does not exist yet.
    image : str
        ``python:X.Y-slim``, or ``python:X.Y``.

    Raises
    ------
    BaseError
        When it is another image, or the running Python another version.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if image.removesuffix("-slim") != f"python:{version}":
        raise BaseError(f"python:{version} and its slim image can be stood in for here, {image} cannot")
    names = PROGRAMS if image.endswith("-slim") else PROGRAMS + MORE_PROGRAMS
    _make_folders(root)
    _copy_python(root / "usr" / "local", version)
    programs = [Path(_which(name)).resolve() for name in names]
    for name, program in zip(names, programs, strict=True):
        _copy(program, root / "usr" / "bin" / name)
    modules = (root / "usr" / "local" / "lib" / f"python{version}" / "lib-dynload").glob("*.so")
    for library in _libraries([*programs, Path(sys.executable).resolve(), *modules]):
        _copy(library, root / library.relative_to("/"))
    for name in SETTINGS:
        if (Path("/etc") / name).exists():
            _copy(Path("/etc") / name, root / "etc" / name)
    subprocess.run([_which("ldconfig"), "-r", root], check=True)


def _make_folders(root: Path) -> None:
    for name in ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc/skel", "proc", "dev", "root", "home", "var/tmp"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "tmp").mkdir()
    for name in ("tmp", "var/tmp"):
        (root / name).chmod(0o1777)
    (root / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc" / "group").write_text("root:x:0:\n")


def _copy_python(prefix: Path, version: str) -> None:
    source = Path(sys.base_prefix)
    ignored = shutil.ignore_patterns(*_LEFT_OUT)
    shutil.copytree(source / "lib" / f"python{version}", prefix / "lib" / f"python{version}", ignore=ignored)
    for library in (source / "lib").glob(f"libpython{version}.so*"):
        _copy(library, prefix / "lib" / library.name)
    _copy(source / "bin" / f"python{version}", prefix / "bin" / f"python{version}")
    for name in ("python", "python3"):
        (prefix / "bin" / name).symlink_to(f"python{version}")


def _libraries(programs: list[Path]) -> list[Path]:
    """The shared libraries that programs and modules load, and `LIBRARIES`, without Python's own."""
    found = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout
    loaded = set(re.findall(r"^\s+(?:\S+ => )?(/\S+) \(0x", found, re.MULTILINE))
    cache = subprocess.run([_which("ldconfig"), "-p"], capture_output=True, text=True, check=True).stdout
    loaded |= {re.search(rf"{re.escape(name)} .*=> (\S+)", cache)[1] for name in LIBRARIES}
    return sorted(Path(path) for path in loaded if not Path(path).is_relative_to(sys.base_prefix))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _which(name: str) -> str:
    path = shutil.which(name, path=ENVIRONMENT["PATH"])
    if path is None:
        raise BaseError(f"{name} is not installed here")
    return path
