"""The map of a library: every sound a point, the names of the classes among them, drawn by the GPU in the browser.

page/browser/map.js draws it. A pack's map (page/pack/map.py) has shapes too, but its SVG is slow with so many points.
"""

import hashlib
import json
from collections import Counter
from weakref import WeakKeyDictionary, ref

import numpy as np
import streamlit as st

from drumclf import Classifier
from drumclf.batch.sound_map import lay_out
from drumclf.decision import full_title
from drumclf.library.catalogue import Catalogue
from drumclf.names import visible
from page.browser.component import component, packed
from page.colours import COLOURS
from page.pack.clusters import HELP, describe_map, place_words
from page.pack.current import listen_to, the_current

KEY = "library map"
_places: WeakKeyDictionary[Catalogue, np.ndarray] = WeakKeyDictionary()


def show_library_map(catalogue: Catalogue, classifier: Classifier, indices: np.ndarray) -> None:
    """A point for each sound: the pointer shows its name, a click chooses it.

    Parameters
    ----------
    catalogue : Catalogue
    classifier : Classifier
    indices : np.ndarray of int
        Files to show, in any order. The others are left out; the points that are shown stay in their places.
    """
    sounds = np.sort(indices[catalogue.codes[indices] >= 0])
    if not len(sounds):
        st.caption("There are no sounds to show.")
        return

    def choose() -> None:
        i = sent_index(st.session_state[KEY]["clicked"], sounds)
        if i is not None:
            listen_to(i)

    with st.spinner("Drawing the map"):
        points = draw(catalogue, classifier, sounds)
    component("map")(key=KEY, data=points, on_clicked_change=choose)
    st.caption(HELP)
    component("mark")(key="mark", data={"current": the_current()})


def sent_index(value: object, sounds: np.ndarray) -> int | None:
    """What a browser sent as the index of a sound; None unless it is one of those on the map, shape (n,), sorted."""
    if type(value) is not int or not 0 <= value <= sounds[-1]:
        return None
    return value if sounds[np.searchsorted(sounds, value)] == value else None


def draw(catalogue: Catalogue, classifier: Classifier, sounds: np.ndarray) -> dict:
    """What map.js draws: the points, packed, their names, the words and the legend. Kept until something changes."""
    # All that names, places and titles depend on.
    seen = (ref(catalogue), sounds.tobytes(), catalogue.codes[sounds].tobytes(), dict(catalogue.corrected_kinds))
    known = st.session_state.get("map points")
    if known is None or known[0] != seen:
        points = _points(catalogue, classifier, sounds)
        points["id"] = hashlib.sha256(json.dumps(points).encode()).hexdigest()
        known = st.session_state["map points"] = (seen, points)
    return known[1]


def _points(catalogue: Catalogue, classifier: Classifier, sounds: np.ndarray) -> dict:
    places, codes = places_of(catalogue)[sounds], catalogue.codes[sounds]
    classes = [classifier.titles[name] for name in catalogue.classes]
    counts = np.bincount(codes, minlength=len(classes)).tolist()
    # Drawn in no order, so that no folder and no class covers the others.
    order = np.random.default_rng(0).permutation(len(sounds))
    mixed = sounds[order]
    probabilities = catalogue.probabilities[mixed, codes[order]]
    pairs = list(zip(codes[order].tolist(), map(catalogue.kind, mixed.tolist()), strict=True))
    looks = {pair: k for k, pair in enumerate(dict.fromkeys(pairs))}
    titles = np.array([looks[pair] for pair in pairs], "<u2")
    names, folders, folder_names = _names([catalogue.names[i] for i in mixed.tolist()])
    on_screen = places[order] * [1, -1] + [0, 1]  # y downwards
    return {
        "places": packed((65535 * on_screen).round().astype("<u2")),
        "indices": packed(mixed.astype("<i4")),
        "colours": packed((codes[order] % len(COLOURS)).astype(np.uint8)),
        "percents": packed(_percents(probabilities)),
        "titles": packed(titles),
        "titleList": [full_title(classifier, catalogue.classes[code], kind) for code, kind in looks],
        "folders": packed(folders),
        "folderList": folder_names,
        "names": names,
        "palette": COLOURS,
        "classes": [
            {"title": title, "count": f"{n:,}", "colour": k % len(COLOURS)}
            for k, (title, n) in enumerate(zip(classes, counts, strict=True))
            if n
        ],
        "words": [vars(word) for word in place_words(places, [classes[code] for code in codes.tolist()], True)],
        "alt": describe_map(Counter({title: n for title, n in zip(classes, counts, strict=True) if n})),
    }


def places_of(catalogue: Catalogue) -> np.ndarray:
    """Where each file is on the map, copies where the first of them is: shape (n, 2), between 0 and 1.

    Worked out once, from the embeddings only, so neither labels nor filters move anything.
    """
    if catalogue in _places:
        return _places[catalogue]
    firsts = np.array(catalogue.sounds(skip_duplicates=True), int)
    places = np.zeros((len(catalogue), 2))
    places[firsts] = lay_out(catalogue.embeddings[firsts])
    copies = np.flatnonzero(catalogue.are_copies)
    places[copies] = places[[catalogue.duplicate_of[i] for i in copies.tolist()]]
    return _places.setdefault(catalogue, places)


def _names(paths: list[str]) -> tuple[str, np.ndarray, str]:
    """Name of each, one a line; the position of its folder among the folders, uint32; and these, one a line."""
    parts = [visible(path).rpartition("/") for path in paths]
    places: dict[str, int] = {}
    folders = np.array([places.setdefault(folder, len(places)) for folder, _, _ in parts], "<u4")
    return "\n".join(name for _, _, name in parts), folders, "\n".join(places)


def _percents(probabilities: np.ndarray) -> np.ndarray:
    """Percent, uint8; 0 for less than 1, and 100 for more than 99, as in `drumclf.decision.format_percent`."""
    percents = (100 * probabilities).round().clip(1, 99)
    return np.where(probabilities < 0.01, 0, np.where(probabilities > 0.99, 100, percents)).astype(np.uint8)
