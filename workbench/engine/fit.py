"""Training: a generator of events. Who pulls them decides on pause (wait) and stop (close)."""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from workbench.core.errors import Diverged
from workbench.core.events import Event
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine import checkpoint, machine, pretrained
from workbench.engine.batches import Batches, loading
from workbench.engine.blame import blamed
from workbench.engine.changes import Changes
from workbench.engine.memory import out_of_memory
from workbench.engine.run_files import last_good, remove_leftovers
from workbench.engine.training import Training
from workbench.engine.working import check_precision, refused, usual_threads, working


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
    told: list[Event] = []
    if resume:
        remove_leftovers(run)
    before = (last_good(run, told=told) if resume else None) or {}
    yield from told
    device = machine.device(project.train.device)
    check_precision(project.train, device)
    with working(project.train, device, before.get("threads", usual_threads(project))):
        training = _prepared(project, run, before, weights, changes)
        if weights and not before:
            training.save_first()
        begun(training.network, training.batches)
        try:
            yield from _pulled(training)
        except Diverged as error:
            begun_with = before.get("changed", {})
            again = partial(_before, training, error.values["step"], weights, begun_with)
            raise blamed(error, training, again) from error
        except (RuntimeError, MemoryError) as error:
            raise out_of_memory(error, project) or refused(error) or error from error


def _prepared(
    project: Project,
    run: Run,
    before: dict[str, Any],
    weights: Path | None,
    changes: Changes | None = None,
) -> Training:
    """The run with the weights that it starts from; `before` is a checkpoint, or what is known of
    one that was never taken."""
    training = Training(project, run, Changes() if changes is None else changes, before)
    if "model" in before:
        training.restore(before)
    elif weights:
        training.start_from(checkpoint.load(weights))
    else:
        pretrained.load(project.model, training.network)
    return training


def _before(failed: Training, step: int, weights: Path | None, changed: dict[str, Any]) -> Training:
    """The run that failed, as its newest checkpoint before `step` has it, or its start, with what
    was `changed` of its recipe by then."""
    known = {"tuning": asdict(failed.tuning), "changed": changed}
    state = last_good(failed.run, before=step)
    return _prepared(failed.project, failed.run, state or known, weights)


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
    finally:
        training.keep_last()
