"""Figures of a split's predictions, as scikit-learn counts them.

In numpy: an epoch of a linear model takes milliseconds, and torch's calls cost several times as
much on arrays of this size.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Classes = NDArray[np.integer[Any]]

TOP = 5
"""Classes among which the right one is looked for, where there are more of them."""
MOST_RANKED = 5_000_000
"""Probabilities beyond which ROC-AUC, which sorts them, would take seconds: it is left out."""


def of_classes(probabilities: Floats, targets: Classes) -> dict[str, float]:
    """`precision`, `recall` and `f1` (means over the classes that occur), `top5` where there are
    more classes, and `roc_auc` (each class against the rest, their mean) where every class occurs.

    `probabilities` are (n, classes), `targets` (n,).
    """
    classes = probabilities.shape[1]
    predicted = probabilities.argmax(1)
    table = np.bincount(targets * classes + predicted, minlength=classes * classes)
    found = _macro(table.reshape(classes, classes))
    if classes > TOP:
        above = (probabilities > probabilities[np.arange(len(targets)), targets][:, None]).sum(1)
        found["top5"] = float((above < TOP).mean())
    if probabilities.size <= MOST_RANKED and len(np.unique(targets)) == classes:
        found["roc_auc"] = _roc_auc(probabilities, targets)
    return found


def of_values(predicted: Floats, targets: Floats) -> dict[str, float]:
    """`rmse`, and `r2` where the targets differ; both arrays are (n,)."""
    off = predicted.astype(np.float64) - targets
    spread = np.square(targets - targets.mean(dtype=np.float64)).sum(dtype=np.float64)
    found = {"rmse": float(np.sqrt(np.square(off).mean()))}
    return {**found, "r2": float(1 - np.square(off).sum() / spread)} if spread > 0 else found


def _macro(table: NDArray[np.int64]) -> dict[str, float]:
    """Means over classes of a confusion matrix, whose rows are actual classes."""
    right, actual, told = table.diagonal(), table.sum(1), table.sum(0)
    occurs = actual + told > 0
    recall, precision = _ratio(right, actual), _ratio(right, told)
    figures = {"precision": precision, "recall": recall, "f1": _ratio(2 * right, actual + told)}
    return {name: float(values[occurs].mean()) for name, values in figures.items()}


def _ratio(part: NDArray[np.int64], of: NDArray[np.int64]) -> Floats:
    return part / np.maximum(of, 1)


def _roc_auc(probabilities: Floats, targets: Classes) -> float:
    """The chance that a sample of a class ranks before one of another class (Hanley and McNeil,
    1982); of two classes both have the same."""
    classes = [1] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    return float(np.mean([_area(probabilities[:, each], targets == each) for each in classes]))


def _area(scores: Floats, is_class: NDArray[np.bool_]) -> float:
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]  # equal ones share the mean of theirs
    inside = int(is_class.sum())
    above = ranks[is_class].sum() - inside * (inside + 1) / 2
    return float(above / (inside * (len(scores) - inside)))
