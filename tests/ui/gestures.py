"""What hands do to the window: clicks, keys, drops and answers."""

from collections.abc import Callable
from pathlib import Path

import shiboken6
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QLineEdit,
    QMenu,
    QMessageBox,
    QTreeWidgetItem,
    QWidget,
)
from pytestqt.qtbot import QtBot

from workbench.ui.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton
OpenWindow = Callable[..., MainWindow]
PATIENCE = 60_000  # milliseconds; only a failing test waits so long


def click(qtbot: QtBot, widget: QWidget, at: QPoint | None = None) -> None:
    if isinstance(widget, QAbstractItemView):
        widget = widget.viewport()
    qtbot.mouseClick(widget, LEFT, pos=at or widget.rect().center())


def double_click(qtbot: QtBot, view: QAbstractItemView, at: QPoint) -> None:
    click(qtbot, view, at)
    qtbot.mouseDClick(view.viewport(), LEFT, pos=at)


def widget(window: QWidget, name: str) -> QWidget:
    found = window.findChild(QWidget, name)
    assert found is not None, name
    return found


def click_named(qtbot: QtBot, window: QWidget, name: str) -> None:
    click(qtbot, widget(window, name))


def keys(qtbot: QtBot, target: QWidget, sequence: str) -> None:
    """Press keys such as `Ctrl+D`."""
    qtbot.keySequence(target, sequence)


def type_over(qtbot: QtBot, line: QWidget, text: str) -> None:
    """Replace what stands in a field, and press Enter."""
    line.setFocus()
    qtbot.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


# -- the network


def palette_item(window: MainWindow, kind: str) -> QTreeWidgetItem:
    tree = window.palette_panel.tree
    found = tree.findItems(kind, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)
    (item,) = (each for each in found if each.parent())  # a category may have the same name
    tree.scrollToItem(item)
    return item


def append(qtbot: QtBot, window: MainWindow, kind: str) -> None:
    """Add a layer by a double click in the palette."""
    tree = window.palette_panel.tree
    double_click(qtbot, tree, tree.visualItemRect(palette_item(window, kind)).center())


def card(window: MainWindow, row: int) -> QPoint:
    """The middle of the card of the layer at `row`, brought into sight."""
    view = window.network.view
    index = window.network.stack.index(row + 1)
    view.scrollTo(index)
    return view.visualRect(index).center()


def select(qtbot: QtBot, window: MainWindow, first: int, last: int | None = None) -> None:
    """Click a card; with `last`, also Shift-click that one."""
    view = window.network.view
    click(qtbot, view, card(window, first))
    if last is not None:
        shift = Qt.KeyboardModifier.ShiftModifier
        qtbot.mouseClick(view.viewport(), LEFT, shift, card(window, last))


def drop(view: QAbstractItemView, mime: QMimeData, at: QPoint, action: Qt.DropAction) -> None:
    """What the platform sends when a drag enters a view and is let go there."""
    both = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at, both, mime, LEFT, none)
    QApplication.sendEvent(view.viewport(), enter)
    assert enter.isAccepted()
    let_go = QDropEvent(QPointF(at), both, mime, LEFT, none)
    let_go.setDropAction(action)
    QApplication.sendEvent(view.viewport(), let_go)


def between(window: MainWindow, row: int) -> QPoint:
    """Where a drop goes in front of the layer at `row`."""
    view = window.network.view
    rect = view.visualRect(window.network.stack.index(row + 1))
    return QPoint(rect.center().x(), rect.top() + 1)


def drawn(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until the panels have drawn once more, beyond a frame that is under way."""
    for _ in range(2):
        with qtbot.waitSignal(window.session.drawing.drawn):
            window.session.request_draw()


def take(qtbot: QtBot, box: QComboBox, text: str) -> None:
    """Choose an entry of a list by the keyboard."""
    box.setFocus()
    steps = box.findText(text) - box.currentIndex()
    for _ in range(abs(steps)):
        qtbot.keyClick(box, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)
    assert box.currentText() == text


# -- menus and dialogs


def pick(qtbot: QtBot, menu: QMenu, text: str) -> None:
    """Open a menu and click one of its entries."""
    menu.popup(QPoint(0, 0))
    (action,) = (each for each in menu.actions() if each.text() == text)
    assert action.isEnabled(), text
    window: QWidget = menu
    while not isinstance(window, MainWindow):
        window = window.parentWidget()
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    in_front_again(qtbot, window)


def choose(qtbot: QtBot, window: MainWindow, name: str) -> None:
    """Click a command in its menu."""
    action = window.commands.actions[name]
    menu = next(m for m in action.associatedObjects() if isinstance(m, QMenu))
    pick(qtbot, menu, action.text())


def dialog(qtbot: QtBot, window: MainWindow, name: str) -> QWidget:
    qtbot.waitUntil(lambda: window.findChild(QWidget, name) is not None)
    return widget(window, name)


def wait_gone(qtbot: QtBot, target: QWidget) -> None:
    qtbot.waitUntil(lambda: not shiboken6.isValid(target))


def in_front_again(qtbot: QtBot, window: MainWindow) -> None:
    """Activate the window behind a menu or dialog that is gone, as a window manager does."""
    closing = not window.isEnabled()  # then it is not to be activated again
    if window.isVisible() and not closing and QApplication.activeModalWidget() is None:
        with qtbot.waitActive(window):
            window.activateWindow()


def _answered(qtbot: QtBot, window: MainWindow, box: QWidget) -> None:
    wait_gone(qtbot, box)
    in_front_again(qtbot, window)


def answer(qtbot: QtBot, window: MainWindow, name: str, button: QMessageBox.StandardButton) -> None:
    box = dialog(qtbot, window, name)
    assert isinstance(box, QMessageBox)
    click(qtbot, box.button(button))
    _answered(qtbot, window, box)


def choose_file(qtbot: QtBot, window: MainWindow, name: str, path: Path) -> None:
    """Paste a path into a file dialog and accept it."""
    box = dialog(qtbot, window, name)
    line = box.findChild(QLineEdit, "fileNameEdit")
    line.selectAll()
    QGuiApplication.clipboard().setText(str(path))
    keys(qtbot, line, "Ctrl+V")
    line.completer().popup().hide()
    click(qtbot, box.findChild(QDialogButtonBox).buttons()[0])
    _answered(qtbot, window, box)
