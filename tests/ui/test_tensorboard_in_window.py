"""TensorBoard as the window starts it: the real process, asked over HTTP."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from gestures import PATIENCE, OpenWindow, choose, click, widget
from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from test_processes import environment

from workbench.core.runs import Run
from workbench.ui.main_window import MainWindow


class Browser(QObject):
    """Takes the addresses that the window opens."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toString())


@pytest.fixture
def browser(qapp: object) -> Iterator[Browser]:
    made = Browser()
    QDesktopServices.setUrlHandler("http", made, "open")
    yield made
    QDesktopServices.unsetUrlHandler("http")


def asked(url: str) -> object:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


def opened(qtbot: QtBot, window: MainWindow, browser: Browser) -> str:
    choose(qtbot, window, "run.tensorboard")
    button = widget(window, "status.tensorboard")
    assert button.isVisible()
    assert not button.isEnabled()
    qtbot.waitUntil(lambda: bool(browser.opened), timeout=PATIENCE)
    return browser.opened[-1]


def test_it_serves_the_runs_folder_and_ends_with_the_window(
    qtbot: QtBot, open_window: OpenWindow, past_run: Run, browser: Browser
) -> None:
    window = open_window()
    url = opened(qtbot, window, browser)
    assert url.startswith("http://127.0.0.1:")
    assert asked(url + "data/environment")["data_location"] == str(past_run.folder.parent)
    runs = f"{past_run.name}/tensorboard"
    tags = url + "data/plugin/scalars/tags"
    qtbot.waitUntil(lambda: runs in asked(tags), timeout=PATIENCE)
    assert "loss/val" in asked(tags)[runs]

    button = widget(window, "status.tensorboard")
    assert button.text() == f"TensorBoard at {url.removeprefix('http://').rstrip('/')}"
    click(qtbot, button)
    assert browser.opened == [url, url]

    window.end()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=PATIENCE)
    with pytest.raises(urllib.error.URLError):
        asked(url)


def test_it_is_stopped_by_its_command_and_started_anew_for_another_folder(
    qtbot: QtBot, open_window: OpenWindow, browser: Browser, tmp_path: Path
) -> None:
    window = open_window()
    window.session.settings.runs_dir = tmp_path / "first"
    first = opened(qtbot, window, browser)
    window.session.settings.runs_dir = tmp_path / "second"
    browser.opened.clear()
    second = opened(qtbot, window, browser)
    assert asked(second + "data/environment")["data_location"] == str(tmp_path / "second")
    with pytest.raises(urllib.error.URLError):
        asked(first)
    choose(qtbot, window, "run.tensorboard_stop")
    assert widget(window, "status.tensorboard").isHidden()
    assert not window.commands.actions["run.tensorboard_stop"].isEnabled()
    with pytest.raises(urllib.error.URLError):
        asked(second)


def test_a_package_that_is_missing_is_told_in_the_banner(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken" / "tensorboard"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('No module named tensorboard')")
    path = os.pathsep.join([str(broken.parent), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    window = open_window()
    choose(qtbot, window, "run.tensorboard")
    text = widget(window, "banner.text")
    assert isinstance(text, QLabel)
    qtbot.waitUntil(text.isVisible, timeout=PATIENCE)
    assert "TensorBoard can't be loaded: No module named tensorboard" in text.text()
    assert "pip install tensorboard" in text.text()
    assert widget(window, "status.tensorboard").isHidden()


def test_a_program_that_can_not_be_started_is_told_in_the_banner(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    window = open_window()
    choose(qtbot, window, "run.tensorboard")
    text = widget(window, "banner.text")
    assert isinstance(text, QLabel)
    qtbot.waitUntil(text.isVisible, timeout=PATIENCE)
    assert text.text().startswith("TensorBoard is not running: ")


IS_KILLED = """
import sys
from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from workbench import app

class Browser(QObject):
    @Slot(QUrl)
    def open(self, url):
        print(url.toString(), flush=True)

def make_window(*arguments):
    window = make(*arguments)
    browser = window.browser = Browser()
    QDesktopServices.setUrlHandler("http", browser, "open")
    window.completed.connect(lambda: window.commands.actions["run.tensorboard"].trigger())
    return window

make, app.make_window = app.make_window, make_window
sys.exit(app.open_window([]))
"""


def test_it_does_not_outlive_a_window_that_is_killed(qtbot: QtBot, home: Path) -> None:
    command = [sys.executable, "-c", IS_KILLED]
    pipes = {"stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment(home), **pipes) as program:
        try:
            url = program.stdout.readline().strip()
            assert asked(url + "data/environment")
        finally:
            program.send_signal(signal.SIGKILL)

    def gone() -> bool:
        try:
            asked(url + "data/environment")
        except (urllib.error.URLError, ConnectionError):
            return True
        return False

    qtbot.waitUntil(gone, timeout=PATIENCE)
