"""The Code tab by mouse and keys."""

from pathlib import Path

import pytest
from gestures import (
    PATIENCE,
    OpenWindow,
    answer,
    card,
    choose,
    choose_file,
    click,
    click_named,
    dialog,
    in_front_again,
    keys,
    pick,
    select,
    wait_gone,
)
from pygments.token import String
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QTabBar, QToolButton
from pytestqt.qtbot import QtBot
from work import work

from workbench.core.codegen import generate
from workbench.core.codegen_train import generate_program
from workbench.ui.code_view import SHADES, CodeView
from workbench.ui.main_window import MainWindow
from workbench.ui.theme import Theme


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


MLP = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(784, 20), nn.ReLU())
        self.head = nn.Linear(100, 10)

    def forward(self, x):
        return self.head(self.body(x))
"""


def test_the_whole_program_is_a_tab_away(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    window = open_window()
    view = code_view(qtbot, window)
    bar = window.findChild(QTabBar, "code.kinds")
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(1).center())
    project = window.session.document.project
    qtbot.waitUntil(lambda: view.toPlainText() == generate_program(project).text)
    window.session.document.edit("Recipe", project.replace(train=project.train.replace(lr=0.25)))
    qtbot.waitUntil(lambda: "lr=0.25" in view.toPlainText())
    click_named(qtbot, window, "code.save")
    choose_file(qtbot, window, "dialog.save_code", tmp_path / "mine.py")
    assert (tmp_path / "mine.py").read_text("utf-8") == view.toPlainText()
    assert (tmp_path / "fashion_mnist_6000.npz").stat().st_size > 100_000
    window.commands.actions["network.code.turn"].trigger()
    qtbot.waitUntil(lambda: view.toPlainText() == expected(window))


def test_data_of_somebody_else_beside_the_program_is_asked_about(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    window = open_window()
    code_view(qtbot, window)
    window.commands.actions["network.code.turn"].trigger()
    data = tmp_path / "fashion_mnist_6000.npz"
    data.write_text("my own", "utf-8")
    for answered, kept in (("Cancel", True), ("Replace", False)):
        click_named(qtbot, window, "code.save")
        choose_file(qtbot, window, "dialog.save_code", tmp_path / "mine.py")
        box = dialog(qtbot, window, "dialog.code_replace")
        assert str(data) in box.text()
        buttons = {each.text().replace("&", ""): each for each in box.buttons()}
        click(qtbot, buttons[answered])
        wait_gone(qtbot, box)
        in_front_again(qtbot, window)
        assert (data.read_bytes() == b"my own") is kept
        assert (tmp_path / "mine.py").exists() is not kept
    (tmp_path / "mine.py").unlink()
    click_named(qtbot, window, "code.save")  # the data that it reads is no other
    choose_file(qtbot, window, "dialog.save_code", tmp_path / "mine.py")
    assert (tmp_path / "mine.py").exists()


def test_code_that_is_pasted_becomes_the_network(qtbot: QtBot, open_window: OpenWindow) -> None:
    window = open_window()
    view = code_view(qtbot, window)
    before = window.session.document.project
    QGuiApplication.clipboard().setText(MLP)
    menu = window.findChild(QToolButton, "code.more").menu()
    pick(qtbot, menu, "Paste Code")
    qtbot.waitUntil(lambda: window.session.document.project != before, timeout=PATIENCE)
    model = window.session.document.project.model
    assert [layer.kind for _, layer in model.nested()] == [
        *("Group", "Flatten", "Linear", "ReLU", "Linear")
    ]
    box = dialog(qtbot, window, "dialog.code_remarks")
    assert isinstance(box, QMessageBox)
    assert "head: the code has in_features=100, and 20 follows from the input." in box.text()
    answer(qtbot, window, "dialog.code_remarks", QMessageBox.StandardButton.Ok)
    qtbot.waitUntil(lambda: "class Body(nn.Module)" in view.toPlainText())
    choose(qtbot, window, "edit.undo")
    assert window.session.document.project == before


def test_code_that_can_not_be_read_is_told_and_changes_nothing(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    window = open_window()
    code_view(qtbot, window)
    before = window.session.document.project
    (tmp_path / "bad.py").write_text("class Net(nn.Module:\n    pass\n")
    with qtbot.waitSignal(window.session.failed, timeout=PATIENCE) as told:
        choose(qtbot, window, "network.code.open")
        choose_file(qtbot, window, "dialog.open_code", tmp_path / "bad.py")
    assert "bad.py is not Python: line 1: " in str(told.args[0])
    assert window.session.document.project == before


def coloured(view: CodeView) -> list[tuple[str, str]]:
    """Every stretch of one colour with that colour."""
    found, block = [], view.document().firstBlock()
    while block.isValid():
        for each in block.layout().formats():
            part = block.text()[each.start : each.start + each.length]
            found.append((part, each.format.foreground().color().name()))
        block = block.next()
    return found


def test_a_change_is_shown_and_coloured_as_the_whole_would_be(qtbot: QtBot) -> None:
    theme = Theme("light")
    changed, anew = CodeView(theme), CodeView(theme)
    first = 'def f(x):\n    return "é" + x  # 𝒙 of f\n\n\nclass A:\n    pass\n'
    longer = first.replace(
        "    return", '    """Begun,\n    def in the middle\n    ended."""\n    return'
    )
    mark = first.replace("pass", "k = 5\n    m = 'w'")
    for text in (first, mark, longer, "x = 1", "", first, "'''open\nclass B: pass\n", longer):
        changed.show_code(text)
        assert changed.toPlainText() == text
        anew.show_code("")
        anew.show_code(text)
        assert coloured(changed) == coloured(anew)
    assert ("    def in the middle", SHADES[String][0]) in coloured(changed)
    for view in (changed, anew):
        view.deleteLater()
        wait_gone(qtbot, view)


def test_an_edit_colours_the_lines_that_it_changes(qtbot: QtBot) -> None:
    view = CodeView(Theme("light"))
    lines = [f"self.conv{n} = nn.Conv2d({n}, 3)" for n in range(2_000)]
    changed = [lines[1], *lines[3:1_990], "x = 3", *lines[1_990:]]
    whole = work(lambda: view.show_code("\n".join(lines)))
    assert whole >= len(lines)
    assert work(lambda: view.show_code("\n".join(changed))) < whole / 10
    assert view.blockCount() == 1_999
    view.deleteLater()
    wait_gone(qtbot, view)
