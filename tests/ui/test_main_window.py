"""The window itself: its commands, names, layouts and themes."""

from collections import Counter

import pytest
from gestures import (
    PATIENCE,
    OpenWindow,
    choose,
    click,
    click_named,
    dialog,
    drawn,
    keys,
    pick,
    wait_gone,
    widget,
)
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor, QImage
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QGraphicsView,
    QHeaderView,
    QLabel,
    QMenu,
    QMenuBar,
    QScrollBar,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from workbench.core.runs import Run
from workbench.core.template import Template
from workbench.ui.main_window import MainWindow
from workbench.ui.theme import DARK, LIGHT

ABOVE = {"data", "palette", "network", "layer", "training"}
BELOW = {"loss", "accuracy", "predictions", "confusion"}
SHOWN = {"build": ABOVE, "train": ABOVE | BELOW, "evaluate": BELOW | {"runs"}}


@pytest.fixture
def full_window(open_window: OpenWindow, qtbot: QtBot, past_run: Run) -> MainWindow:
    """A window with every panel filled by a run of the past."""
    window = open_window(past_run.project())
    window.start()
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    drawn(qtbot, window)
    return window


# -- commands


def test_every_command_has_a_name_a_tip_and_a_place_in_the_menus(open_window: OpenWindow) -> None:
    window = open_window()
    actions = window.commands.actions
    for name, action in actions.items():
        assert action.objectName() == name
        assert action.text()
        assert len(action.toolTip()) > 3
        menus = [each for each in action.associatedObjects() if isinstance(each, QMenu)]
        assert [menu.objectName()[:5] for menu in menus] == ["menu."], name
    names = Counter(each.objectName() for each in window.findChildren(QAction))
    assert {names[name] for name in actions} == {1}
    bar = [action.text() for action in window.menuBar().actions()]
    assert bar == ["File", "Edit", "Network", "Model", "Data", "Run", "View", "Help"]


def test_no_two_commands_share_a_shortcut(open_window: OpenWindow) -> None:
    window = open_window()
    pressed = Counter(
        key.toString() for each in window.findChildren(QAction) for key in each.shortcuts()
    )
    assert "Ctrl+S" in pressed
    assert [key for key, times in pressed.items() if times > 1] == []


