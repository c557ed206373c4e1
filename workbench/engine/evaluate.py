"""Measuring a run that was trained before."""

from dataclasses import dataclass, replace

import torch

from workbench.core.data import DatasetInfo, Split
from workbench.core.errors import UserError
from workbench.core.events import Metrics
from workbench.core.runs import Run
from workbench.engine import checkpoint, machine
from workbench.engine.placed import placed
from workbench.engine.predict import Predictions, metrics_of, per_class, predict
from workbench.engine.tuning import Tuning
from workbench.engine.weights import filled
from workbench.engine.working import working


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The figures of a checkpoint over a split."""

    split: Split
    checkpoint: str = ""
    """`best` or `last`; empty for a model that is no run's."""
    epoch: int = 0
    """The epoch after which the weights were taken."""
    samples: int
    metrics: Metrics
    per_class: dict[str, dict[str, float]]
    """Precision, recall, F1 and support by class; empty for regression."""


def evaluate(run: Run, split: Split) -> Evaluation:
    """Measure the best weights of a run, or its last ones if there are no best.

    Raises:
        UserError: no run, no checkpoint, a checkpoint that does not fit, or an empty split.
    """
    project = run.project()
    path = run.best if run.best.exists() else run.last
    state = checkpoint.load(path)
    info = project.data.info()
    device = _device(project.train.device)
    tuning = Tuning.recorded(state)
    layout = tuning.channels_last if tuning else None
    with working(project.train, device, state.get("threads", 0)):
        network = filled(project, state, path)
        network, batches = placed(network, project.data, device, channels_last=layout)
        predictions = predict(network, batches, split, project.train.loss)
    found = evaluation(predictions, info, split, info.title)
    return replace(found, checkpoint=path.stem, epoch=state.get("epoch", 0))


def evaluation(predictions: Predictions, info: DatasetInfo, split: Split, data: str) -> Evaluation:
    """The figures of predictions over a split of `data`.

    Raises:
        UserError: it is empty.
    """
    if not len(predictions.targets):
        raise UserError("The {split} split of {data} is empty.", split=split, data=data)
    return Evaluation(
        split=split,
        samples=len(predictions.targets),
        metrics=metrics_of(predictions, info),
        per_class=per_class(predictions, info) if info.task == "classification" else {},
    )


def _device(name: str) -> torch.device:
    """The run's device, or the CPU where the run was trained on another machine."""
    try:
        return machine.device(name)
    except UserError:
        return torch.device("cpu")
