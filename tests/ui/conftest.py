"""The real window under test, and the hunt for what a test leaves behind."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from gestures import PATIENCE, OpenWindow, wait_gone
from leaks import left_behind
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.app import make_window
from workbench.core.data import DatasetSpec
from workbench.core.project import Project
from workbench.core.runs import Run, create_run
from workbench.core.template import Template
from workbench.engine.remote import Engines
from workbench.ui.main_window import MainWindow


@pytest.fixture(autouse=True)
def nothing_left(qapp: QApplication) -> Iterator[None]:
    before = left_behind()
    yield
    assert left_behind() - before == set()


@pytest.fixture
def open_window(qtbot: QtBot, engines: Engines) -> Iterator[OpenWindow]:
    """Shows windows that share the engine processes, and puts them away after the test."""
    windows: list[MainWindow] = []

    def opened(project: Project | None = None, engines: Engines = engines) -> MainWindow:
        window = make_window(project, engines)
        windows.append(window)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        window.complete()  # not when it is painted: a test begins with the whole window
        window.resize(1366, 768)  # a small laptop; as it is shown it is bounded to a smaller screen
        QApplication.processEvents()  # the panels take their places
        return window

    yield opened
    for window in windows:
        put_away(qtbot, window)


def put_away(qtbot: QtBot, window: MainWindow) -> None:
    """Close a window as SIGTERM does, which asks nothing, and destroy it."""
    window.end()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=PATIENCE)
    window.deleteLater()
    wait_gone(qtbot, window)


@pytest.fixture(scope="session")
def trained(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A small CNN that was trained on digits, well but not without mistakes."""
    project = Template.shelf["small_cnn"].project(DatasetSpec.named("Digits")())
    recipe = project.train.replace(epochs=3, batch_size=32, lr=0.004)
    project = project.replace(train=recipe)
    run = create_run(project, tmp_path_factory.mktemp("runs"))
    for _ in engines.remote("sinks.train", project, run.folder):
        pass
    return run


@pytest.fixture
def past_run(trained: Run, home: Path) -> Run:
    """That run among the user's own."""
    folder = home / "runs" / trained.name
    shutil.copytree(trained.folder, folder)
    return Run(folder)
