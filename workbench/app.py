"""The composition root: it makes the session and the window, and ends them in good order."""

import gc
import logging
import os
import signal
import sys
from pathlib import Path
from types import TracebackType

# Before Qt: once PySide6 is there, every import reads its module's source a second time. And by
# name: these are all that the working example needs, where the shelves would fetch everything.
import workbench.catalog.datasets.fashion_small
import workbench.catalog.losses
import workbench.catalog.optimizers
import workbench.catalog.templates.networks  # noqa: F401

# isort: split
from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication

from workbench import __version__
from workbench.core.places import log_file
from workbench.core.project import Project
from workbench.core.template import Template
from workbench.engine.remote import Engines
from workbench.ui.main_window import MainWindow
from workbench.ui.session import Session
from workbench.ui.settings import Settings
from workbench.ui.theme import Theme

log = logging.getLogger("workbench")

FIRST = "small_cnn"


def open_window(arguments: list[str]) -> int:
    """Show the window, with the project file of the first argument if there is one."""
    app = QApplication(["workbench", *arguments])
    app.setApplicationName("Torch Workbench")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("workbench")
    window = make_window()
    window.painted.connect(window.complete)
    window.painted.connect(lambda: QTimer.singleShot(0, window, lambda: _go_on(window, arguments)))
    window.show()
    code = app.exec()
    window.session.close()
    return code


def _go_on(window: MainWindow, arguments: list[str]) -> None:
    """All that can wait until the complete window has been painted."""
    _log_to_file()
    sys.excepthook = lambda kind, error, trace: _unforeseen(window, kind, error, trace)
    _end_on_signals(window)
    window.start()
    gc.enable()
    gc.freeze()  # what lives as long as the window need not be looked through ever again
    if arguments:
        open_named(window, Path(arguments[0]).absolute())
    if os.environ.get("WORKBENCH_QUIT_AT_ONCE"):  # for smoke tests
        window.close()


def open_named(window: MainWindow, path: Path) -> None:
    """Open what the command line names: a model, or else a project whatever its name ends in."""
    from workbench.ui.loading import SUFFIXES

    if path.suffix.lower() in SUFFIXES:
        window.loading.open(path)
    else:
        window.files.open(path)


def make_window(project: Project | None = None, engines: Engines | None = None) -> MainWindow:
    """A window on `project`, or the working example; whoever gives it `engines` ends them."""
    settings = Settings()
    project = project or Template.shelf[FIRST].project()
    return MainWindow(Session(project, settings, Theme(settings.theme), engines))


def _log_to_file() -> None:
    import logging.handlers

    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=1 << 20, backupCount=1)
    except OSError:  # a read-only home: the window works all the same
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)


def _unforeseen(
    window: MainWindow,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    if not isinstance(error, Exception):
        sys.__excepthook__(kind, error, trace)
        return
    window.tell_failure(error, False)


def _end_on_signals(window: MainWindow) -> None:
    """SIGINT and SIGTERM close the window; Python's handlers need Qt's loop woken up for them."""
    import socket

    read, write = socket.socketpair()
    write.setblocking(False)
    signal.set_wakeup_fd(write.fileno())
    notifier = QSocketNotifier(read.fileno(), QSocketNotifier.Type.Read, window)
    notifier.activated.connect(lambda: read.recv(64))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.end())

    def close() -> None:  # it also holds the sockets; Qt refers to bound methods only weakly
        signal.set_wakeup_fd(-1)
        read.close()
        write.close()

    window.destroyed.connect(close)
