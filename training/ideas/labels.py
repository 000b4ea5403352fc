"""Labels that look wrong: ``python -m training.ideas.labels [DATA]`` (``make labels``).

Each of three networks is trained on two thirds of the training sources and classifies the
last third. A label is doubtful if that network gives it a very low probability and another
class a high one. Prints the list and writes it to ``build/doubtful_labels.csv``; somebody has
to listen before a label is changed.
"""

import argparse
import csv
import os
import shutil
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from drumclf.classifier import softmax
from training.data import ROOT, SYNTHETIC, TRAIN, DataError, Example, class_names, default_data, read_examples
from training.features import VARIANTS, Features, extract_features
from training.settings import Settings
from training.synthetic import synthetic_examples
from training.train import predict_logits, train_network

N_FOLDS = 3
_LABEL_AT_MOST, _OTHER_AT_LEAST = 0.05, 0.6
_FILE = "doubtful_labels.csv"


def main(arguments: list[str] | None = None) -> int:
    """Train, print and write; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training.ideas.labels", description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=default_data(), help="folder of labelled sounds")
    parser.add_argument("--synthetic", type=int, default=80, metavar="N", help="default: %(default)s")
    parser.add_argument("--epochs", type=int, default=6, help="default: %(default)s")
    parser.add_argument("--sounds-per-epoch", type=int, default=6_400, metavar="N", help="default: %(default)s")
    parser.add_argument("--work", type=Path, default=ROOT / "build", help="folder for features and the list")
    options = parser.parse_args(arguments)
    try:
        examples = read_examples(options.data)
    except DataError as error:
        print(f"labels: {error}", file=sys.stderr)
        return 2
    classes = class_names(examples)
    examples += synthetic_examples(classes, options.synthetic, options.work / "synthetic")
    train = extract_features(examples, options.work / "features", VARIANTS).select(TRAIN)
    checkpoints = options.work / "label_checkpoints"
    settings = Settings(options.epochs, options.sounds_per_epoch, members=1, student_epochs=0)
    probabilities = out_of_fold_probabilities(train, classes, settings, checkpoints, N_FOLDS)
    shutil.rmtree(checkpoints)
    rows = doubtful(probabilities, [example.label for example in train.examples], classes)
    with (options.work / _FILE).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", "label", "heard_as", "probability"])
        for i, other, probability in rows:
            writer.writerow([train.examples[i].path, train.examples[i].label, other, f"{probability:.3f}"])
            print(f"{train.examples[i].label:<12} heard as {other:<12} {probability:.2f}  {train.examples[i].path}")
    _print_summary([train.examples[i] for i, _, _ in rows], [e for e in train.examples if e.source != SYNTHETIC])
    return 0


def source_folds(examples: list[Example], n_folds: int) -> np.ndarray:
    """Divide the sources among folds of about the same size.

    Parameters
    ----------
    examples : list[Example]
        If there are fewer sources than folds, kits are divided instead; if there are fewer kits too, files.
    n_folds : int

    Returns
    -------
    np.ndarray, shape (n,), int
        Number of each example's fold; -1 for synthetic sounds, which are always trained on.
    """
    recorded = [example for example in examples if example.source != SYNTHETIC]
    level = next((name for name in ("source", "kit") if len({getattr(e, name) for e in recorded}) >= n_folds), "path")
    groups = [SYNTHETIC if e.source == SYNTHETIC else str(getattr(e, level)) for e in examples]
    sizes = Counter(group for group in groups if group != SYNTHETIC)
    fold_of, load = {SYNTHETIC: -1}, [0] * n_folds
    for group, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        fold_of[group] = int(np.argmin(load))
        load[fold_of[group]] += size
    return np.array([fold_of[group] for group in groups])


def out_of_fold_probabilities(
    train: Features, classes: list[str], settings: Settings, checkpoints: Path, n_folds: int
) -> np.ndarray:
    """Cross-validation over sources: each sound is classified by a network not trained on its source.

    Parameters
    ----------
    train : Features
    n_folds : int
        As many networks are trained.

    Returns
    -------
    np.ndarray, shape (n, n_classes), float32
        For the unchanged sounds. Synthetic sounds, which every network is trained on, have
        probability 1 for their label; so do sounds of a class that has no other source.
    """
    folds = source_folds(train.examples, n_folds)
    probabilities = np.eye(len(classes), dtype=np.float32)[[classes.index(e.label) for e in train.examples]]
    for fold in range(n_folds):
        print(f"network {fold + 1} of {n_folds}", flush=True)
        rows = np.nonzero(folds != fold)[0]
        part = Features([train.examples[i] for i in rows], train.images[rows])
        network, _ = train_network(part, classes, {}, replace(settings, seed=settings.seed + 1 + fold), checkpoints)
        known = {example.label for example in part.examples}
        held_out = [i for i in np.nonzero(folds == fold)[0] if train.examples[i].label in known]
        if held_out:
            probabilities[held_out] = softmax(predict_logits(network, train.images[held_out, 0]), 1.0)
        keras.utils.clear_session()
    return probabilities


def doubtful(probabilities: np.ndarray, labels: list[str], classes: list[str]) -> list[tuple[int, str, float]]:
    """Which labels look wrong.

    Parameters
    ----------
    probabilities : np.ndarray, shape (n, n_classes)
        From networks that were not trained on the sound.
    labels : list[str]
    classes : list[str]

    Returns
    -------
    list of (index, class, probability)
        The class it is heard as; the most certain first.
    """
    given = probabilities[range(len(labels)), [classes.index(label) for label in labels]]
    found = np.nonzero((given <= _LABEL_AT_MOST) & (probabilities.max(axis=1) >= _OTHER_AT_LEAST))[0]
    rows = [(int(i), classes[probabilities[i].argmax()], float(probabilities[i].max())) for i in found]
    return sorted(rows, key=lambda row: -row[2])


def doubts_are_listed(work: Path) -> bool:
    """Whether `main` has written its list."""
    return (work / _FILE).exists()


def read_doubtful(work: Path) -> set[str]:
    """Paths on the list that `main` wrote.

    Raises
    ------
    FileNotFoundError
        If there is none yet.
    """
    with (work / _FILE).open(newline="", encoding="utf-8") as file:
        return {row["path"] for row in csv.DictReader(file)}


def _print_summary(found: list, everything: list) -> None:
    sizes = Counter(example.source for example in everything)
    print(f"\n{len(found)} of {len(everything)} labels are doubtful. By source:")
    for source, n in Counter(example.source for example in found).most_common(12):
        print(f"{source:<32} {n:>4} of {sizes[source]:>5}")


if __name__ == "__main__":
    sys.exit(main())
