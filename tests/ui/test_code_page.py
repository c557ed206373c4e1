"""The Code tab by mouse and keys."""

import pytest
from gestures import OpenWindow, card, click, click_named, keys, select
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from workbench.core.codegen import generate
from workbench.ui.code_view import CodeView
from workbench.ui.main_window import MainWindow


def code_view(qtbot: QtBot, window: MainWindow) -> CodeView:
    """Bring the Code tab to the front."""
    window.commands.actions["network.tab.code"].trigger()
    qtbot.waitUntil(lambda: window.findChild(CodeView, "code.view") is not None)
    view = window.findChild(CodeView, "code.view")
    qtbot.waitUntil(lambda: bool(view.toPlainText()))
    return view


def expected(window: MainWindow) -> str:
    project = window.session.document.project
    return generate(project.model, project.data.info().shape).text


def marked(view: CodeView) -> list[str]:
    lines = view.toPlainText().splitlines()
    return [lines[number].strip() for number in view.marked]


def spot(view: CodeView, text: str) -> QPoint:
    """Where a line stands that contains `text`."""
    cursor = view.document().find(text)
    assert not cursor.isNull()
    cursor.clearSelection()
    view.setTextCursor(cursor)  # scrolls there
    return view.cursorRect(cursor).center()


def test_the_code_follows_the_network(qtbot: QtBot, open_window: OpenWindow) -> None:
    window = open_window()
    view = code_view(qtbot, window)
    assert view.toPlainText() == expected(window)
    assert view.isReadOnly()
    window.network.show_tab("layers")
    select(qtbot, window, 1)
    keys(qtbot, window.network.view, "Del")
    view = code_view(qtbot, window)
    qtbot.waitUntil(lambda: view.toPlainText() == expected(window))
    assert "relu1" not in view.toPlainText()


def test_the_chosen_layer_is_marked_and_a_click_chooses(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    window = open_window()
    click(qtbot, window.network.view, card(window, 3))
    view = code_view(qtbot, window)
    qtbot.waitUntil(lambda: bool(view.marked))
    assert all("conv2" in line for line in marked(view))
    assert len(view.marked) == 2
    click(qtbot, view.viewport(), spot(view, "self.fc1(x)"))
    qtbot.waitUntil(lambda: all("fc1" in line for line in marked(view)))
    assert [
        window.session.document.project.model.at(p).name for p in window.network.view.chosen()
    ] == ["fc1"]
    click(
        qtbot, view.viewport(), spot(view, "from torch import nn")
    )  # a line of no layer chooses none
    assert all("fc1" in line for line in marked(view))


def test_the_marked_layer_is_brought_into_sight(qtbot: QtBot, open_window: OpenWindow) -> None:
    window = open_window()
    window.resize(1000, 500)
    view = code_view(qtbot, window)
    last = len(window.session.document.project.model.layers) - 1
    window.network.view.select([(last,)])
    qtbot.waitUntil(lambda: any("fc2" in line for line in marked(view)))
    shown = view.cursorForPosition(QPoint(1, 1)).blockNumber()
    lines = view.viewport().height() // view.fontMetrics().lineSpacing()
    assert shown <= view.marked[0] < shown + lines


def test_copy_takes_the_text(qtbot: QtBot, open_window: OpenWindow) -> None:
    window = open_window()
    code_view(qtbot, window)
    click_named(qtbot, window, "code.copy")
    assert QGuiApplication.clipboard().text() == expected(window)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_words_are_coloured_as_the_theme_has_it(
    qtbot: QtBot, open_window: OpenWindow, mode: str
) -> None:
    window = open_window()
    view = code_view(qtbot, window)
    window.session.theme.use(mode)
    word = view.document().find("class").block()
    wanted = {"light": "#a3309f", "dark": "#d891ef"}[mode]

    def shade() -> str:
        formats = word.layout().formats()
        return formats[0].format.foreground().color().name() if formats else ""

    qtbot.waitUntil(lambda: shade() == wanted)
    assert view.lineWrapMode() == CodeView.LineWrapMode.NoWrap
    assert view.viewport().cursor().shape() == Qt.CursorShape.IBeamCursor
