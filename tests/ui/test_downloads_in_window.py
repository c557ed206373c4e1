"""Downloads in the window: seen, with how far they are, and ended by a click."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gestures import (
    PATIENCE,
    OpenWindow,
    choose,
    click,
    click_named,
    dialog,
    wait_gone,
    widget,
)
from PySide6.QtWidgets import QLabel, QProgressBar
from pytestqt.qtbot import QtBot
from slow_server import LENGTH, SENT, SlowServer
from test_backbones_in_window import with_imagenet

from workbench.core.template import Template
from workbench.engine.remote import Engines
from workbench.ui.main_window import MainWindow


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowServer]:
    made = SlowServer()
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, made.address)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield made
    made.close()


@pytest.fixture
def engines_behind(server: SlowServer) -> Iterator[Engines]:
    """Engines whose internet is the slow server."""
    made = Engines()
    yield made
    made.close()


def accept(qtbot: QtBot, window: MainWindow) -> None:
    """Say yes to the question whether to download."""
    box = dialog(qtbot, window, "dialog.download")
    click(qtbot, next(each for each in box.buttons() if each.text() == "Download"))
    wait_gone(qtbot, box)


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_dataset_s_download_is_seen_and_cancelled(
    open_window: OpenWindow, qtbot: QtBot, engines_behind: Engines, home: Path
) -> None:
    window = open_window(Template.shelf["mlp"].project(), engines_behind)
    state, bar, cancel = (widget(window, f"data.{name}") for name in ("state", "busy", "cancel"))
    assert isinstance(state, QLabel)
    assert isinstance(bar, QProgressBar)
    choose(qtbot, window, "data.choose.FashionMNIST")
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    qtbot.waitUntil(lambda: widget(window, "data.download").isVisible(), timeout=PATIENCE)
    assert not cancel.isVisible()
    click_named(qtbot, window, "data.download")
    accept(qtbot, window)
    megabytes = f"{SENT / 1e6:.1f} of {LENGTH / 1e6:.1f} MB"
    qtbot.waitUntil(lambda: megabytes in state.text(), timeout=PATIENCE)
    assert state.text().startswith("Downloading Fashion-MNIST (1 of 4)… ")
    assert bar.isVisible()
    assert bar.value() / bar.maximum() == pytest.approx(SENT / LENGTH, abs=0.01)
    click(qtbot, cancel)
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    qtbot.waitUntil(lambda: "cancelled" in state.text(), timeout=PATIENCE)
    assert not bar.isVisible()
    assert not cancel.isVisible()
    assert state.text() == "The download was cancelled. Download… begins it again."
    assert widget(window, "data.download").isVisible(), "it can be begun again"
    assert files_below(home / "datasets") == []


def test_the_download_of_weights_is_seen_holds_up_nothing_and_is_cancelled(
    open_window: OpenWindow,
    qtbot: QtBot,
    server: SlowServer,
    engines_behind: Engines,
    home: Path,
) -> None:
    window = open_window(Template.shelf["mlp"].project(), engines_behind)
    with_imagenet(window)
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    choose(qtbot, window, "model.download")
    accept(qtbot, window)
    box = dialog(qtbot, window, "dialog.fetching")
    text = widget(box, "dialog.fetching.text")
    assert isinstance(text, QLabel)
    qtbot.waitUntil(
        lambda: box.isVisible() and text.text() == "Downloading the weights of MobileNetV3Small…",
        timeout=PATIENCE,
    )
    qtbot.waitUntil(server.asked.is_set, timeout=PATIENCE)
    choose(qtbot, window, "edit.undo")  # the window is free
    click_named(qtbot, box, "dialog.fetching.cancel")
    wait_gone(qtbot, box)
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    assert "cancelled" in window.statusBar().currentMessage()
    assert not widget(window, "banner").isVisible()
    assert files_below(home / "weights") == []
