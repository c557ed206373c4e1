"""What went wrong, told: a user's mistake in the banner with a way out of it where there is one, a
fault of ours with its traceback."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.core.errors import UserError
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
    session = window.session
    if isinstance(error, EngineLost) and session.run:
        label = tr("Resume") if resumable else tr("Train again")
        act = session.resume_run if resumable else session.train_wanted.emit
        return label, act, lambda: True
    if isinstance(error, ShapeError):
        return _mending(window)
    return "", None, lambda: True


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