def test_a_command_is_found_and_done_by_typing(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(Template.shelf["mlp"].project())
    keys(qtbot, window, "Ctrl+Shift+P")
    search = widget(window, "run_bar.search")
    assert search.hasFocus()
    qtbot.keyClicks(search, "dark")
    qtbot.keyClick(search, Qt.Key.Key_Return)
    assert window.session.theme.mode == "dark"
    assert search.text() == ""
    keys(qtbot, window, "Ctrl+Shift+P")
    qtbot.keyClicks(search, "softmax")
    qtbot.keyClick(search, Qt.Key.Key_Return)
    wanted = Template.shelf["softmax_regression"].project()
    assert window.session.document.project == wanted
    keys(qtbot, window, "Ctrl+Shift+P")
    qtbot.keyClicks(search, "no such command")
    qtbot.keyClick(search, Qt.Key.Key_Return)
    assert window.session.document.project == wanted


def test_every_command_that_can_be_done_at_once_does_no_harm(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(Template.shelf["softmax_regression"].project())
    # ends the window; opens a text editor; blocks until Qt's own box is closed
    left = {"file.quit", "help.log", "help.about_qt"}
    for name, action in window.commands.actions.items():
        if name in left or not action.isEnabled():
            continue
        action.trigger()
        box = QApplication.activeModalWidget()
        if box:
            assert box.objectName().startswith("dialog."), name
            box.close()
            wait_gone(qtbot, box)
        window.commands.actions["run.stop"].trigger()
        qtbot.waitUntil(lambda: window.session.state == "idle", timeout=PATIENCE)
    assert window.isVisible()


def test_help_lists_the_shortcuts(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    keys(qtbot, window, "F1")
    box = dialog(qtbot, window, "dialog.shortcuts")
    for action in window.commands.actions.values():
        assert action.shortcut().toString() in box.text()
    box.close()
    wait_gone(qtbot, box)


# -- names for code, screen readers and pointers


def controls(window: MainWindow) -> list[QWidget]:
    """What can take the focus, without what pops up and parts that Qt makes and names itself."""
    return [
        each
        for each in window.findChildren(QWidget)
        if each.focusPolicy() != Qt.FocusPolicy.NoFocus
        and each.window() is window
        and each.focusProxy() is None  # a tab widget hands the focus to its tabs
        and not is_part(each)
    ]


def is_part(each: QWidget) -> bool:
    """Scroll bars, headers, the menu bar, the tabs of docks with their arrows, the viewport of a
    plot, and the field in a list."""
    return isinstance(each, QScrollBar | QHeaderView | QTabBar | QMenuBar) or isinstance(
        each.parentWidget(), QComboBox | QTabBar | QGraphicsView
    )


def is_told(each: QWidget) -> bool:
    """Whether it has a name for code, one for screen readers, and a tooltip."""
    if isinstance(each, QLabel):  # its text says all, and can be selected
        return bool(each.objectName())
    return bool(each.objectName() and each.accessibleName() and each.toolTip())


def test_what_can_be_used_has_a_name_for_code_and_people(full_window: MainWindow) -> None:
    full_window.banner.tell("Something went wrong.", "Mend it", lambda: None)
    nameless = {
        f"{type(each).__name__} {each.objectName()} in {each.parentWidget().objectName()}"
        for each in controls(full_window)
        if not is_told(each)
    }
    assert nameless == set()


def test_sentences_of_empty_panels_and_the_new_dialog_have_names(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window()
    for name in ("loss", "accuracy", "predictions", "confusion"):
        assert widget(window, f"{name}.empty").text()
    choose(qtbot, window, "file.new")
    box = dialog(qtbot, window, "dialog.new")
    for name in ("templates.label", "data.label", "create", "cancel", "told"):
        widget(box, f"dialog.new.{name}")
    box.close()
    wait_gone(qtbot, box)


def test_a_name_is_given_once(full_window: MainWindow) -> None:
    names = Counter(each.objectName() for each in controls(full_window))
    assert len(names) > 40
    assert [name for name, times in names.items() if times > 1] == []


def test_tab_reaches_every_control(full_window: MainWindow, qtbot: QtBot) -> None:
    wanted = {
        each.objectName()
        for each in controls(full_window)
        if each.focusPolicy() & Qt.FocusPolicy.TabFocus
        and each.isEnabled()
        and each.focusProxy() is None
        and not each.visibleRegion().isEmpty()
    }
    assert {"stack", "run_bar.train", "palette.search", "confusion.table"} <= wanted
    reached = set()
    full_window.network.view.setFocus()
    for _ in range(2 * len(wanted)):
        focus = QApplication.focusWidget()
        reached.add(focus.objectName())
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    assert wanted - reached == set()


# -- layouts and themes


def visible(window: MainWindow) -> set[str]:
    return {name for name, dock in window.docks.items() if not dock.isHidden()}


def test_layouts_show_their_panels(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    assert visible(window) == SHOWN["train"]
    for number, name in enumerate(SHOWN, 1):
        keys(qtbot, window, f"Ctrl+{number}")
        assert visible(window) == SHOWN[name]
        assert (window.width(), window.height()) == (1366, 768)
    keys(qtbot, window, "Ctrl+2")
    for name in SHOWN["train"] - {"training"}:  # that is a tab behind the layer
        assert not window.docks[name].visibleRegion().isEmpty(), name


def test_a_panel_is_closed_and_brought_back(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    click_named(qtbot, window, "palette.close")
    assert visible(window) == SHOWN["train"] - {"palette"}
    pick(qtbot, window.commands.menu("View/Panels"), "Layers")
    assert visible(window) == SHOWN["train"]
    click_named(qtbot, window, "palette.close")
    keys(qtbot, window, "Ctrl+L")  # a command that needs it brings it back too
    assert window.palette_panel.search.hasFocus()
    assert not window.docks["palette"].isHidden()


def test_layout_and_theme_are_remembered(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    choose(qtbot, window, "view.theme.dark")
    click_named(qtbot, window, "confusion.close")
    window.docks["data"].setFloating(True)
    window.close()
    assert not window.isVisible()
    other = open_window()
    assert other.session.theme.mode == "dark"
    assert other.commands.actions["view.theme.dark"].isChecked()
    assert not other.commands.actions["view.theme.light"].isChecked()
    assert visible(other) == SHOWN["train"] - {"confusion"}
    assert other.docks["data"].isFloating()


def colors_of(window: MainWindow) -> Counter[str]:
    """How often each colour is in a picture of the window, of every ninth pixel."""
    image = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    places = [(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)]
    return Counter(image.pixelColor(x, y).name() for x, y in places)


def test_themes_change_everything_that_is_drawn(full_window: MainWindow, qtbot: QtBot) -> None:
    window = full_window
    for mode, colors, others in (("light", LIGHT, DARK), ("dark", DARK, LIGHT)):
        choose(qtbot, window, f"view.theme.{mode}")
        drawn(qtbot, window)
        assert window.palette().window().color() == QColor(colors.window)
        for name in ("loss", "accuracy"):
            plot = window.panels[name].plot
            assert plot.backgroundBrush().color() == QColor(colors.panel)
        seen = colors_of(window)
        assert seen.most_common(1)[0][0] == colors.panel
        assert seen[colors.window] > seen.total() / 50
        # pictures of samples are in black and white in any theme
        strange = seen[others.window] + seen[others.border] + seen[others.hover]
        assert strange < seen.total() / 1000
    choose(qtbot, window, "view.theme.system")
    assert window.session.theme.colors in (LIGHT, DARK)


# -- messages


def test_a_fault_of_the_program_is_told_with_its_details(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window()
    window.tell_failure(ZeroDivisionError("by hand"), False)
    box = dialog(qtbot, window, "dialog.crash")
    assert "by hand" in box.text()
    assert "ZeroDivisionError: by hand" in box.detailedText()
    click(qtbot, box.buttons()[0])
    keys(qtbot, box, "Esc")
    wait_gone(qtbot, box)
    assert window.isVisible()
