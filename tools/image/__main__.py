"""Build the image without Docker, and see that it serves: ``python -m tools.image``.

It walks the Dockerfile in a folder whose base is this machine's own Python, then starts the page in it as its user,
cut off from the network, and visits it with a browser. For Linux, as root. The exit status is 0 if all is well.
"""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from playwright.sync_api import Error

from tools.image.base import BaseError
from tools.image.container import Image, missing_programs, run
from tools.image.context import Context
from tools.image.dockerfile import DockerfileError, read_dockerfile
from tools.image.serving import ADDRESS, can_write, serving, tries_to_leave
from tools.image.sizes import LIMIT, sizes, table
from tools.image.visit import visit
from tools.image.walk import StepError, walk

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "image"
WRITABLE = ("/tmp", "/var/tmp", "/home/user")
"""All that the user may write to."""


def main() -> None:
    """Build, measure and try; the trying goes on in a namespace without a network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--try", dest="built", type=Path, help=argparse.SUPPRESS)
    built = parser.parse_args().built
    if built:
        sys.exit(not all(try_serving(read_image(built))))
    if sys.platform != "linux" or os.geteuid() != 0:
        sys.exit("image-check needs Linux and root: it makes namespaces and mounts.")
    if missing := missing_programs():
        sys.exit(f"image-check needs {', '.join(missing)}: install util-linux and iproute2.")
    try:
        image = walk(read_dockerfile(ROOT / "Dockerfile"), Context(ROOT), FOLDER / "stages")
    except (BaseError, DockerfileError, StepError) as error:
        sys.exit(f"Dockerfile: {error}")
    measured = sizes(image.root)
    print(table(measured), flush=True)
    fits = told("it is within its limit", sum(measured.values()) <= LIMIT)
    sys.exit(not (fits and tried_without_network(image)))


def tried_without_network(image: Image) -> bool:
    """Whether all of `try_serving` held, in a namespace where the only network is loopback."""
    description = FOLDER / "image.json"
    description.write_text(json.dumps(asdict(image) | {"root": str(image.root)}))
    script = 'ip link set lo up && exec "$@"'
    alone = ["unshare", "--net", "--mount", "--propagation=private", "sh", "-c", script, "sh"]
    again = [sys.executable, "-m", "tools.image", "--try", description]
    return subprocess.run([*alone, *again], cwd=ROOT, check=False).returncode == 0


def read_image(description: Path) -> Image:
    """The image that was built before, from what `tried_without_network` wrote."""
    written = json.loads(description.read_text())
    return Image(**written | {"root": Path(written["root"])})


def try_serving(image: Image) -> list[bool]:
    """Serve it twice: as a Space does, and with a root folder that is read-only. Whether each check held."""
    held = []
    with serving(image, FOLDER / "run", read_only=False) as running:
        held.append(told("it starts without calling anybody", not tries_to_leave()))
        held.append(told("its health check says so", run(running.image, image.healthcheck).returncode == 0))
        held.append(told("a visitor gets answers", visited()))
        held.append(told("and meanwhile it called nobody", not tries_to_leave()))
        written = [path for path in running.files_written() if path != "/etc/resolv.conf"]  # that one is ours
        strays = outside("/tmp", paths=written)
        held.append(told("nothing was cached or written outside /tmp", not strays, strays))
        exposed = outside(*WRITABLE, paths=can_write(running))
        held.append(told("its user can change no file of the application", not exposed, exposed))
        print(f"     its processes took {running.peak_memory() / 1e9:.2f} GB of memory at most", flush=True)
    with serving(image, FOLDER / "run", read_only=True):
        held.append(told("a visitor gets answers from a read-only one, too", visited()))
    return held


def visited() -> bool:
    """Whether the page answered; what was missing is printed."""
    try:
        visit(ADDRESS)
    except (AssertionError, Error) as error:
        print(error)
        return False
    return True


def outside(*folders: str, paths: list[str]) -> list[str]:
    """The paths that are in none of the folders."""
    return [path for path in paths if not any(Path(path).is_relative_to(folder) for folder in folders)]


def told(what: str, held: bool, found: object = "") -> bool:
    """Print whether a check held, and what was found if it did not."""
    print(f"ok   {what}" if held else f"FAIL {what}: {found}", flush=True)
    return held


if __name__ == "__main__":
    main()
