"""Predictions of a network over a whole split, and the figures that follow from them."""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from workbench.core.data import DatasetInfo, Split
from workbench.core.files import write_atomically
from workbench.core.train import LossSpec
from workbench.engine import metrics
from workbench.engine.batches import Batches
from workbench.engine.build import convolves

MOST_VALUES = 16_000_000


class Predictions(NamedTuple):
    """Outcome over a split, on CPU: `probabilities` (n, classes) or predicted values (n,) for
    regression; `targets` (n,); `losses` (n,), each sample's own."""

    probabilities: Tensor
    targets: Tensor
    losses: Tensor


def predict(network: nn.Module, batches: Batches, split: Split, loss: LossSpec) -> Predictions:
    """Run a split through the network in evaluation mode; the network's mode is given back."""
    # Measured on CPU: convolutions are slower on large batches (page faults), all else is faster.
    batch_size = 64 if convolves(network) else _rows(batches.info)
    was_training = network.training
    network.eval()
    with torch.inference_mode():
        parts = [
            one_batch(network, inputs, targets, loss, batches.info)
            for inputs, targets in batches.in_order(split, batch_size)
        ]
    network.train(was_training)
    return joined(parts, batches.info)


def joined(parts: Sequence[Predictions], info: DatasetInfo) -> Predictions:
    """What batches gave, one after the other."""
    if not parts:
        return _nothing(info)
    return Predictions(*(torch.cat(columns).cpu() for columns in zip(*parts, strict=True)))


def _rows(info: DatasetInfo) -> int:
    """As many samples as take some MB, however large one is."""
    return max(64, min(4096, MOST_VALUES // math.prod(info.shape)))


def one_batch(
    network: nn.Module, inputs: Tensor, targets: Tensor, loss: LossSpec, info: DatasetInfo
) -> Predictions:
    """The outcome for a prepared batch."""
    output = network(inputs).float()
    criterion = loss.criterion()
    criterion.reduction = "none"  # type: ignore[assignment]
    losses = criterion(output, loss.prepare(targets, info))
    # Elementwise losses come as (n, outputs): their mean over outputs averages to the batch loss.
    losses = losses.flatten(1).mean(1) if losses.ndim > 1 else losses
    return Predictions(loss.probabilities(output, info), targets, losses)


def _nothing(info: DatasetInfo) -> Predictions:
    width = (0, len(info.classes)) if info.task == "classification" else (0,)
    return Predictions(torch.zeros(width), torch.zeros(0), torch.zeros(0))


def metrics_of(predictions: Predictions, info: DatasetInfo) -> dict[str, float]:
    """`loss`, `accuracy` (a fraction) or `mae` by task, and what `metrics` adds; empty for an empty
    split. Values that are not finite have no metrics beside these."""
    if not len(predictions.targets):
        return {}
    found = {"loss": predictions.losses.double().mean().item()}
    if info.task == "classification":
        right = predictions.probabilities.argmax(1) == predictions.targets
        found["accuracy"] = right.double().mean().item()
    else:
        off = (predictions.probabilities - predictions.targets).abs()
        found["mae"] = off.double().mean().item()
    if predictions.probabilities.isfinite().all():
        further = metrics.of_classes if info.task == "classification" else metrics.of_values
        found |= further(predictions.probabilities.numpy(), predictions.targets.numpy())
    return found


def per_class(predictions: Predictions, info: DatasetInfo) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and support of every class, as scikit-learn counts them."""
    from sklearn.metrics import precision_recall_fscore_support

    figures = precision_recall_fscore_support(
        predictions.targets.numpy(),
        predictions.probabilities.argmax(1).numpy(),
        labels=list(range(len(info.classes))),
        zero_division=0.0,
    )
    names = ("precision", "recall", "f1", "support")
    rows = zip(info.classes, *figures, strict=True)
    return {row[0]: dict(zip(names, map(float, row[1:]), strict=True)) for row in rows}


def save(predictions: Predictions, path: Path) -> None:
    """Write predictions as the arrays that `PredictionsSaved` tells of.

    Raises:
        UserError: the disk refused.
    """
    buffer = io.BytesIO()
    arrays = {name: part.numpy() for name, part in predictions._asdict().items()}
    np.savez(buffer, allow_pickle=False, **arrays)
    write_atomically(path, buffer.getvalue())
