"""Training: a generator of events. Who pulls them decides on pause (wait) and stop (close)."""

from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any

from torch import nn

from workbench.core.events import Event
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine import checkpoint, machine, pretrained
from workbench.engine.batches import Batches, loading
from workbench.engine.changes import Changes
from workbench.engine.run_files import last_good
from workbench.engine.training import Training
from workbench.engine.working import check_precision, refused, working


def fit(
    project: Project,
    run: Run,
    *,
    resume: bool = False,
    weights: Path | None = None,
    changes: Changes | None = None,
    begun: Callable[[nn.Module, Batches], None] = lambda *_: None,
) -> Generator[Event]:
    """Train the project's network; checkpoints and predictions go into the run folder.

    Closing the generator stops after the current step and keeps the last checkpoint. With
    `resume` it goes on from the newest that can be read, or begins where there is none; with
    `weights`, a checkpoint, it starts from those. `changes` are taken up between two steps.
    `begun` is shown what is trained, on what, before the first event of the run.

    Raises:
        UserError: the project can't be trained, or the loss stops being a finite number.
    """
    project.check()
    yield from loading(project.data)
    before = (last_good(run) if resume else None) or {}
    device = machine.device(project.train.device)
    check_precision(project.train, device)
    with working(project.train, device, before.get("threads", 0)):
        training = _prepared(
            project, run, before, weights, Changes() if changes is None else changes
        )
        begun(training.network, training.batches)
        yield from _pulled(training)


def _prepared(
    project: Project, run: Run, before: dict[str, Any], weights: Path | None, changes: Changes
) -> Training:
    """The run with the weights that it starts from."""
    training = Training(project, run, changes, before)
    if before:
        training.restore(before)
    elif weights:
        training.start_from(checkpoint.load(weights))
        training.save_first()
    else:
        pretrained.load(project.model, training.network)
    return training


def _pulled(training: Training) -> Generator[Event]:
    """The events of a run, whose watch stands while somebody looks at them."""
    watch = training.watch
    watch.start()
    try:
        with closing(training.events()) as events:
            for event in events:
                watch.stop()
                yield event
                watch.start()
    except RuntimeError as error:
        raise refused(error) or error from error
    finally:
        training.keep_last()
