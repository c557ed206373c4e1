"""A layout that another version of the program kept."""

from gestures import OpenWindow, click_named
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workbench.ui.layouts import SHOWN


def test_a_layout_of_other_panels_is_not_taken(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    click_named(qtbot, window, "confusion.close")
    window.removeDockWidget(window.docks["runs"])  # as it was when there was no such panel
    older = window.saveState()
    window.close()
    window.session.settings.keep("layout", older)
    other = open_window()
    assert {name for name, dock in other.docks.items() if not dock.isHidden()} == set(
        SHOWN["train"]
    )
    for dock in other.docks.values():
        assert other.dockWidgetArea(dock) != Qt.DockWidgetArea.NoDockWidgetArea
