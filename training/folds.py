"""Training sounds -> folds of whole sources, to judge ideas and labels without the judging sounds."""

from collections import Counter

import numpy as np

from training.data import SYNTHETIC, Example


def source_folds(examples: list[Example], n_folds: int) -> np.ndarray:
    """Share sources among folds of about the same size.

    Parameters
    ----------
    examples : list[Example]
        Where sources are unknown, kits take their place, and files where kits are too.
    n_folds : int

    Returns
    -------
    np.ndarray, shape (n,), int
        Number of each example's fold; -1 for synthetic sounds, which belong to the training side of all.
    """
    groups = [example.source or example.kit or str(example.path) for example in examples]
    sizes = Counter(group for group in groups if group != SYNTHETIC)
    fold_of, load = {SYNTHETIC: -1}, [0] * n_folds
    for group, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        fold_of[group] = int(np.argmin(load))
        load[fold_of[group]] += size
    return np.array([fold_of[group] for group in groups])
