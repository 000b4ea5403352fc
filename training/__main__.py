"""Train a model: ``python -m training [DATA]`` (``make model DATA=...``)."""

import argparse
import os
import shutil
import sys
from collections import Counter
from pathlib import Path

from training.data import REPORT, ROOT, TRAIN, TUNE, DataError, class_names, default_data, kind_names, read_examples


def main(arguments: list[str] | None = None) -> int:
    """Data folder -> model folder; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        examples = read_examples(options.data, options.licence == "open")
    except DataError as error:
        print(f"training: {error}", file=sys.stderr)
        return 2
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from training.features import VARIANTS, extract_features
    from training.save_model import finish_model
    from training.settings import Settings
    from training.synthetic import synthetic_examples
    from training.train import train_network

    classes = class_names(examples)
    kinds = kind_names(examples, classes)
    examples += synthetic_examples(classes, options.synthetic, options.work / "synthetic")
    _print_data(examples, classes)
    features = extract_features(examples, options.work / "features", VARIANTS)
    settings = Settings(
        options.epochs, options.sounds_per_epoch, members=options.members, student_epochs=options.student_epochs,
        seed=options.seed,
    )  # fmt: skip
    network, losses = train_network(features.select(TRAIN), classes, kinds, settings, options.work / "checkpoints")
    scores = finish_model(network, losses, features, classes, kinds, settings, options.out, options.licence)
    shutil.rmtree(options.work / "checkpoints")
    _print_scores(scores)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description="Train a drum classifier.")
    parser.add_argument("data", nargs="?", type=Path, default=default_data(), help="folder of labelled sounds")
    parser.add_argument("--out", type=Path, default=ROOT / "model", help="folder to write (default: model/)")
    parser.add_argument("--work", type=Path, default=ROOT / "build", help="folder for features and checkpoints")
    parser.add_argument(
        "--licence", choices=("all", "open"), default="all", help="open: only sounds with an open licence"
    )
    parser.add_argument(
        "--synthetic", type=int, default=0, metavar="N", help="add N synthetic sounds of each known class (default: 0)"
    )
    parser.add_argument("--epochs", type=int, default=16, help="default: %(default)s")
    parser.add_argument("--sounds-per-epoch", type=int, default=16_000, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--members", type=int, default=2, metavar="N", help="networks that learn from the labels (default: 2)"
    )
    parser.add_argument(
        "--student-epochs", type=int, default=20, metavar="N",
        help="epochs of the student, the network that learns from the labels and from the members, and becomes the "
        "model; 0: the model is the mean of the members (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=2023, help="default: %(default)s")
    return parser


def _print_data(examples, classes) -> None:
    counts = {split: Counter(e.label for e in examples if e.split == split) for split in (TRAIN, TUNE, REPORT)}
    print(f"{'class':<14}" + "".join(f"{split:>9}" for split in counts))
    for name in classes:
        print(f"{name:<14}" + "".join(f"{counts[split][name]:>9}" for split in counts))


def _print_scores(scores: dict) -> None:
    for part, result in scores.items():
        print(f"\n{part}: {result['n_sounds']} sounds, {result['n_kits']} kits, {result['n_sources']} sources")
        for group in ("core", "all"):
            if group in result:
                value, low, high = result[group]["balanced_accuracy"]
                print(f"  balanced accuracy, {group:<4} {value:.3f}  [{low:.3f}, {high:.3f}]")
        for name, recall in result["all"]["recall"].items():
            print(f"  recall {name:<16} {'-' if recall is None else format(recall[0], '.3f')}")


if __name__ == "__main__":
    sys.exit(main())
