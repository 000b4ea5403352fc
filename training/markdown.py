"""Figures and tables as Markdown, and where they go in a text."""

from collections.abc import Iterable
from pathlib import Path


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A Markdown table, one string for each line."""
    names = list(header)
    return [_line(names), "|---" * len(names) + "|", *map(_line, rows)]


def format_interval(figure: list[float] | None) -> str:
    """[value, low, high] -> text."""
    return "-" if figure is None else "{:.3f} [{:.3f}, {:.3f}]".format(*figure)


def write_between(file: Path, mark: str, lines: list[str]) -> None:
    """Replace the text between ``<!-- mark -->`` and ``<!-- end -->``, if the file exists and has both."""
    if not file.exists():
        return
    before, start, rest = file.read_text(encoding="utf-8").partition(f"<!-- {mark} -->\n")
    _, end, after = rest.partition("<!-- end -->")
    if start and end:
        file.write_text("".join([before, start, "\n".join(lines), "\n", end, after]), encoding="utf-8")


def _line(cells: Iterable[str]) -> str:
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)
