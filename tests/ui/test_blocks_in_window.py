"""Blocks in the window: wrapped, folded, dragged into, moved out of, found, and undone."""

import pytest
from gestures import OpenWindow, click, drop, keys
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.template import Template
from workbench.ui.clips import layers_mime
from workbench.ui.main_window import MainWindow

MOVE, COPY = Qt.DropAction.MoveAction, Qt.DropAction.CopyAction


def outline(window: MainWindow) -> list[tuple[int, str]]:
    """Depth and name of every layer, as in the project."""
    model = window.session.document.project.model
    return [(len(path) // 2, layer.name) for path, layer in model.nested()]


def shown(window: MainWindow) -> list[str]:
    """The rows of the view from top to bottom, as far as they are unfolded."""
    view, found = window.network.view, []
    index = window.network.stack.index(0)
    while index.isValid():
        found.append(index.data())
        index = view.indexBelow(index)
    return found


def run(window: MainWindow, name: str) -> None:
    action = window.commands.actions[name]
    assert action.isEnabled()
    action.trigger()


@pytest.fixture
def window(open_window: OpenWindow) -> MainWindow:
    project = Template.shelf["mlp"].project()
    kinds = ("Flatten", "Linear", "ReLU", "Linear", "Linear")
    layers = tuple(LayerSpec.named(kind)() for kind in kinds)
    return open_window(project.replace(model=ModelSpec(layers=layers)))


def middle(window: MainWindow, *path: int) -> QPoint:
    index = window.network.stack.index_of(path)
    window.network.view.scrollTo(index)
    return window.network.view.visualRect(index).center()


def click_range(qtbot: QtBot, window: MainWindow, first: int, last: int) -> None:
    view = window.network.view
    click(qtbot, view, middle(window, first))
    shift = Qt.KeyboardModifier.ShiftModifier
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, shift, middle(window, last))


WRAPPED = [(0, "flatten1"), (0, "group1"), (1, "fc1"), (1, "relu1"), (0, "fc2"), (0, "fc3")]


def test_neighbours_are_wrapped_and_unwrapped(qtbot: QtBot, window: MainWindow) -> None:
    before = window.session.document.project
    click_range(qtbot, window, 1, 2)
    keys(qtbot, window.network.view, "Ctrl+G")
    assert outline(window) == WRAPPED
    assert window.network.view.chosen() == [(1,)]
    assert shown(window)[2:5] == ["Group group1", "Linear fc1", "ReLU relu1"]
    keys(qtbot, window.network.view, "Ctrl+Shift+G")
    assert window.session.document.project == before
    assert window.network.view.chosen() == [(1,), (2,)]
    keys(qtbot, window.network.view, "Ctrl+Z")
    assert outline(window) == WRAPPED


def test_layers_that_do_not_follow_one_another_are_not_wrapped(
    qtbot: QtBot, window: MainWindow
) -> None:
    before = window.session.document.project
    view = window.network.view
    click(qtbot, view, middle(window, 0))
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, control, middle(window, 2))
    with qtbot.waitSignal(window.session.said) as said:
        keys(qtbot, view, "Ctrl+G")
    assert said.args == ["Select layers that follow one another to wrap them."]
    assert window.session.document.project == before


def test_layers_move_into_a_block_and_out_again_by_keys(qtbot: QtBot, window: MainWindow) -> None:
    click_range(qtbot, window, 1, 2)
    keys(qtbot, window.network.view, "Ctrl+G")
    click(qtbot, window.network.view, middle(window, 2))
    keys(qtbot, window.network.view, "Alt+Right")
    assert outline(window)[1:] == [
        (0, "group1"),
        (1, "fc1"),
        (1, "relu1"),
        (1, "fc2"),
        (0, "fc3"),
    ]
    assert window.network.view.chosen() == [(1, 0, 2)]
    keys(qtbot, window.network.view, "Alt+Up")
    assert [name for _, name in outline(window)][2:5] == ["fc1", "fc2", "relu1"]
    keys(qtbot, window.network.view, "Alt+Left")
    assert outline(window) == WRAPPED
    assert window.network.view.chosen() == [(2,)]


def test_a_layer_is_dragged_into_a_block_and_a_branch(qtbot: QtBot, window: MainWindow) -> None:
    click(qtbot, window.network.view, middle(window, 1))
    run(window, "network.wrap.branches")
    view, stack = window.network.view, window.network.stack
    second = stack.index(1, 0, stack.index_of((1,)))
    assert second.data() == "Branch 2"
    drop(view, stack.mimeData([stack.index_of((2,))]), view.visualRect(second).center(), MOVE)
    assert outline(window)[1:4] == [(0, "branches1"), (1, "fc1"), (1, "relu1")]
    assert window.network.view.chosen() == [(1, 1, 0)]
    drop(view, layers_mime([LayerSpec.named("Tanh")()]), middle(window, 1), COPY)
    assert outline(window)[1:5] == [(0, "branches1"), (1, "fc1"), (1, "tanh1"), (1, "relu1")]


def test_a_block_is_not_dragged_into_itself(qtbot: QtBot, window: MainWindow) -> None:
    click_range(qtbot, window, 1, 2)
    keys(qtbot, window.network.view, "Ctrl+G")
    before = window.session.document.project
    view, stack = window.network.view, window.network.stack
    drop(view, stack.mimeData([stack.index_of((1,))]), middle(window, 1), MOVE)
    assert window.session.document.project == before


