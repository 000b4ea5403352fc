"""Draw which part of the program imports which: ``python -m tools.pictures.structure``, for docs/architecture.md.

A box is a module or package; an arrow means "imports", and is left out if other arrows already lead there.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import drumclf

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "figures" / "structure.svg"
PROGRAMS = ("app", "page", "training", "synthesis", "tools")
SPINE = ("app", "page", "classifier", "audio", "spectrogram", "network", "decision")  # the way of one sound

_WIDTH = 1080
_BOX_WIDTH = 118
_BOX_HEIGHT = 32
_ROW_HEIGHT = 78
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #15161c; text-anchor: middle }
rect { fill: #fff; stroke: #9a9eb0; stroke-width: 1.2 }
.spine rect { fill: #e9eeff; stroke: #2450d8; stroke-width: 2 }
path { fill: none; stroke: #b9bdca; stroke-width: 1.2 }
path.spine { stroke: #2450d8; stroke-width: 2 }
"""


def read_structure() -> tuple[set[str], set[tuple[str, str]]]:
    """All boxes and arrows.

    Returns
    -------
    boxes : set of str
        A part of drumclf has its name alone: "audio", "batch".
    arrows : set of (str, str)
        Who imports whom.
    """
    boxes, arrows = set(), set()
    for path in sorted(
        [ROOT / "app.py", *(p for name in ("drumclf", *PROGRAMS[1:]) for p in (ROOT / name).rglob("*.py"))]
    ):
        box = _box(path.relative_to(ROOT).with_suffix("").parts)
        if box is None:
            continue
        boxes.add(box)
        targets = {_box(_resolve(name)) for name in _imported(ast.parse(path.read_text(encoding="utf-8")))}
        arrows |= {(box, target) for target in targets - {box, None}}
    return boxes, arrows


def draw(boxes: set[str], arrows: set[tuple[str, str]]) -> str:
    """The structure as an SVG picture, the same text for the same structure.

    Raises
    ------
    ValueError
        If imports run in a circle.
    """
    floors = _floors(boxes, arrows)
    places = _places(floors, arrows)
    height = len(floors) * _ROW_HEIGHT + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        "<title>Which part of drumclf imports which</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{height}" style="stroke: none"/>',
    ]
    for a, b in sorted(_shortest(arrows), key=lambda arrow: (_is_spine(arrow), arrow)):
        (x1, y1), (x2, y2) = places[a], places[b]
        y1 += _BOX_HEIGHT
        bend = (y2 - y1) / 2
        css = ' class="spine"' if _is_spine((a, b)) else ""
        parts.append(
            f'<path{css} d="M{x1:.0f},{y1:.0f}C{x1:.0f},{y1 + bend:.0f} {x2:.0f},{y2 - bend:.0f} {x2:.0f},{y2:.0f}"/>'
        )
    for name, (x, y) in sorted(places.items()):
        css = ' class="spine"' if name in SPINE else ""
        parts.append(
            f'<g{css}><rect x="{x - _BOX_WIDTH / 2:.0f}" y="{y:.0f}" width="{_BOX_WIDTH}" '
            f'height="{_BOX_HEIGHT}" rx="6"/>'
            f'<text x="{x:.0f}" y="{y + 20:.0f}">{escape(_title(name))}</text></g>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _title(name: str) -> str:
    folder = ROOT / name if name in PROGRAMS else ROOT / "drumclf" / name
    return f"{name}/" if folder.is_dir() else f"{name}.py"


def _box(module: tuple[str, ...] | list[str]) -> str | None:
    """The box of a module; None for those of others and for the list of public names."""
    if module[0] == "drumclf":
        return module[1] if len(module) > 1 and module[1] != "__init__" else None
    return module[0] if module[0] in PROGRAMS else None


def _resolve(name: str) -> list[str]:
    """Where a public name of drumclf comes from; any other name as it is."""
    parts = name.split(".")
    if parts[0] == "drumclf" and len(parts) == 2 and parts[1] in drumclf._HOMES:
        return ["drumclf", *drumclf._HOMES[parts[1]].split(".")]
    return [part for part in parts if not part.startswith("__version")]


def _imported(tree: ast.Module) -> Iterator[str]:
    """Full names of what a module imports, inside functions too, but not for type checkers alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _floors(boxes: set[str], arrows: set[tuple[str, str]]) -> list[list[str]]:
    """Boxes by the longest way down from them; the deepest are the last."""
    below = {name: {b for a, b in arrows if a == name} for name in boxes}
    heights: dict[str, int] = {}
    while len(heights) < len(boxes):
        ready = [name for name in boxes if name not in heights and below[name] <= heights.keys()]
        if not ready:
            raise ValueError(f"imports run in a circle among {sorted(boxes - set(heights))}")
        heights |= {name: 1 + max((heights[b] for b in below[name]), default=-1) for name in ready}
    top = max(heights.values())
    return [sorted(name for name in boxes if heights[name] == height) for height in range(top, -1, -1)]


def _shortest(arrows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Arrows without those whose target is also reached through another box (transitive reduction)."""

    @cache
    def reached(name: str) -> frozenset[str]:
        targets = {b for a, b in arrows if a == name}
        return frozenset(targets.union(*(reached(b) for b in targets)))

    return {
        (a, b)
        for a, b in arrows
        if not any(b in reached(other) for first, other in arrows if first == a and other != b)
    }


def _places(floors: list[list[str]], arrows: set[tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """Middle of the upper edge of each box. Boxes lie near their neighbours: the barycentre heuristic."""
    neighbours = {name: {b if a == name else a for a, b in arrows if name in (a, b)} for row in floors for name in row}
    x = dict.fromkeys(neighbours, _WIDTH / 2)
    for _ in range(8):  # until the order hardly changes
        for names in floors:
            pull = {name: sum(x[other] for other in neighbours[name]) / max(len(neighbours[name]), 1) for name in names}
            names.sort(key=lambda name, pull=pull: (round(pull[name], 6), name))
            x |= {name: _WIDTH / len(names) * (k + 0.5) for k, name in enumerate(names)}
    return {name: (x[name], 8 + row * _ROW_HEIGHT) for row, names in enumerate(floors) for name in names}


def _is_spine(arrow: tuple[str, str]) -> bool:
    return arrow[0] in SPINE and arrow[1] in SPINE


if __name__ == "__main__":
    PICTURE.write_text(draw(*read_structure()), encoding="utf-8")
