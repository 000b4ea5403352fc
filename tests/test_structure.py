"""Which part may import which, read from the source: `app -> page -> drumclf`, `training -> synthesis, drumclf`."""

import ast
from graphlib import TopologicalSorter

import pytest

from tools.imports import MODULES, imports, imports_in

MAY_NOT_IMPORT = {
    "drumclf": {"streamlit", "app", "page", "synthesis", "training", "tools"},
    "page": {"app", "synthesis", "training", "tools"},
    "synthesis": {"streamlit", "app", "page", "training", "tools"},
    "training": {"streamlit", "app", "page", "tools"},
}
# Parts of drumclf; each imports only from the rows above its own, and modules of its own folder.
RANKS = (
    {"constants", "decision", "file_types", "foreign", "headers", "memory", "names", "report", "threads"},
    {"chunks", "clips", "limits", "model_folder", "onset"},
    {"sources", "spectrogram"},
    {"ffmpeg", "libsndfile"},
    {"audio", "network"},
    {"classifier"},
    {"batch", "explain", "hits", "traits"},
    {"cluster", "drawing", "processes"},
    {"filing", "library"},
    {"cli"},
    {"__main__"},
)
SYNTHESIS_NEEDS = {"constants", "audio", "spectrogram"}  # the last two for the pictures on the pads
MAX_LINES = 300


def modules_of(package):
    return [module for module in MODULES if module.split(".")[0] == package]


def part(module):
    """The file or folder of drumclf that a module is or lies in; empty for drumclf itself."""
    return module.split(".")[1] if "." in module else ""


def rank(module):
    return next(i for i, parts in enumerate(RANKS) if part(module) in parts)


@pytest.mark.parametrize("package", ["drumclf", "page", "synthesis", "training"])
def test_no_package_imports_what_stands_above_it(package):
    found = [(module, target) for module in modules_of(package) for target, _ in imports(module)]
    assert len(found) > 5
    assert [(module, target) for module, target in found if target.split(".")[0] in MAY_NOT_IMPORT[package]] == []


def test_making_sounds_needs_little_of_the_library():
    found = {target for module in modules_of("synthesis") for target, _ in imports(module)}
    assert {part(target) for target in found if target.split(".")[0] == "drumclf"} <= SYNTHESIS_NEEDS


def test_every_part_of_the_library_has_a_rank():
    parts = [part for parts in RANKS for part in parts]
    assert sorted(parts) == sorted({part(module) for module in modules_of("drumclf")} - {""})


def test_nothing_in_the_library_imports_upward():
    upward = [
        (module, target)
        for module in modules_of("drumclf")
        for target, _ in imports(module)
        if target.startswith("drumclf.") and part(target) != part(module) and rank(target) >= rank(module)
    ]
    assert upward == []


def test_no_imports_run_in_a_circle():
    graph = {module: {target for target, at_start in imports(module) if at_start} for module in MODULES}
    assert len(graph["drumclf.classifier"]) > 5
    tuple(TopologicalSorter(graph).static_order())  # raises CycleError


def test_the_public_page_has_no_way_to_the_library():
    """What app.py imports, at once or later, leads to no module that opens a folder of the computer it runs on."""
    reached, left = set(), ["app"]
    while left:
        module = left.pop()
        if module not in reached and module in MODULES:
            reached.add(module)
            left += [target for target, _ in imports(module)]
    assert {"page.pack.browse", "drumclf.classifier"} <= reached
    ways = ("page.library.", "drumclf.library.", "drumclf.filing.", "drumclf.cli.")
    assert {module for module in reached if f"{module}.".startswith(ways)} == set()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import a.b", [("a.b", True)]),
        ("from drumclf import Clip", [("drumclf.clips", True)]),
        ("def f():\n  from drumclf.audio import Clip", [("drumclf.audio", False)]),
        ("if TYPE_CHECKING:\n  import a\nelse:\n  import b", [("b", True)]),
        ("try:\n  import a\nexcept ImportError:\n  pass", [("a", True)]),
        ("class A:\n  from drumclf import constants as c", [("drumclf.constants", True)]),
    ],
)
def test_imports_are_found_wherever_they_stand(code, found):
    assert list(imports_in(code)) == found


def test_no_module_is_too_long():
    lengths = {module: len(path.read_text("utf-8").splitlines()) for module, path in MODULES.items()}
    assert {module: n for module, n in lengths.items() if n > MAX_LINES} == {}


def test_every_package_says_what_it_is():
    """In a docstring, or in a comment if a child process is to read as little as possible."""
    for path in MODULES.values():
        if path.name == "__init__.py":
            text = path.read_text("utf-8")
            assert ast.get_docstring(ast.parse(text)) or text.startswith("# "), path