def test_blocks_are_folded_by_their_arrow_by_keys_and_all_at_once(
    qtbot: QtBot, window: MainWindow
) -> None:
    click_range(qtbot, window, 1, 2)
    keys(qtbot, window.network.view, "Ctrl+G")
    full = shown(window)
    view = window.network.view
    rect = view.visualRect(window.network.stack.index_of((1,)))
    click(qtbot, view, QPoint(rect.left() + 20, rect.top() + 20))
    folded = [row for row in full if row not in ("Linear fc1", "ReLU relu1")]
    assert shown(window) == folded
    click(qtbot, view, middle(window, 1))
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert shown(window) == full
    run(window, "network.fold")
    assert shown(window) == folded
    run(window, "network.unfold")
    assert shown(window) == full


def test_a_new_layer_goes_where_the_selection_is(qtbot: QtBot, window: MainWindow) -> None:
    click_range(qtbot, window, 1, 2)
    keys(qtbot, window.network.view, "Ctrl+G")
    click(qtbot, window.network.view, middle(window, 1, 0, 0))
    window.palette_panel.wanted.emit(LayerSpec.named("Tanh")())
    assert outline(window)[1:5] == [(0, "group1"), (1, "fc1"), (1, "tanh1"), (1, "relu1")]
    keys(qtbot, window.network.view, "Ctrl+C")
    click(qtbot, window.network.view, middle(window, 3))
    keys(qtbot, window.network.view, "Ctrl+V")
    assert outline(window)[-1] == (0, "tanh2")


def test_selecting_all_and_deleting_leaves_an_empty_network(
    qtbot: QtBot, window: MainWindow
) -> None:
    click_range(qtbot, window, 1, 2)
    keys(qtbot, window.network.view, "Ctrl+G")
    keys(qtbot, window.network.view, "Ctrl+A")
    keys(qtbot, window.network.view, "Del")
    assert outline(window) == []
    keys(qtbot, window.network.view, "Ctrl+Z")
    assert outline(window) == WRAPPED


def test_the_form_of_a_block_edits_it(qtbot: QtBot, window: MainWindow) -> None:
    click(qtbot, window.network.view, middle(window, 2))
    run(window, "network.wrap.repeat")
    line = window.findChild(type(window.palette_panel.search), "layer.form.times")
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "5")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    block = window.session.document.project.model.at((2,))
    assert (block.kind, block.rounds) == ("Repeat", 5)
    assert [layer.name for layer in block.stacks[0]] == ["relu1"]


def test_a_layer_is_found_by_name_or_type(qtbot: QtBot, window: MainWindow) -> None:
    view = window.network.view
    view.setFocus()
    keys(qtbot, view, "Ctrl+F")
    line = QGuiApplication.focusObject()
    qtbot.keyClicks(line, "linear")
    bar = window.network.find_bar
    assert (view.chosen(), bar.told.text()) == ([(1,)], "1 / 3")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert (view.chosen(), bar.told.text()) == ([(3,)], "2 / 3")
    qtbot.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert view.chosen() == [(1,)]
    qtbot.keyClicks(line, "x")
    assert bar.told.text() == "no such layer"
    assert bar.told.property("fault")
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert QApplication.focusWidget() is view


def test_branches_come_and_go(qtbot: QtBot, window: MainWindow) -> None:
    click(qtbot, window.network.view, middle(window, 2))
    assert not window.commands.actions["network.branch"].isEnabled()
    run(window, "network.wrap.branches")
    run(window, "network.branch")
    assert shown(window)[3:8] == [
        "Branches branches1",
        "Branch 1",
        "ReLU relu1",
        "Branch 2",
        "Branch 3",
    ]
    stack, view = window.network.stack, window.network.view
    second = stack.index(1, 0, stack.index_of((2,)))
    click(qtbot, view, view.visualRect(second).center())
    keys(qtbot, view, "Del")
    block = window.session.document.project.model.at((2,))
    assert [len(branch) for branch in block.stacks] == [1, 0]
    keys(qtbot, view, "Ctrl+Z")
    assert len(window.session.document.project.model.at((2,)).stacks) == 3


def test_a_choice_among_words_is_a_list(qtbot: QtBot, window: MainWindow) -> None:
    click(qtbot, window.network.view, middle(window, 2))
    run(window, "network.wrap.branches")
    box = window.findChild(QComboBox, "layer.form.merge")
    assert [box.itemText(row) for row in range(box.count())] == ["concatenate", "add", "multiply"]
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    assert window.session.document.project.model.at((2,)).merge == "add"


@pytest.mark.parametrize("row", [0, 1, 2])
@pytest.mark.parametrize("how", ["Del", "Ctrl+X", "undo"])
def test_the_current_layer_of_a_faulty_network_goes(
    open_window: OpenWindow, qtbot: QtBot, row: int, how: str
) -> None:
    project = Template.shelf["mlp"].project()
    kinds = (LayerSpec.named("ReLU")(), LayerSpec.named("ReLU")(), LayerSpec.named("Linear")())
    window = open_window(project)
    document, view = window.session.document, window.network.view
    document.edit("faulty", project.replace(model=ModelSpec(layers=kinds)))
    click(qtbot, view, middle(window, row))
    if how == "undo":
        keys(qtbot, view, "Ctrl+D")
        click(qtbot, view, middle(window, row + 1))
        keys(qtbot, view, "Ctrl+Z")
        assert len(outline(window)) == 3
    else:
        keys(qtbot, view, how)
        assert len(outline(window)) == 2
    assert view.chosen() or how == "undo"  # then the rows that were selected are gone
