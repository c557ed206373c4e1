"""The open project kept every minute while it is in no file, for when the program crashes."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Generator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from workbench.core.errors import UserError
from workbench.core.events import Event
from workbench.core.places import user_data
from workbench.core.project import Project, save_project
from workbench.core.run_lock import Lock, is_at_work
from workbench.core.runs import Run
from workbench.ui.work import Work

if TYPE_CHECKING:
    from workbench.ui.session import Session

log = logging.getLogger(__name__)

EVERY = 60_000
"""Milliseconds."""
FILE = "recovered.workbench"


def unsaved_dir() -> Path:
    """Where each window that is open has a folder for its changes, with a lock that it holds."""
    return user_data() / "unsaved"


def recovered_files() -> list[Path]:
    """Where unsaved changes lie, of a program that ended or that crashed; the last ones last."""
    crashed = unsaved_dir().glob(f"*/{FILE}")
    left = [path for path in crashed if not is_at_work(Run(path.parent))]
    return sorted([*user_data().glob("recovered*.workbench"), *left], key=_written_at)


def _written_at(path: Path) -> float:
    with suppress(OSError):  # another window may just have taken it
        return path.stat().st_mtime
    return 0.0


def forget(path: Path) -> None:
    """Remove changes that are in a file by now."""
    path.unlink(missing_ok=True)
    if path.name == FILE:
        shutil.rmtree(path.parent, ignore_errors=True)


class Autosave(QObject):
    """Keeps the changes of a window's document, and removes what it kept once they are in a file
    or given up."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.path = unsaved_dir() / f"{datetime.now():%Y%m%d-%H%M%S-%f}" / FILE
        self._lock: Lock | None = None
        self._kept: Project | None = None
        self._timer = QTimer(self, interval=EVERY)
        self._timer.timeout.connect(self.keep)
        self._timer.start()
        session.document.renamed.connect(self._settle)

    def keep(self) -> None:
        """Write the project if it has changed since, in a thread of its own."""
        document = self._session.document
        if document.modified and document.project != self._kept and not self._session.ending:
            self._kept = document.project
            if self._take_lock():
                self._session.start(Work(_written(document.project, self.path)), self._told, _log)

    def _take_lock(self) -> bool:
        """Hold the folder, so that no other window takes this one for crashed."""
        if self._lock is None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._lock = Lock(Run(self.path.parent))
                self._lock.take()
            except (OSError, UserError) as error:
                log.error("unsaved changes can't be kept: %s", error)
        return self._lock is not None

    def _told(self, events: list[Event]) -> None:
        """Nothing is said on the way."""

    def _settle(self) -> None:
        if not self._session.document.modified:
            self.forget()

    def forget(self) -> None:
        """Remove what was kept: it is in a file, or nobody wants it."""
        self._kept = None
        self.path.unlink(missing_ok=True)

    def end(self) -> None:
        """The window closes: what is kept still is offered by the next one."""
        self._timer.stop()
        if self._lock:
            self._lock.release()
        if not self.path.exists():
            shutil.rmtree(self.path.parent, ignore_errors=True)


def _written(project: Project, path: Path) -> Generator[Event]:
    save_project(project, path)
    yield from ()


def _log(error: Exception | None) -> None:
    """A disk that refuses is no reason to disturb every minute."""
    if error:
        log.error("unsaved changes could not be kept: %s", error)
