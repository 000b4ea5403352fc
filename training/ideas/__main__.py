"""Ideas for better training, each tried alone: ``python -m training.ideas`` (``make compare``).

Every idea trains a short run on two thirds of the training sources and is scored on
the last third and on ``tune``, one part of the held-out sources; nothing is ever
scored on ``report``, the other part. Writes the first table in ``docs/experiments.md``.
Finished runs are kept in ``build/compare``: remove that folder to try again with changed code.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from drumclf.constants import CORE_CLASSES
from training.cache import fingerprint
from training.data import (
    OPEN_LICENCES,
    ROOT,
    SYNTHETIC,
    TRAIN,
    TUNE,
    DataError,
    class_names,
    default_data,
    read_examples,
)
from training.evaluate import score
from training.features import VARIANTS, Features, extract_features
from training.ideas.labels import doubts_are_listed, read_doubtful, source_folds
from training.markdown import format_interval, table, write_between
from training.settings import Settings
from training.synthetic import synthetic_examples
from training.train import predict_logits, train_network

SHORT = Settings(epochs=6, sounds_per_epoch=6_400, members=1, student_epochs=0)
HELD_OUT_FOLD, N_FOLDS = 0, 3


@dataclass(frozen=True)
class Idea:
    """One change to how the short run trains.

    Attributes
    ----------
    title : str
        Its name in the table.
    settings : dict
        Settings that differ from `SHORT`.
    keep : function
        Whether an example is trained on.
    variants : int
        How many of the waveform variants are used.
    without_doubtful : bool
        Leave out the sounds whose labels ``make labels`` doubts. Networks trained on the last third
        had a part in those doubts, so the run is scored on ``tune`` only.
    """

    title: str
    settings: dict = field(default_factory=dict)
    keep: Callable = lambda example: True
    variants: int = VARIANTS
    without_doubtful: bool = False


IDEAS = (
    Idea("the base: all augmentation, labels as is"),
    Idea("no waveform augmentation", variants=1),
    Idea("open licences only", keep=lambda example: example.licence_class in OPEN_LICENCES),
    Idea("without the doubtful labels", without_doubtful=True),
    Idea("no synthetic drums", keep=lambda example: example.source != SYNTHETIC),
    Idea("same weight for every source", {"source_balance": 1.0}),
    Idea("same weight for every file", {"source_balance": 0.0}),
    Idea("the base with another seed", {"seed": 7}),
)


def main(arguments: list[str] | None = None) -> int:
    """Train the ideas that are not trained yet, then write the table; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training.ideas", description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=default_data(), help="folder of labelled sounds")
    parser.add_argument("--synthetic", type=int, default=80, metavar="N")
    options = parser.parse_args(arguments)
    work = ROOT / "build"
    try:
        examples = read_examples(options.data)
        if not set(CORE_CLASSES) <= {example.label for example in examples if example.split == TUNE}:
            raise DataError("Ideas are compared on the core five: the tune split must have sounds of all of them.")
        if not doubts_are_listed(work):
            raise DataError("One idea leaves out doubtful labels: run 'make labels' first.")
    except DataError as error:
        print(f"compare: {error}", file=sys.stderr)
        return 2
    classes = class_names(examples)
    examples += synthetic_examples(classes, options.synthetic, work / "synthetic")
    features = extract_features(examples, work / "features", VARIANTS)
    folds = source_folds(features.examples, N_FOLDS)
    rows = {}
    for idea in IDEAS:
        rows[idea.title] = _try(idea, features, folds, classes, work / "compare")
        print(score_table(rows)[-1], flush=True)
    write_between(ROOT / "docs" / "experiments.md", "experiments", score_table(rows))
    return 0


def score_table(rows: dict[str, dict]) -> list[str]:
    """Markdown: idea -> balanced accuracies."""
    parts = [(part, group) for part in ("both", "tune") for group in ("core", "all")]
    return table(
        ("idea", "core five", "all classes", "core five, `tune` alone", "all classes, `tune` alone"),
        [
            [title, *(format_interval(scores[p][g]["balanced_accuracy"]) if p in scores else "-" for p, g in parts)]
            for title, scores in rows.items()
        ],
    )


def _try(idea: Idea, features: Features, folds: np.ndarray, classes: list[str], folder: Path) -> dict:
    """Scores of one idea: on both held-out parts together, and on ``tune`` alone."""
    splits = np.array([example.split for example in features.examples])
    held_out = (splits == TRAIN) & (folds == HELD_OUT_FOLD)
    scored = np.nonzero(held_out | (splits == TUNE))[0]
    doubted = read_doubtful(folder.parent) if idea.without_doubtful else set()
    kept = np.array([idea.keep(example) and str(example.path) not in doubted for example in features.examples])
    chosen = np.nonzero((splits == TRAIN) & ~held_out & kept)[0]
    train = Features([features.examples[i] for i in chosen], features.images[chosen, : idea.variants])
    settings = replace(SHORT, **idea.settings)
    examples = [features.examples[i] for i in scored]
    sounds = [[(str(example.path), example.label) for example in part] for part in (train.examples, examples)]
    file = folder / f"{fingerprint([asdict(settings), classes, sounds, idea.variants])}.npz"
    if not file.exists():
        checkpoints = folder / "checkpoints"
        trained, _ = train_network(train, classes, {}, settings, checkpoints)
        np.savez(file.with_suffix(".part.npz"), logits=predict_logits(trained, features.images[scored, 0]))
        file.with_suffix(".part.npz").rename(file)
        shutil.rmtree(checkpoints)
    logits = np.load(file)["logits"]
    parts = {"tune": [i for i, e in enumerate(examples) if e.split == TUNE]}
    if not idea.without_doubtful:
        parts["both"] = list(range(len(examples)))
    return {
        name: score(logits[rows], [examples[i] for i in rows], classes, resamples=200) for name, rows in parts.items()
    }


if __name__ == "__main__":
    sys.exit(main())
