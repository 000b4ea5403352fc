"""Check that the pinned packages can be installed everywhere: ``python -m tools.resolve``.

For each platform and Python, pip must find a wheel for every pin, and every package that those wheels require must
be pinned at a version that fits. Nothing is installed. The exit status is 0 if all is well.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
# pip takes each tag literally: manylinux_2_28 does not include 2_17, as it does when pip runs there itself.
_GLIBC = ("2_28", "2_27", "2_26", "2_24", "2_17", "2014", "2_12", "2010", "2_5", "1")
_MACOS = ("14_0", "13_0", "12_0", "11_0", "10_15", "10_13", "10_9")
# Platform -> sys_platform, platform_system, os_name, platform_machine of its markers.
MARKERS = {
    "Linux x86-64": ("linux", "Linux", "posix", "x86_64"),
    "Linux aarch64": ("linux", "Linux", "posix", "aarch64"),
    "macOS arm64": ("darwin", "Darwin", "posix", "arm64"),
    "Windows x86-64": ("win32", "Windows", "nt", "AMD64"),
}


def platform_tags(platform: str) -> list[str]:
    """The wheel tags of a platform, for pip's ``--platform``."""
    system, *_, machine = MARKERS[platform]
    if system == "linux":
        return [f"manylinux{'_' if '_' in glibc else ''}{glibc}_{machine}" for glibc in _GLIBC]
    if system == "darwin":
        return [f"macosx_{version}_{kind}" for version in _MACOS for kind in ("arm64", "universal2")]
    return ["win_amd64"]


def environment(platform: str, python: str) -> dict[str, str]:
    """What markers are evaluated against; pip itself would take the running Python's."""
    names = ("sys_platform", "platform_system", "os_name", "platform_machine")
    versions = {"python_version": python, "python_full_version": f"{python}.0", "implementation_version": f"{python}.0"}
    return {**default_environment(), **dict(zip(names, MARKERS[platform], strict=True)), **versions, "extra": ""}


def read_pins(path: Path) -> Iterator[Requirement]:
    """The requirements of a list, and of the lists that it includes with ``-r``."""
    for line in path.read_text(encoding="utf-8").splitlines():
        text = re.sub(r"(^|\s)#.*", "", line).strip()
        if text.startswith("-r "):
            yield from read_pins(path.parent / text[3:].strip())
        elif text:
            yield Requirement(text)


def applies(requirement: Requirement, target: dict[str, str]) -> bool:
    """Whether a requirement holds in an environment."""
    return requirement.marker is None or requirement.marker.evaluate(target)


def find_wheels(pins: list[Requirement], platform: str, python: str) -> tuple[list[dict], list[str]]:
    """The metadata of a wheel for each pin, and the pins that have none."""
    options = ["--dry-run", "--quiet", "--no-deps", "--only-binary=:all:", "--report=-"]
    options += ["--ignore-requires-python"]  # it would compare with the running one; `unmet` does it for the target
    options += ["--python-version", python, "--implementation", "cp", "--target", str(ROOT / "build" / "nowhere")]
    options += [f"--platform={tag}" for tag in platform_tags(platform)]
    wanted, absent = [f"{pin.name}{pin.specifier}" for pin in pins], []
    while True:  # pip names one missing wheel at a time
        command = [sys.executable, "-m", "pip", "install", *options, *wanted]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return [found["metadata"] for found in json.loads(done.stdout)["install"]], absent
        missing = re.search(r"No matching distribution found for (\S+)", done.stderr)
        if missing is None or missing[1] not in wanted:
            raise RuntimeError(done.stderr[-2000:])
        wanted.remove(missing[1])
        absent.append(missing[1])


def unmet(wheels: list[dict], target: dict[str, str]) -> list[str]:
    """What wheels require in an environment and do not get from each other."""
    versions = {canonicalize_name(wheel["name"]): wheel["version"] for wheel in wheels}
    found = []
    for wheel in wheels:
        if not SpecifierSet(wheel.get("requires_python", "")).contains(target["python_full_version"]):
            found.append(f"{wheel['name']} requires Python {wheel['requires_python']}")
        for requirement in map(Requirement, wheel.get("requires_dist", ())):
            version = versions.get(canonicalize_name(requirement.name))
            if not applies(requirement, target) or (version and requirement.specifier.contains(version)):
                continue
            found.append(f"{wheel['name']} requires {requirement.name}{requirement.specifier}, not {version}")
    return found


def problems(path: Path, platform: str, python: str) -> list[str]:
    """What keeps a list of pins from being installed on a platform."""
    target = environment(platform, python)
    pins = [pin for pin in read_pins(path) if applies(pin, target)]
    wheels, absent = find_wheels(pins, platform, python)
    return [f"no wheel for {pin}" for pin in absent] + unmet(wheels, target)


def main() -> None:
    """Print a line for each platform and Python."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("list", nargs="?", type=Path, default=ROOT / "requirements.txt")
    path, held = parser.parse_args().list, True
    for platform in MARKERS:
        for python in PYTHONS:
            found = problems(path, platform, python)
            held = held and not found
            print(f"{platform}, Python {python}: {'; '.join(found) or 'ok'}", flush=True)
    sys.exit(not held)


if __name__ == "__main__":
    main()
