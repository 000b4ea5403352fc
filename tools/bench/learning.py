"""What corrections teach, and what is near: ``python -m tools.bench.learning`` (docs/library-mode.md).

For each source of the held-out ones, the sounds of which the model is least sure are labelled as a user
would, and the changes that follow are scored on the rest. Options are chosen with ``--tune``.
"""

import argparse
import itertools

import numpy as np

from drumclf import AudioError, load_classifier
from drumclf.batch.learn import propose_changes
from tools.bench.learning_in_library import Heard, in_a_library
from training.data import REPORT, TUNE, Example, default_data, read_examples
from training.markdown import table

_CORRECTIONS = (5, 10, 20)
_LEAST_REST = 5  # sounds that must be left in a source to score
_RESAMPLES = 2_000
_GRID = {
    "width": (0.05, 0.1, 0.2, 0.4),
    "share_of_all": (0.0, 0.1, 0.3),
    "ridge": (0.1, 0.3, 1.0, 3.0),
    "margin": (0.0, 0.5, 1.0),
}


def main(arguments: list[str] | None = None) -> None:
    """Print the figures as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.learning", description=__doc__.splitlines()[0])
    parser.add_argument("--tune", action="store_true", help="try options on the sources of the tune half instead")
    options = parser.parse_args(arguments)
    split = TUNE if options.tune else REPORT
    examples, answers, pictures = _hear([e for e in read_examples(default_data()) if e.split == split])
    if options.tune:
        print("\n".join(_try_options(examples, answers)))
    else:
        sources = np.array([e.source for e in examples])
        tables = [_learning(examples, answers), in_a_library(Heard(sources, **answers))]
        tables.append(_neighbours(examples, answers, pictures))
        print("\n\n".join("\n".join(lines) for lines in tables))


def _hear(examples: list[Example]) -> tuple[list[Example], dict[str, np.ndarray], np.ndarray]:
    """The sounds that can be read; their embeddings, probabilities and truth; and their mel spectrograms."""
    classifier = load_classifier()
    kept, rows, pictures = [], [], []
    outcomes = classifier.classify_many(e.path for e in examples)
    for example, outcome in zip(examples, outcomes, strict=True):
        if not isinstance(outcome, AudioError):
            kept.append(example)
            rows.append((outcome.embedding, list(outcome.probabilities.values())))
            pictures.append(np.round(255 * outcome.spectrogram[:, :, 1]).astype(np.uint8).ravel())
    answers = {
        "embeddings": np.stack([row[0] for row in rows]),
        "probabilities": np.array([row[1] for row in rows]),
        "truth": np.array([classifier.classes.index(e.label) for e in kept]),
    }
    return kept, answers, np.stack(pictures)


def _accuracies(examples: list[Example], answers: dict, n: int, **options: float) -> np.ndarray:
    """For each source, accuracy on the rest before and after n corrections: shape (n_sources, 2)."""
    sources, found = np.array([e.source for e in examples]), []
    for source in sorted(set(sources)):
        own = np.flatnonzero(sources == source)
        if len(own) < n + _LEAST_REST:
            continue
        probabilities, truth = answers["probabilities"][own], answers["truth"][own]
        asked = np.argsort(probabilities.max(axis=1), kind="stable")[:n]
        changes = propose_changes(answers["embeddings"][own], probabilities, asked, truth[asked], **options)
        before = probabilities.argmax(axis=1)
        after = before.copy()
        for change in changes:
            after[change.index] = change.after
        rest = np.setdiff1d(np.arange(len(own)), asked)
        found.append([np.mean(said[rest] == truth[rest]) for said in (before, after)])
    return np.array(found)


def _learning(examples: list[Example], answers: dict) -> list[str]:
    rows = []
    for n in _CORRECTIONS:
        found = _accuracies(examples, answers, n)
        for title, chosen in (("all", found), ("below 85% before", found[found[:, 0] < 0.85])):
            if not len(chosen):
                continue
            gain = chosen[:, 1] - chosen[:, 0]
            low, high = _interval(gain)
            cells = [f"{100 * x:.1f}" for x in (*chosen.mean(axis=0), gain.mean(), low, high, gain.min())]
            rows.append((f"{n}", title, f"{len(chosen)}", *cells[:2], f"{cells[2]} [{cells[3]}, {cells[4]}]", cells[5]))
    head = ("corrections", "sources", "n", "before, %", "after, %", "gain, points", "worst source")
    return table(head, rows)


def _interval(values: np.ndarray) -> tuple[float, float]:
    """95% interval of the mean: percentile bootstrap over sources."""
    draws = np.random.default_rng(0).integers(len(values), size=(_RESAMPLES, len(values)))
    return tuple(np.percentile(values[draws].mean(axis=1), [2.5, 97.5]))


def _try_options(examples: list[Example], answers: dict) -> list[str]:
    rows = []
    for values in itertools.product(*_GRID.values()):
        options = dict(zip(_GRID, values, strict=True))
        means, worst = [], []
        for n in _CORRECTIONS:
            found = _accuracies(examples, answers, n, **options)
            gain = found[:, 1] - found[:, 0]
            means.append(100 * gain.mean())
            worst.append(100 * gain.min())
        rows.append((np.mean(means), values, means, min(worst)))
    rows.sort(key=lambda row: -row[0])
    cells = [
        (*map(str, values), f"{mean:.2f}", ", ".join(f"{m:.2f}" for m in means), f"{worst:.1f}")
        for mean, values, means, worst in rows[:15]
    ]
    return table((*_GRID, "mean gain", "for 5, 10, 20", "worst source"), cells)


def _neighbours(examples: list[Example], answers: dict, pictures: np.ndarray) -> list[str]:
    """How often the nearest sound of another kit has the same label."""
    kits = np.array([f"{e.source}/{e.kit}" for e in examples])
    sources, truth = np.array([e.source for e in examples]), answers["truth"]
    flat = pictures.astype(np.float32) / 255
    squares = np.einsum("ij,ij->i", flat, flat)
    same = {name: np.zeros(len(truth)) for name in ("embedding", "mel", "chance")}
    cosines, nearest_of_all = np.zeros(len(truth)), np.zeros(len(truth))
    for start in range(0, len(truth), 256):
        block = slice(start, start + 256)
        own = kits[block, None] == kits[None]
        likeness = {
            "embedding": answers["embeddings"][block] @ answers["embeddings"].T,
            "mel": 2 * flat[block] @ flat.T - squares,
        }
        for name, values in likeness.items():
            nearest = np.where(own, -np.inf, values).argmax(axis=1)
            same[name][block] = truth[nearest] == truth[block]
            if name == "embedding":
                cosines[block] = np.take_along_axis(values, nearest[:, None], axis=1)[:, 0]
                itself = np.arange(len(truth))[block, None] == np.arange(len(truth))
                nearest_of_all[block] = np.where(itself, -np.inf, values).max(axis=1)
        agree = truth[block, None] == truth[None]
        same["chance"][block] = (agree & ~own).sum(axis=1) / (~own).sum(axis=1)
    titles = {"embedding": "the model's embedding, cosine", "mel": "mel spectrogram, Euclidean", "chance": "chance"}
    rows = []
    for name, title in titles.items():
        low, high = _pooled_interval(same[name], sources)
        rows.append((title, f"{same[name].mean():.3f} [{low:.3f}, {high:.3f}]"))
    n = f"{len(truth):,} sounds of {len(set(sources))} sources, {len(set(kits))} kits"
    nearness = np.searchsorted(np.sort(nearest_of_all), cosines) / len(truth)  # as `drumclf.library.search` says it
    bands = []
    for low, high in itertools.pairwise((0, 0.1, 0.25, 0.5, 0.75, 1.01)):
        inside = (nearness >= low) & (nearness < high)
        worst, best = _pooled_interval(same["embedding"][inside], sources[inside])
        shown = f"{same['embedding'][inside].mean():.3f} [{worst:.3f}, {best:.3f}]"
        bands.append((f"{low:.0%} to {min(high, 1):.0%}", f"{inside.sum():,}", shown))
    return [
        n,
        "",
        *table(("nearest by", "same label"), rows),
        "",
        *table(("nearness of the nearest of another kit", "sounds", "same label"), bands),
    ]


def _pooled_interval(values: np.ndarray, sources: np.ndarray) -> tuple[float, float]:
    """95% interval of the mean over sounds: percentile bootstrap over sources."""
    names, where = np.unique(sources, return_inverse=True)
    sums, counts = np.bincount(where, values), np.bincount(where)
    draws = np.random.default_rng(0).integers(len(names), size=(_RESAMPLES, len(names)))
    return tuple(np.percentile(sums[draws].sum(axis=1) / counts[draws].sum(axis=1), [2.5, 97.5]))


if __name__ == "__main__":
    main()
