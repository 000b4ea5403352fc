"""Ideas for better training, each tried alone: ``python -m training.ideas`` (``make compare``).

Every idea trains a short run on two thirds of the training sources and is judged on
the last third and on the ``tune`` part of the judging sources; nothing is ever
scored on ``report``. Writes the table in ``docs/experiments.md``; runs that are done
are kept in ``build/compare``: remove that folder to try again with changed code.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from drumclf.constants import CORE_CLASSES
from synthesis.recipes import synthetic_examples
from training.cache import fingerprint
from training.card import format_interval, write_between
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
from training.ideas.labels import doubts_are_listed, read_doubtful
from training.pretrain import pretrain
from training.teach import out_of_fold_opinions, source_folds, teachers_opinions
from training.train import Settings, predict_logits, train_network

SHORT = Settings(epochs=6, sounds_per_epoch=6_400, members=1)
HELD_OUT_FOLD, N_FOLDS = 0, 3
N_TEACHERS = 3


@dataclass(frozen=True)
class Idea:
    """One change to how the short run trains.

    Attributes
    ----------
    title : str
        What the table calls it.
    settings : dict
        Settings that differ from `SHORT`.
    keep : function
        Whether an example is trained on.
    variants : int
        How many of the waveform variants are used.
    opinions : bool
        Whether networks that did not hear the sound have half the say.
    teachers : dict
        Settings of networks that did hear it and have half the say, where they differ from those of the run.
    pretraining : dict
        Settings of a training without labels to begin with, where they differ from those of the run.
    without_doubtful : bool
        Leave out the sounds that ``make labels`` doubts. Those doubts know the last third, so only
        ``tune`` judges.
    """

    title: str
    settings: dict = field(default_factory=dict)
    keep: Callable = lambda example: True
    variants: int = VARIANTS
    opinions: bool = False
    teachers: dict = field(default_factory=dict)
    pretraining: dict = field(default_factory=dict)
    without_doubtful: bool = False


IDEAS = (
    Idea("the base: all augmentation, labels as they are"),
    Idea("two variants of each sound must agree", {"agreement": 1.0}),
    Idea("half of each target from networks that did not hear the sound", opinions=True),
    Idea("no waveform augmentation", variants=1),
    Idea("no spectrogram augmentation", {"vary_pictures": False}),
    Idea("maps averaged, position lost", {"position_pooling": False}),
    Idea("1.5 times the channels", {"width": 1.5}),
    Idea("average of weights", {"weights_average": 0.99}),
    Idea("open licences only", keep=lambda example: example.licence_class in OPEN_LICENCES),
    Idea("without the doubtful labels", without_doubtful=True),
    Idea("no synthetic drums", keep=lambda example: example.source != SYNTHETIC),
    Idea("every source alike", {"source_balance": 1.0}),
    Idea("every file alike", {"source_balance": 0.0}),
    Idea("half of each target from three networks 1.5 times as wide", teachers={"width": 1.5}),
    Idea("begun without labels", pretraining={"sounds_per_epoch": 12_800, "batch_size": 128}),
    Idea("the base with another seed", {"seed": 7}),
)


def main(arguments: list[str] | None = None) -> int:
    """Train what is not trained yet, then write the table; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training.ideas", description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=default_data(), help="folder of labelled sounds")
    parser.add_argument("--synthetic", type=int, default=80, metavar="N")
    options = parser.parse_args(arguments)
    work = ROOT / "build"
    try:
        examples = read_examples(options.data)
        if not set(CORE_CLASSES) <= {example.label for example in examples if example.split == TUNE}:
            raise DataError("Ideas are compared by the core five: a split called tune must have sounds of all of them.")
        if not doubts_are_listed(work):
            raise DataError("One idea is to leave out doubtful labels: run 'make labels' first.")
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
        print(table(rows)[-1], flush=True)
    write_between(ROOT / "docs" / "experiments.md", "experiments", table(rows))
    return 0


def table(rows: dict[str, dict]) -> list[str]:
    """Markdown: idea -> balanced accuracies."""
    lines = [
        "| idea | core five | all classes | core five, `tune` alone | all classes, `tune` alone |",
        "|---|---|---|---|---|",
    ]
    for title, scores in rows.items():
        figures = [
            format_interval(scores[part][group]["balanced_accuracy"]) if part in scores else "-"
            for part in ("both", "tune")
            for group in ("core", "all")
        ]
        lines.append(f"| {title} | {' | '.join(figures)} |")
    return lines


def _try(idea: Idea, features: Features, folds: np.ndarray, classes: list[str], folder: Path) -> dict:
    """Scores of one idea: of both judging parts together, and of ``tune`` alone."""
    splits = np.array([example.split for example in features.examples])
    held_out = (splits == TRAIN) & (folds == HELD_OUT_FOLD)
    judging = np.nonzero(held_out | (splits == TUNE))[0]
    doubted = read_doubtful(folder.parent) if idea.without_doubtful else set()
    kept = np.array([idea.keep(example) and str(example.path) not in doubted for example in features.examples])
    learning = np.nonzero((splits == TRAIN) & ~held_out & kept)[0]
    train = Features([features.examples[i] for i in learning], features.images[learning, : idea.variants])
    settings = replace(SHORT, **idea.settings)
    judged = [features.examples[i] for i in judging]
    sounds = [[(str(example.path), example.label) for example in part] for part in (train.examples, judged)]
    run = [asdict(settings), classes, sounds, idea.variants, idea.opinions]
    more = {f"{N_TEACHERS} teachers": idea.teachers, "pretraining": idea.pretraining}
    run += [item for item in more.items() if item[1]]
    file = folder / f"{fingerprint(run)}.npz"
    if not file.exists():
        checkpoints = folder / "checkpoints"
        network = _train(idea, train, classes, settings, checkpoints)
        np.savez(file.with_suffix(".part.npz"), logits=predict_logits(network, features.images[judging, 0]))
        file.with_suffix(".part.npz").rename(file)
        shutil.rmtree(checkpoints)
    logits = np.load(file)["logits"]
    parts = {"tune": [i for i, e in enumerate(judged) if e.split == TUNE]}
    if not idea.without_doubtful:
        parts["both"] = list(range(len(judged)))
    return {
        name: score(logits[rows], [judged[i] for i in rows], classes, resamples=200) for name, rows in parts.items()
    }


def _train(idea: Idea, train: Features, classes: list[str], settings: Settings, checkpoints: Path) -> keras.Model:
    opinions = start = None
    if idea.opinions:
        opinions = out_of_fold_opinions(train, classes, settings, checkpoints, 2)
    if idea.teachers:
        opinions = teachers_opinions(train, classes, replace(settings, **idea.teachers), checkpoints, N_TEACHERS)
    if idea.pretraining:
        start = pretrain(train, replace(settings, **idea.pretraining), checkpoints)
    return train_network(train, classes, settings, checkpoints, opinions, start)[0]


if __name__ == "__main__":
    sys.exit(main())
