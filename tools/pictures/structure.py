"""Draw which part of the program imports which: ``python -m tools.pictures.structure``, for docs/architecture.md.

A box is a module or package; an arrow means "imports", and is left out if other arrows already lead there.
"""

from functools import cache
from xml.sax.saxutils import escape

from tools.imports import MODULES, ROOT, imports

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
    pairs = {(_box(module), _box(target)) for module in MODULES for target, _ in imports(module)}
    boxes = {box for module in MODULES if (box := _box(module))}
    return boxes, {(a, b) for a, b in pairs if a and b and a != b}


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


def _box(module: str) -> str | None:
    """The box of a module; None for other people's modules, and for drumclf's list of public names."""
    package, *below = module.split(".")
    if package == "drumclf":
        return below[0] if below else None
    return package if package in PROGRAMS else None


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
