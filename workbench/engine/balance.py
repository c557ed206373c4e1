"""Classes of unequal size: rare ones count more, or are seen more often."""

import torch
from torch import Tensor

from workbench.core.data import DatasetInfo
from workbench.core.train import LossSpec


def class_weights(targets: Tensor, classes: int) -> Tensor:
    """What a sample of each class counts (classes,): n / (classes * its samples), so that all
    classes count alike and samples 1 on average; absent classes count nothing.

    The formula of scikit-learn's `compute_class_weight("balanced")`.
    """
    counts = torch.bincount(targets, minlength=classes).double()
    present = (counts > 0).sum()
    weights = len(targets) / (present * counts)
    return weights.where(counts > 0, torch.zeros_like(weights)).float()


def drawn_evenly(targets: Tensor, generator: torch.Generator) -> Tensor:
    """As many sample numbers as there are samples, drawn with replacement: first a class, each
    with the same chance, then one of its samples."""
    members = targets.argsort(stable=True)
    counts = torch.bincount(targets)
    first = counts.cumsum(0) - counts
    present = counts.nonzero()[:, 0]
    total = len(targets)
    drawn = present[torch.randint(len(present), (total,), generator=generator)]
    place = torch.rand(total, generator=generator, dtype=torch.float64) * counts[drawn]
    return members[first[drawn] + place.long()]


class StepLoss:
    """The loss of a training step: the criterion's mean over the batch, in which samples count as
    their class does where there are `weights`.

    For classes that is what `CrossEntropyLoss(weight=...)` gives; it works with every loss of
    `torch.nn`, and with class probabilities.
    """

    def __init__(self, loss: LossSpec, info: DatasetInfo, weights: Tensor | None) -> None:
        self._loss, self._info, self._weights = loss, info, weights
        self._criterion = loss.criterion()
        if weights is not None:
            self._criterion.reduction = "none"  # type: ignore[assignment]

    def __call__(self, output: Tensor, targets: Tensor, whole: Tensor | None = None) -> Tensor:
        """The loss of a batch; `targets` are (n,), or class probabilities (n, classes). Where it is
        a part of a batch whose targets are `whole`, what it adds to the loss of that one."""
        losses: Tensor = self._criterion(output, self._loss.prepare(targets, self._info))
        if self._weights is None:
            return losses if whole is None else losses * (len(targets) / len(whole))
        losses = losses.flatten(1).mean(1) if losses.ndim > 1 else losses
        counts = _counts(targets, self._weights)
        total = counts if whole is None else _counts(whole, self._weights)
        weighted: Tensor = (losses * counts).sum() / total.sum()
        return weighted


def _counts(targets: Tensor, weights: Tensor) -> Tensor:
    """What each sample counts, (n,)."""
    return targets @ weights if targets.ndim > 1 else weights[targets]
