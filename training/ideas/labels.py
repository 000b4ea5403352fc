"""Labels that look wrong: ``python -m training.ideas.labels [DATA]`` (``make labels``).

Three networks are each trained on two thirds of the training sources and judge the last
third. A label is doubtful when such a network gives it next to nothing and another class
nearly everything. Prints the list and writes it to ``build/doubtful_labels.csv``;
somebody has to listen before a label is changed.
"""

import argparse
import csv
import os
import shutil
import sys
from collections import Counter
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from synthesis.recipes import synthetic_examples
from training.data import ROOT, SYNTHETIC, TRAIN, DataError, class_names, default_data, read_examples
from training.features import VARIANTS, extract_features
from training.teach import out_of_fold_opinions
from training.train import Settings

N_FOLDS = 3
_LABEL_AT_MOST, _OTHER_AT_LEAST = 0.05, 0.6
_FILE = "doubtful_labels.csv"


def main(arguments: list[str] | None = None) -> int:
    """Judge, print and write; returns the exit status."""
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
    settings = Settings(options.epochs, options.sounds_per_epoch, members=1)
    opinions = out_of_fold_opinions(train, classes, settings, checkpoints, N_FOLDS, variants=1)[:, 0]
    shutil.rmtree(checkpoints)
    rows = doubtful(opinions, [example.label for example in train.examples], classes)
    with (options.work / _FILE).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", "label", "heard_as", "probability"])
        for i, other, probability in rows:
            writer.writerow([train.examples[i].path, train.examples[i].label, other, f"{probability:.3f}"])
            print(f"{train.examples[i].label:<12} heard as {other:<12} {probability:.2f}  {train.examples[i].path}")
    _print_summary([train.examples[i] for i, _, _ in rows], [e for e in train.examples if e.source != SYNTHETIC])
    return 0


def doubtful(opinions: np.ndarray, labels: list[str], classes: list[str]) -> list[tuple[int, str, float]]:
    """Which labels look wrong.

    Parameters
    ----------
    opinions : np.ndarray, shape (n, n_classes)
        Probabilities by networks that did not hear the sound.
    labels : list[str]
    classes : list[str]

    Returns
    -------
    list of (index, class, probability)
        The class it is heard as; the most certain first.
    """
    given = opinions[range(len(labels)), [classes.index(label) for label in labels]]
    found = np.nonzero((given <= _LABEL_AT_MOST) & (opinions.max(axis=1) >= _OTHER_AT_LEAST))[0]
    rows = [(int(i), classes[opinions[i].argmax()], float(opinions[i].max())) for i in found]
    return sorted(rows, key=lambda row: -row[2])


def doubts_are_listed(work: Path) -> bool:
    """Whether `main` has written its list."""
    return (work / _FILE).exists()


def read_doubtful(work: Path) -> set[str]:
    """Paths on the list that `main` wrote.

    Raises
    ------
    FileNotFoundError
        When there is none yet.
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
