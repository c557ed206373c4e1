"""Building a network by mouse and keys."""

import json
from collections.abc import Callable

import pytest
import torch
from gestures import (
    OpenWindow,
    append,
    between,
    card,
    click,
    click_named,
    drawn,
    drop,
    keys,
    palette_item,
    select,
    type_over,
    wait_gone,
)
from PySide6.QtCore import QEvent, QMimeData, QRect, Qt
from PySide6.QtGui import QAccessible, QContextMenuEvent, QGuiApplication, QHelpEvent
from PySide6.QtWidgets import QApplication, QMenu, QToolTip
from pytestqt.qtbot import QtBot
from torch import nn

from workbench.core.data import DatasetSpec
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec, Step
from workbench.core.project import Project
from workbench.core.template import Template
from workbench.ui.fault_strip import fix_rects, more_rect
from workbench.ui.main_window import MainWindow
from workbench.ui.offers import fix_label, outcome
from workbench.ui.stack import STEP

COPY, MOVE = Qt.DropAction.CopyAction, Qt.DropAction.MoveAction


def digits(*kinds: str) -> Project:
    """A project on digits with layers of these kinds."""
    project = Template.shelf["mlp"].project()
    layers = tuple(LayerSpec.named(kind)() for kind in kinds)
    return project.replace(model=ModelSpec(layers=layers))


def kinds(window: MainWindow) -> list[str]:
    return [layer.kind for layer in window.session.document.project.model.layers]


def names(window: MainWindow) -> list[str]:
    return [layer.name for layer in window.session.document.project.model.layers]


def step(window: MainWindow, row: int) -> Step:
    """What the card at `row` shows."""
    return window.network.stack.index(row + 1).data(STEP)


def spoken(window: MainWindow, row: int) -> str:
    """What a screen reader says of a card."""
    card(window, row)
    view = QAccessible.queryAccessibleInterface(window.network.view)
    children = map(view.child, range(view.childCount()))
    cards = [child for child in children if child.role() == QAccessible.Role.TreeItem]
    return cards[row + 1].text(QAccessible.Text.Name)


