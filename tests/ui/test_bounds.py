"""Edits beyond what a network can be: they are told in a sentence, and nothing changes."""

from gestures import OpenWindow, between, choose, drop, keys, select, type_over, widget
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from workbench.catalog.layers.activation import ReLU
from workbench.catalog.layers.blocks import Group, Repeat
from workbench.core.layer import LayerSpec
from workbench.core.model import DEEPEST, ModelSpec
from workbench.core.template import Template
from workbench.ui.clips import MIME
from workbench.ui.main_window import MainWindow

ROUNDS = "The network: layers: a network has at most 10,000 layers in all rounds."
DEEP = f"The network: layers: blocks are nested at most {DEEPEST} deep."


def opened(open_window: OpenWindow, *layers: LayerSpec) -> tuple[MainWindow, list[str]]:
    """A window with these layers, the first of which is selected, and what it tells."""
    project = Template.shelf["small_cnn"].project()
    window = open_window(project.replace(model=ModelSpec(layers=layers)))
    told: list[str] = []
    window.session.failed.connect(lambda error, _: told.append(str(error)))
    return window, told


def is_as_before(window: MainWindow, layers: int) -> bool:
    model = window.session.document.project.model
    return len(model.layers) == layers and window.session.document.undo_stack.count() == 0


def deep(depth: int) -> LayerSpec:
    block: LayerSpec = ReLU()
    for _ in range(depth):
        block = Group(layers=(block,))
    return block


def test_too_many_layers_in_all_rounds(open_window: OpenWindow, qtbot: QtBot) -> None:
    window, told = opened(open_window, Repeat(times=60, layers=(ReLU(),) * 160))
    select(qtbot, window, 0)
    choose(qtbot, window, "edit.duplicate")
    assert told == [ROUNDS]
    line = widget(window, "layer.form.times")
    type_over(qtbot, line, "100")
    assert told == [ROUNDS] * 2
    assert line.text() == "60"
    window.network.view.setFocus()
    keys(qtbot, window.network.view, "Ctrl+C")
    keys(qtbot, window.network.view, "Ctrl+V")
    assert told == [ROUNDS] * 3
    mime = QMimeData()
    clip = QGuiApplication.clipboard().mimeData()
    mime.setData(MIME, clip.data(MIME))
    drop(window.network.view, mime, between(window, 0), Qt.DropAction.CopyAction)
    assert told == [ROUNDS] * 4
    assert is_as_before(window, 1)


def test_blocks_that_lie_too_deep(open_window: OpenWindow, qtbot: QtBot) -> None:
    window, told = opened(open_window, deep(DEEPEST), Group(), ReLU())
    select(qtbot, window, 0)
    choose(qtbot, window, "network.wrap.group")
    assert told == [DEEP]
    window.network.stack.move([(0,)], (1, 0, 0))
    assert told == [DEEP] * 2
    assert is_as_before(window, 3)
