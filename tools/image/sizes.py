"""What an image holds, in bytes: by package, largest first, and what would make it smaller."""

from collections import Counter
from importlib.metadata import distributions
from pathlib import Path

LIMIT = 1_900_000_000
SLIM_BASE = 130_000_000
"""What python:3.11-slim takes, of which the stand-in here holds only a part."""
_OUTSIDE = {"app": "the page, with model and examples", "home": "warm caches"}
_PURPOSES = {
    "tensorflow_cpu": "trained the networks, and stands in where LiteRT cannot run",
    "pyarrow": "Streamlit's tables",
    "llvmlite": "numba's compiler",
    "scipy": "FFT; scikit-learn",
    "pandas": "the tables of a pack",
    "scikit-learn": "the map of a pack",
    "numpy": "arrays",
    "streamlit": "the page",
    "matplotlib": "the picture to share, the report card",
    "fonttools": "matplotlib's fonts",
    "ai-edge-litert": "runs the networks",
    "pillow": "pictures for Streamlit and matplotlib",
    "numba": "librosa's inner loops",
    "librosa": "finds the hits of a recording",
    "altair": "the map's chart",
    "kiwisolver": "matplotlib's layout",
    "soundfile": "reads sounds",
    "base image": "Debian and Python",
}
_SAVINGS = (
    (
        ("tensorflow_cpu", "keras", "h5py"),
        "the build argument LEAVE_OUT, and nothing that stands in for LiteRT",
    ),
    (("pyarrow", "pandas"), "a page that is not Streamlit's, which sends every table as Arrow"),
    (("scikit-learn", "scipy", "joblib"), "a map of sounds and an FFT by NumPy alone"),
    (("matplotlib", "fonttools", "kiwisolver", "contourpy"), "pictures drawn by the browser"),
)
"""Packages that could go, and with what."""


def sizes(root: Path) -> dict[str, int]:
    """Bytes of each package and of each other part of an image, largest first.

    Parameters
    ----------
    root : Path
        The image's root folder, with its packages in ``opt/venv``.
    """
    found: Counter[str] = Counter()
    counted = set()
    site = next((root / "opt" / "venv" / "lib").glob("python*")) / "site-packages"
    for package in distributions(path=[str(site)]):
        for file in package.files or ():
            path = Path(package.locate_file(file))
            if path.is_file() and path not in counted:
                counted.add(path)
                found[package.name] += path.stat().st_size
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink() and path not in counted:
            found[_part(path.relative_to(root))] += path.stat().st_size
    found["base image"] = max(found["base image"], SLIM_BASE)
    return dict(found.most_common())


def table(measured: dict[str, int], shown: int = 24) -> str:
    """The largest parts with what they are for, the total, and what would take it lower."""
    lines = [
        f"{size / 1e6:8.1f} MB  {name:34}{_PURPOSES.get(name, '')}" for name, size in list(measured.items())[:shown]
    ]
    rest = sum(list(measured.values())[shown:])
    lines.append(f"{rest / 1e6:8.1f} MB  {len(measured) - shown} smaller ones")
    lines.append(f"{sum(measured.values()) / 1e6:8.1f} MB  in all; the limit is {LIMIT / 1e6:.0f} MB")
    lines.append("What would take it lower:")
    for gone, how in _SAVINGS:
        freed = sum(measured.get(name, 0) for name in gone)
        lines.append(f"{-freed / 1e6:8.1f} MB  {', '.join(gone)}: {how}")
    return "\n".join(lines)


def _part(path: Path) -> str:
    """What a file outside the packages belongs to."""
    if path.parts[:2] == ("opt", "venv"):
        return "other files of the packages"
    if "__pycache__" in path.parts and path.is_relative_to("usr"):
        return "bytecode of the standard library"
    return next((name for start, name in _OUTSIDE.items() if path.is_relative_to(start)), "base image")