def test_a_network_grows_from_an_empty_stack(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(Project(**{**dict(digits()), "data": DatasetSpec.named("Digits")()}))
    assert kinds(window) == []
    append(qtbot, window, "Conv2d")
    append(qtbot, window, "ReLU")
    tree = window.palette_panel.tree
    tree.setCurrentItem(palette_item(window, "MaxPool2d"))
    qtbot.keyClick(tree, Qt.Key.Key_Return)
    keys(qtbot, window.network.view, "Ctrl+L")
    search = window.palette_panel.search
    assert search.hasFocus()
    for kind in ("flat", "linear"):
        qtbot.keyClick(search, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        qtbot.keyClicks(search, kind)
        qtbot.keyClick(search, Qt.Key.Key_Return)
    assert kinds(window) == ["Conv2d", "ReLU", "MaxPool2d", "Flatten", "Linear"]
    assert names(window) == ["conv1", "relu1", "pool1", "flatten1", "fc1"]
    by_hand = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(144, 10)
    )
    sample = torch.zeros(1, 1, 8, 8)
    for row, module in enumerate(by_hand):
        sample = module(sample)
        assert step(window, row).out_shape == tuple(sample.shape[1:])
        assert step(window, row).parameters == sum(p.numel() for p in module.parameters())
    total = sum(p.numel() for p in by_hand.parameters())
    assert window.network.info.text().startswith(f"{total:,} parameters · ")


def test_a_card_is_told_to_a_screen_reader(open_window: OpenWindow) -> None:
    window = open_window(digits("Conv2d", "Linear"))
    assert spoken(window, -1) == "Input, Digits (8×8 scans), 1 × 8 × 8"
    assert spoken(window, 0).startswith("Conv2d conv1, 16 kernels 3×3")
    assert spoken(window, 0).endswith("output 16 × 6 × 6, 160 parameters")
    assert spoken(window, 1) == "Linear fc1 gets 16 × 6 × 6, needs a flat vector."


def test_a_layer_is_dragged_from_the_palette(open_window: OpenWindow) -> None:
    window = open_window(digits("Flatten", "Linear"))
    item = palette_item(window, "ReLU")
    mime = window.palette_panel.tree.mimeData([item])
    drop(window.network.view, mime, between(window, 1), COPY)
    assert kinds(window) == ["Flatten", "ReLU", "Linear"]
    assert window.network.view.chosen() == [(1,)]
    drop(window.network.view, mime, window.network.view.viewport().rect().bottomLeft(), COPY)
    assert kinds(window) == ["Flatten", "ReLU", "Linear", "ReLU"]


def test_a_drag_from_elsewhere_changes_nothing(open_window: OpenWindow) -> None:
    window = open_window(digits("Flatten", "Linear"))
    mime = QMimeData()
    mime.setText("Dear Sir or Madam")
    drop(window.network.view, mime, between(window, 1), COPY)
    assert kinds(window) == ["Flatten", "Linear"]


Gesture = Callable[[QtBot, MainWindow], None]


def _pressed(sequence: str) -> Gesture:
    return lambda qtbot, window: keys(qtbot, window.network.view, sequence)


def _dropped(first: int, last: int, before: int) -> Gesture:
    def gesture(qtbot: QtBot, window: MainWindow) -> None:
        stack = window.network.stack
        rows = [stack.index(row + 1) for row in range(first, last + 1)]
        drop(window.network.view, stack.mimeData(rows), between(window, before), MOVE)

    return gesture


def _cut_and_pasted_at_the_end(qtbot: QtBot, window: MainWindow) -> None:
    keys(qtbot, window.network.view, "Ctrl+X")
    assert names(window) == ["flatten1", "fc2"]
    select(qtbot, window, 1)
    keys(qtbot, window.network.view, "Ctrl+V")


# The stack is flatten1, fc1, relu1, fc2, and the two in the middle are selected.
GESTURES: dict[str, tuple[Gesture, list[str], list[int]]] = {
    "Alt+Up": (_pressed("Alt+Up"), ["fc1", "relu1", "flatten1", "fc2"], [0, 1]),
    "Alt+Down": (_pressed("Alt+Down"), ["flatten1", "fc2", "fc1", "relu1"], [2, 3]),
    "drop to the front": (_dropped(1, 2, 0), ["fc1", "relu1", "flatten1", "fc2"], [0, 1]),
    "drop on the last card's top": (_dropped(0, 0, 3), ["fc1", "relu1", "flatten1", "fc2"], [2]),
    "delete": (_pressed("Del"), ["flatten1", "fc2"], [1]),
    "duplicate": (
        _pressed("Ctrl+D"),
        ["flatten1", "fc1", "relu1", "fc3", "relu2", "fc2"],
        [3, 4],
    ),
    "cut": (_pressed("Ctrl+X"), ["flatten1", "fc2"], [1]),
    "cut and paste": (_cut_and_pasted_at_the_end, ["flatten1", "fc2", "fc1", "relu1"], [2, 3]),
}


@pytest.mark.parametrize("gesture", GESTURES)
def test_every_edit_can_be_undone_and_redone(
    open_window: OpenWindow, qtbot: QtBot, gesture: str
) -> None:
    act, expected, selected = GESTURES[gesture]
    window = open_window(digits("Flatten", "Linear", "ReLU", "Linear"))
    document, view = window.session.document, window.network.view
    select(qtbot, window, 1, 2)
    assert window.network.view.chosen() == [(1,), (2,)]
    before = document.project
    act(qtbot, window)
    after = document.project
    assert names(window) == expected
    assert window.network.view.chosen() == [(row,) for row in selected]
    edits = document.undo_stack.count()
    assert edits == (2 if gesture == "cut and paste" else 1)
    for _ in range(edits):
        keys(qtbot, view, "Ctrl+Z")
    assert document.project == before
    assert not window.commands.actions["edit.undo"].isEnabled()
    for _ in range(edits):
        keys(qtbot, view, "Ctrl+Shift+Z")
    assert document.project == after
    assert [spoken(window, row).split()[1].rstrip(",") for row in range(len(expected))] == expected


def test_moves_stop_at_the_ends(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(digits("Flatten", "Linear"))
    for row, sequence in ((0, "Alt+Up"), (1, "Alt+Down")):
        select(qtbot, window, row)
        keys(qtbot, window.network.view, sequence)
    assert names(window) == ["flatten1", "fc1"]
    assert not window.session.document.modified


def test_the_clipboard_speaks_json(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(digits("Flatten", "Linear", "ReLU"))
    select(qtbot, window, 1, 2)
    keys(qtbot, window.network.view, "Ctrl+C")
    copied = json.loads(QGuiApplication.clipboard().text())
    assert [layer["type"] for layer in copied["layers"]] == ["Linear", "ReLU"]
    copied["layers"][0] |= {"out_features": 77, "name": "wide"}
    QGuiApplication.clipboard().setText(json.dumps(copied))  # as from a text editor
    keys(qtbot, window.network.view, "Ctrl+V")
    assert names(window) == ["flatten1", "fc1", "relu1", "wide", "relu2"]
    assert step(window, 3).out_shape == (77,)


def test_pasting_what_is_no_layer_is_told_in_the_banner(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(digits("Flatten", "Linear"))
    foreign = ("", "Dear Sir or Madam", "[1]", '{"layers": [{"type": "Lin"}]}', '{"layers": 3}')
    for text in foreign:
        QGuiApplication.clipboard().setText(text)
        keys(qtbot, window.network.view, "Ctrl+V")
        assert names(window) == ["flatten1", "fc1"]
        assert window.banner.isVisible()
        told = window.banner.text.text()
        assert told.startswith("The clipboard"), text
        assert told.endswith("."), text
        click_named(qtbot, window, "banner.close")
        assert not window.banner.isVisible()


def buttons(window: MainWindow, row: int) -> list[QRect]:
    """Where the fixes of the card at `row` are painted."""
    card(window, row)
    view, stack = window.network.view, window.network.stack
    rects = fix_rects(view.visualRect(stack.index(row + 1)), stack.offers((row,)), view.font())
    assert all(view.viewport().rect().contains(rect) for rect in rects)
    return rects


def test_a_painted_fix_is_clicked(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(digits("Conv2d", "Linear"))
    view, stack = window.network.view, window.network.stack
    qtbot.waitUntil(lambda: window.network.info.text().endswith(" · 1 problem"))
    before = window.session.document.project
    click(qtbot, view, buttons(window, 1)[0].center())
    assert kinds(window) == ["Conv2d", "Flatten", "Linear"]
    assert not any(each.fault for each in stack.steps)
    assert step(window, 2).out_shape == (10,)
    keys(qtbot, view, "Ctrl+Z")
    assert window.session.document.project == before


def test_each_fix_of_a_fault_has_its_button(open_window: OpenWindow, qtbot: QtBot) -> None:
    pools = ["MaxPool2d"] * 4
    window = open_window(digits(*pools, "Flatten", "Linear"))
    told = [fix_label(offer.fix) for offer in window.network.stack.offers((3,))]
    assert told[0] == "Set kernel_size=1"
    painted = len(buttons(window, 3))  # in a narrow panel the others are behind the last button
    assert painted >= 2
    for number, label in enumerate(told[:painted]):
        click(qtbot, window.network.view, buttons(window, 3)[number].center())
        assert not any(each.fault for each in window.network.stack.steps), label
        assert window.session.document.undo_stack.undoText() == label
        keys(qtbot, window.network.view, "Ctrl+Z")
        assert kinds(window) == [*pools, "Flatten", "Linear"]


def test_a_fix_tells_what_comes_of_it_before_it_is_taken(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(digits("Conv2d", "Linear"))
    view = window.network.view
    at = buttons(window, 1)[0].center()
    tip = QHelpEvent(QEvent.Type.ToolTip, at, view.viewport().mapToGlobal(at))
    QApplication.sendEvent(view.viewport(), tip)
    weights = sum(p.numel() for p in nn.Linear(16 * 6 * 6, 10).parameters())
    assert QToolTip.text() == f"→ 10 · +{weights:,} parameters"
    described = window.network.stack.index(2).data(Qt.ItemDataRole.AccessibleDescriptionRole)
    assert described.startswith(f"Insert Flatten → 10 · +{weights:,} parameters; ")
    QToolTip.hideText()


@pytest.mark.parametrize("by", ["key", "button"])
def test_a_faulty_card_lists_its_fixes_in_a_menu(
    open_window: OpenWindow, qtbot: QtBot, by: str
) -> None:
    window = open_window(digits("Conv2d", "Linear"))
    view = window.network.view
    rects = buttons(window, 1)
    if by == "button":
        click(qtbot, view, more_rect(rects).center())
    else:
        select(qtbot, window, 1)
        middle = view.rect().center()
        wanted = QContextMenuEvent(
            QContextMenuEvent.Reason.Keyboard, middle, view.mapToGlobal(middle)
        )
        QApplication.sendEvent(view, wanted)
    menu = window.findChild(QMenu, "stack.menu")
    assert menu
    assert menu.isVisible()
    offers = window.network.stack.offers((1,))
    shown = [action.text() for action in menu.actions()[: len(offers) + 1]]
    assert shown == [*(f"{fix_label(o.fix)}\t{outcome(o)}" for o in offers), ""]
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert kinds(window) == ["Conv2d", "Flatten", "Linear"]
    wait_gone(qtbot, menu)


def test_the_first_problem_is_fixed_by_keys(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(digits("Conv2d", "Linear", "ReLU", "Linear"))
    window.session.document.edit(
        "", window.session.document.project.replace(data=DatasetSpec.named("Iris")())
    )
    fix = window.commands.actions["network.fix"]
    rounds = 0
    while fix.isEnabled() and rounds < 9:
        keys(qtbot, window.network.view, "Ctrl+.")
        rounds += 1
    assert rounds == 2  # the convolution gets a signal or goes, Linear gets three outputs
    assert step(window, len(kinds(window)) - 1).out_shape == (3,)


def test_keys_alone_build_a_network(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(digits("Flatten"))
    view = window.network.view
    view.setFocus()
    keys(qtbot, view, "Ctrl+L")
    search = QGuiApplication.focusObject()
    qtbot.keyClicks(search, "relu")
    qtbot.keyClick(search, Qt.Key.Key_Return)
    qtbot.keyClick(search, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(search, "linear")
    qtbot.keyClick(search, Qt.Key.Key_Return)
    keys(qtbot, search, "Alt+Up")
    assert kinds(window) == ["Flatten", "Linear", "ReLU"]
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert window.network.view.chosen() == [(2,)]
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert window.network.view.chosen() == [(1,)]
    keys(qtbot, view, "Ctrl+D")
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert kinds(window) == ["Flatten", "Linear", "ReLU"]


def test_the_palette_shows_what_is_looked_for(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(digits())
    tree, search = window.palette_panel.tree, window.palette_panel.search
    qtbot.keyClicks(search, "POOL")
    offered = [name for name, kind in LayerSpec.choices().items() if kind.in_palette]
    shown = [kind for kind in offered if not palette_item(window, kind).isHidden()]
    assert shown == [kind for kind in offered if "pool" in kind.casefold()]
    assert {"MaxPool2d", "AdaptiveAvgPool1d"} <= set(shown)
    groups = [tree.topLevelItem(i) for i in range(tree.topLevelItemCount())]
    assert [group.text(0) for group in groups if not group.isHidden()] == ["Pooling"]
    type_over(qtbot, search, "nothing is called so")
    assert kinds(window) == []


def faulty(window: MainWindow) -> list[int]:
    steps = window.network.stack.steps
    return [row for row, step in enumerate(steps) if step.fault]


def test_figures_of_a_faulty_network_say_how_far_they_go(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(Template.shelf["mlp"].project(DatasetSpec.named("Digits")()))
    select(qtbot, window, 0)
    assert "fault" not in window.network.info.text()
    keys(qtbot, window.network.view, "Del")  # the Flatten
    assert faulty(window)
    assert window.network.info.text().startswith("up to the fault: ")
    window.network.show_tab("summary")
    drawn(qtbot, window)
    assert window.network.page("summary").told.text().startswith("Up to the fault: ")
    keys(qtbot, window, "Ctrl+Z")
    assert "fault" not in window.network.info.text()


def test_a_selected_faulty_card_looks_unlike_one_that_is_only_faulty(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(Template.shelf["mlp"].project(DatasetSpec.named("Digits")()))
    select(qtbot, window, 0)
    keys(qtbot, window.network.view, "Del")
    (row, *_) = faulty(window)
    view, other = window.network.view, row + 1
    ground = {}
    for chosen in (row, other):
        select(qtbot, window, chosen)
        rect = view.visualRect(window.network.stack.index(row + 1))
        image = view.viewport().grab(rect).toImage()
        ground[chosen] = image.pixelColor(rect.width() // 2, 8).name()
    assert ground[row] != ground[other]
