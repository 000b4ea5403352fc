"""Build the image without Docker, and see that it serves: ``python -m tools.image``.

The Dockerfile is followed in a folder, with this machine's Python as its base. Then the page is started in it as its
user, read-only and without a network, and visited with a browser. For Linux, as root. The exit status is 0 if all is
well.
"""

import argparse
import ctypes
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from playwright.sync_api import Error

from tools.image.build import ROOT, BuildError, build
from tools.image.container import ADDRESS, Image
from tools.image.dockerfile import DockerfileError, read_dockerfile
from tools.image.visit import visit

FOLDER = ROOT / "build" / "image"
SLIM_BASE = 130_000_000  # python:3.11-slim, of which the stand-in holds only a part
_CLONE_NEWNET = 0x40000000  # linux/sched.h
WRITABLE = ("tmp", "var/tmp", "home/user")  # by the user


def main() -> None:
    """Build and measure; then try it where the only network is loopback."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    arguments = dict(value.split("=", 1) for value in parser.parse_args().build_arg)
    if sys.platform != "linux" or os.geteuid() != 0:
        sys.exit("image-check needs Linux and root: it makes namespaces and mounts.")
    if missing := [name for name in ("unshare", "ip", "strip") if not shutil.which(name)]:
        sys.exit(f"image-check needs {', '.join(missing)}: install util-linux, iproute2 and binutils.")
    try:
        image = build(read_dockerfile(ROOT / "Dockerfile"), FOLDER, arguments)
    except (BuildError, DockerfileError) as error:
        sys.exit(f"Dockerfile: {error}")
    measured = sizes(image.root)
    for name, size in [*measured.most_common(12), ("in all", measured.total())]:
        print(f"{size / 1e6:8.1f} MB  {name}", flush=True)
    if ctypes.CDLL(None).unshare(_CLONE_NEWNET) != 0:
        sys.exit("image-check may not make a network namespace.")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    sys.exit(not all(try_serving(image)))


def try_serving(image: Image) -> list[bool]:
    """Serve it and visit it. Whether each check held."""
    allowed = [image.root / folder for folder in WRITABLE]
    exposed = [path for path in files(image.root) if can_write(path) and not {*allowed} & {path, *path.parents}]
    held = [told("its user can change no file of the application", not exposed, exposed)]
    home, before = FOLDER / "home", changes(image.inside("/home/user"))
    with image.serving(home) as started:
        print(f"     {time.monotonic() - started:.1f} s after its start it answered", flush=True)
        held.append(told("its health check says that it is healthy", image.run(image.healthcheck)[0] == 0))
        held.append(told("it started without calling anybody", not tries_to_leave()))
        held.append(told("a visitor gets answers", visited(started)))
        held.append(told("and meanwhile it called nobody", not tries_to_leave()))
        changed = changes(home) ^ before
        held.append(told("and wrote nothing outside /tmp", not changed, changed))
    return held


def visited(started: float) -> bool:
    """Whether all answers came; prints what was missing, and how long the first took."""
    try:
        visit(
            ADDRESS, lambda: print(f"     {time.monotonic() - started:.1f} s after its start: first answer", flush=True)
        )
    except (AssertionError, Error) as error:
        print(error)
        return False
    return True


def files(root: Path) -> list[Path]:
    """Everything below a folder that is no link."""
    return [path for path in root.rglob("*") if not path.is_symlink()]


def sizes(root: Path) -> Counter[str]:
    """Bytes of each folder of packages, and of the other folders."""
    found = Counter()
    for path in filter(Path.is_file, files(root)):
        parts = path.relative_to(root).parts
        name = "bytecode of Python" if parts[0] == "usr" and path.suffix == ".pyc" else parts[0]
        found[parts[5] if name == "opt" and len(parts) > 6 else name] += path.stat().st_size
    found["usr"] = max(found["usr"], SLIM_BASE)
    return found


def can_write(path: Path) -> bool:
    """Whether anybody other than root can write to it."""
    status = path.stat()
    return bool(status.st_uid or status.st_gid or status.st_mode & 0o002)


def changes(folder: Path) -> set[tuple[str, int]]:
    """Everything below a folder, with the time of its last change."""
    return {(str(path.relative_to(folder)), path.stat().st_mtime_ns) for path in files(folder)}


def tries_to_leave() -> int:
    """How often something in this network namespace tried to reach another machine, and found no way."""
    names, values = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Ip:")]
    return int(values[names.index("OutNoRoutes")])


def told(what: str, held: bool, found: object = "") -> bool:
    """Print whether a check held, and what was found if it did not."""
    print(f"ok   {what}" if held else f"FAIL {what}: {found}", flush=True)
    return held


if __name__ == "__main__":
    main()
