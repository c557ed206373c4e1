"""What went wrong, told: a user's mistake in the banner with a way out of it where there is one, a
fault of ours with its traceback."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from workbench.core.errors import Diverged, OutOfMemory, UserError
from workbench.core.layer import ShapeError
from workbench.engine.remote import EngineFault, EngineLost
from workbench.ui.offers import fix_label
from workbench.ui.text import sentence, tr

if TYPE_CHECKING:
    from workbench.ui.main_window import MainWindow

log = logging.getLogger(__name__)

WayOut = tuple[str, Callable[[], object] | None, Callable[[], bool]]
"""The words on a button, what it does, and whether there is still a need of it after an edit."""


def tell_failure(window: MainWindow, error: Exception, resumable: bool) -> None:
    """Tell an error in the window that it concerns; `resumable` is a run that can go on."""
    if isinstance(error, UserError):
        window.banner.tell(sentence(error), *_way_out(window, error, resumable))
        return
    if isinstance(error, EngineFault):
        details = str(error)
    else:
        details = "".join(traceback.format_exception(error))
    from workbench.ui import dialogs

    log.error("unexpected: %s", details)
    dialogs.tell_crash(window, details.strip().splitlines()[-1], details)


def _way_out(window: MainWindow, error: UserError, resumable: bool) -> WayOut:
    session, run = window.session, window.session.run
    if isinstance(error, EngineLost) and run:
        label = tr("Resume") if resumable else tr("Train again")
        act = session.training.resume if resumable else session.train_wanted.emit
        return label, act, lambda: session.run == run
    if isinstance(error, ShapeError):
        return _mending(window)
    if isinstance(error, Diverged):
        return _lower_lr(window)
    if isinstance(error, OutOfMemory):
        return _smaller_batch(window)
    return "", None, lambda: True


def _lower_lr(window: MainWindow) -> WayOut:
    """Back to the last healthy checkpoint, or to the start where there is none, at lr / 10."""
    session, run = window.session, window.session.run
    project = session.run_project or session.document.project
    lr = float(f"{project.train.lr / 10:.6g}")
    if run and run.last.exists():
        label = tr("Go back, with lr {lr}", lr=f"{lr:g}")
        act = partial(_go_back, window, lr)
        return label, act, lambda: session.state == "idle" and session.run == run
    if not _is_open(window):
        return "", None, lambda: True
    label = tr("Train again, with lr {lr}", lr=f"{lr:g}")
    return label, lambda: _train_with(window, lr=lr), lambda: _has(window, lr=project.train.lr)


def _go_back(window: MainWindow, lr: float) -> None:
    session, document = window.session, window.session.document
    is_same = session.run_project == document.project
    session.training.resume(lr)
    if is_same:  # so the open project stays that of the run
        _change(window, lr=lr)


def _smaller_batch(window: MainWindow) -> WayOut:
    """The same steps out of batches of half the size, which need half the memory."""
    if not _is_open(window):
        return "", None, lambda: True
    project = window.session.document.project
    train = project.train
    size = -(-train.batch_length(project.data.info().sizes["train"]) // 2)
    changes = {"batch_size": size, "accumulate": 2 * train.accumulate}
    label = tr(
        "Train with batches of {size}, {count} a step", size=size, count=2 * train.accumulate
    )
    if size < 1 or size == train.batch_size:
        return "", None, lambda: True
    before = {"batch_size": train.batch_size, "accumulate": train.accumulate}
    return label, lambda: _train_with(window, **changes), lambda: _has(window, **before)


def _is_open(window: MainWindow) -> bool:
    """Whether the open project is the one that failed, so that it can be trained otherwise."""
    shown = window.session.run_project
    return shown is None or shown == window.session.document.project


def _train_with(window: MainWindow, **changes: Any) -> None:
    _change(window, **changes)
    window.session.train_wanted.emit()


def _change(window: MainWindow, **changes: Any) -> None:
    document = window.session.document
    project = document.project
    edited = project.replace(train=project.train.replace(**changes))
    document.edit(tr("Change {field}", field=", ".join(changes)), edited)


def _has(window: MainWindow, **values: Any) -> bool:
    train = window.session.document.project.train
    return all(getattr(train, name) == value for name, value in values.items())


def _mending(window: MainWindow) -> WayOut:
    """The best fix of the first faulty layer, which comes into sight."""
    stack, view = window.network.stack, window.network.view
    faulty = next((step for step in stack.steps if step.fault), None)
    if faulty is None:
        return "", None, lambda: True
    view.select([faulty.path])
    offers = stack.offers(faulty.path)
    if not offers:
        return "", None, lambda: True
    label = tr("Fix: {what}", what=fix_label(offers[0].fix))
    return label, window.network.edits.fix_first, lambda: any(s.fault for s in stack.steps)
