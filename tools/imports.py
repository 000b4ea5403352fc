"""What each module imports, read from the source: for the picture of the structure, and for its test."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import drumclf

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("drumclf", "page", "synthesis", "training", "tools")
# Name of a module, as in an import statement -> its file.
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
} | {"app": ROOT / "app.py", "library": ROOT / "library.py"}


class Import(NamedTuple):
    """An import of `module`; `at_start` if it is not inside a function."""

    module: str
    at_start: bool


@cache
def imports(module: str) -> list[Import]:
    """What a module of the program imports when it runs, without what only type checkers see."""
    return list(imports_in(MODULES[module].read_text(encoding="utf-8")))


def imports_in(code: str) -> Iterator[Import]:
    """As `imports`, for the text of a module."""
    for name, at_start in _names([ast.parse(code)]):
        yield Import(_home(name), at_start)


def _names(nodes: Iterable[ast.AST], at_start: bool = True) -> Iterator[tuple[str, bool]]:
    """Full name of each import in or below nodes, and whether it is outside of functions."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, at_start) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports are not used here"
            yield from ((f"{node.module}.{alias.name}", at_start) for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from _names(node.orelse, at_start)
        else:
            is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _names(ast.iter_child_nodes(node), at_start and not is_function)


def _home(name: str) -> str:
    """The module that a name comes from; for a public name of drumclf, the module that defines it."""
    package, _, public = name.partition(".")
    if package == "drumclf" and public in drumclf._HOMES:
        return f"drumclf.{drumclf._HOMES[public]}"
    while name not in MODULES and name.split(".")[0] in (*PACKAGES, "app") and "." in name:
        name = name.rpartition(".")[0]
    return name
