"""Predictions of weights that were trained elsewhere or before."""

from collections.abc import Generator
from pathlib import Path

from workbench.core.data import Split
from workbench.core.events import Event, PredictionsSaved
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine import machine
from workbench.engine.placed import placed
from workbench.engine.predict import predict, save
from workbench.engine.weights import trained

SHOWN: tuple[Split, ...] = ("val", "test")


def predictions(project: Project, weights: Path, folder: Path) -> Generator[Event]:
    """Predict the validation and test splits with the weights of a checkpoint.

    Files lie in `folder` as in that of a run, as of epoch 0.

    Raises:
        UserError: the project has a fault, the weights do not fit it, or the disk refused.
    """
    project.check()
    device = machine.device(project.train.device)
    network, batches = placed(trained(project, weights), project.data, device)
    for split in SHOWN:
        if batches.size(split):
            path = Run(folder).predictions(split, 0)
            save(predict(network, batches, split, project.train.loss), path)
            yield PredictionsSaved(path=path.relative_to(folder).as_posix(), split=split, epoch=0)
