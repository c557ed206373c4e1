"""The form of the selected layer: what is typed is the network, or a sentence says why not."""

import pytest
import torch
from gestures import OpenWindow, choose, click, keys, select, type_over, widget
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot
from torch import nn

from workbench.catalog.layers.opaque import Opaque
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.template import Template
from workbench.ui.main_window import MainWindow
from workbench.ui.text import capital

CONV, RELU, POOL = 0, 1, 2


def field(window: MainWindow, name: str) -> QLineEdit:
    """The editor of a field of the selected layer."""
    found = window.layer.form.findChild(QLineEdit, f"layer.form.{name}")
    assert found is not None, name
    return found


def complaint(window: MainWindow, name: str) -> str:
    """What is said below a field, if it is seen."""
    row = widget(window, f"layer.form.{name}").parentWidget()
    (label,) = row.findChildren(QLabel)
    return label.text() if label.isVisible() else ""


def layer(window: MainWindow, row: int) -> LayerSpec:
    return window.session.document.project.model.layers[row]


@pytest.fixture
def window(open_window: OpenWindow, qtbot: QtBot) -> MainWindow:
    """The small CNN, its first convolution selected by a click."""
    window = open_window(Template.shelf["small_cnn"].project())
    select(qtbot, window, CONV)
    return window


def test_the_form_shows_the_layer_that_is_clicked(window: MainWindow, qtbot: QtBot) -> None:
    shown = {line.objectName(): line.text() for line in window.layer.form.findChildren(QLineEdit)}
    assert shown == {
        "layer.form.name": "conv1",
        "layer.form.out_channels": "16",
        "layer.form.kernel_size": "3",
        "layer.form.stride": "1",
        "layer.form.padding": "1",
        "layer.form.dilation": "1",
        "layer.form.groups": "1",
    }
    assert window.layer.form.findChild(QCheckBox, "layer.form.bias").isChecked()
    assert widget(window, "layer.heading").text() == "Conv2d"
    assert "28 + 2·1 − 3" in widget(window, "layer.formula").text()
    select(qtbot, window, POOL)
    assert widget(window, "layer.heading").text() == "MaxPool2d"
    assert field(window, "stride").text() == ""
    select(qtbot, window, -1)
    assert widget(window, "layer.heading").text() == "Input"
    assert not window.layer.form.isVisible()


def test_a_kernel_size_is_typed(window: MainWindow, qtbot: QtBot) -> None:
    before = window.session.document.project
    ways = {"5": 5, "3 × 5": (3, 5), "3x5": (3, 5), "5, 3": (5, 3), " 7 ": 7}
    for typed, kernel_size in ways.items():
        type_over(qtbot, field(window, "kernel_size"), typed)
        assert layer(window, CONV) == before.model.layers[CONV].replace(kernel_size=kernel_size)
        module = nn.Conv2d(1, 16, kernel_size, padding=1)
        step = window.network.stack.steps[CONV]
        assert step.out_shape == tuple(module(torch.zeros(1, 1, 28, 28)).shape[1:])
        assert step.parameters == sum(p.numel() for p in module.parameters())
        assert complaint(window, "kernel_size") == ""
        keys(qtbot, window.network.view, "Ctrl+Z")
        assert window.session.document.project == before
        assert field(window, "kernel_size").text() == "3"


WRONG = [
    ("kernel_size", "0", "Kernel size must be at least 1."),
    ("kernel_size", "-3", "Kernel size must be at least 1."),
    ("kernel_size", "2.5", "Kernel size must be a whole number."),
    ("kernel_size", "big", "Kernel size must be a whole number."),
    ("kernel_size", "", "Kernel size must be a whole number."),
    ("kernel_size", "1, 2, 3", "Kernel size must have at most 2 values."),
    ("out_channels", "10000000", "must be at most 1,000,000."),
    ("padding", "some", "Padding must be a whole number or 'same'."),
    ("name", "2nd", "not a Python name"),
    ("name", "forward", "torch.nn.Module uses itself"),
    ("name", "relu1", "Another layer is named relu1 already."),
]


def test_a_wrong_value_is_told_below_its_field_and_changes_nothing(
    window: MainWindow, qtbot: QtBot
) -> None:
    before = window.session.document.project
    for name, typed, told in WRONG:
        was = field(window, name).text()
        type_over(qtbot, field(window, name), typed)
        assert told.casefold() in complaint(window, name).casefold(), (name, typed)
        assert window.session.document.project == before
        assert not window.session.document.modified
        assert field(window, name).text() == typed  # to be mended, not typed again
        type_over(qtbot, field(window, name), was)
        assert complaint(window, name) == ""
        assert not window.session.document.modified


def test_a_value_is_taken_over_when_its_field_is_left(window: MainWindow, qtbot: QtBot) -> None:
    line = field(window, "out_channels")
    line.setFocus()
    qtbot.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(line, "24")
    qtbot.keyClick(line, Qt.Key.Key_Tab)
    assert field(window, "kernel_size").hasFocus()
    assert layer(window, CONV).arguments((1, 28, 28))["out_channels"] == 24


def test_a_name_is_typed(window: MainWindow, qtbot: QtBot) -> None:
    type_over(qtbot, field(window, "name"), "first_edges")
    assert layer(window, CONV).name == "first_edges"
    assert window.session.document.undo_stack.undoText() == "Change name of first_edges"
    select(qtbot, window, RELU)
    select(qtbot, window, CONV)
    assert field(window, "name").text() == "first_edges"


def test_a_box_is_ticked_off(window: MainWindow, qtbot: QtBot) -> None:
    box = window.layer.form.findChild(QCheckBox, "layer.form.bias")
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert window.network.stack.steps[CONV].parameters == 16 * 9
    assert layer(window, CONV).arguments((1, 28, 28))["bias"] is False


def test_emptying_an_optional_field_gives_it_back_its_default(
    window: MainWindow, qtbot: QtBot
) -> None:
    select(qtbot, window, POOL)
    type_over(qtbot, field(window, "stride"), "1")
    assert window.network.stack.steps[POOL].out_shape == (16, 27, 27)
    type_over(qtbot, field(window, "stride"), "")
    assert window.network.stack.steps[POOL].out_shape == (16, 14, 14)


def test_a_fault_is_told_in_the_form_too(window: MainWindow, qtbot: QtBot) -> None:
    type_over(qtbot, field(window, "groups"), "3")
    sentence = widget(window, "layer.fault").text()
    assert sentence.startswith("Has groups=3, which must divide")
    (fault,) = [step.fault for step in window.network.stack.steps if step.fault]
    assert capital(str(fault)) == sentence
    select(qtbot, window, RELU)
    assert widget(window, "layer.fault").text() == ""


def test_keys_in_a_field_do_not_reach_the_layers(window: MainWindow, qtbot: QtBot) -> None:
    line = field(window, "kernel_size")
    click(qtbot, line)
    before = window.session.document.project
    for sequence in ("Del", "Ctrl+X", "Ctrl+V", "Ctrl+A"):
        keys(qtbot, line, sequence)
    assert window.session.document.project == before
    assert line.selectedText() == line.text()


def test_an_empty_stride_shows_the_one_in_force(window: MainWindow, qtbot: QtBot) -> None:
    kinds = [layer.kind for layer in window.session.document.project.model.layers]
    select(qtbot, window, kinds.index("MaxPool2d"))
    stride = field(window, "stride")
    type_over(qtbot, field(window, "kernel_size"), "3")
    assert (stride.text(), stride.placeholderText()) == ("", "3")
    type_over(qtbot, field(window, "kernel_size"), "3 x 2")
    assert stride.placeholderText() == "3 × 2"
    type_over(qtbot, stride, "1")
    assert stride.text() == "1"


def test_long_code_is_shown_in_lines_and_kept_whole(open_window: OpenWindow, qtbot: QtBot) -> None:
    definitions = "def f(x):\n" + "    x = x + 1\n" * 4_000 + "    return x\n"
    kept = Opaque(definitions=definitions, statements="x = f(x)")
    project = Template.shelf["small_cnn"].project()
    window = open_window(project.replace(model=ModelSpec(layers=(kept,))))
    select(qtbot, window, 0)
    form = window.layer.form
    code = form.findChild(QPlainTextEdit, "layer.form.definitions")
    lines = form.findChild(QPlainTextEdit, "layer.form.statements")
    assert code.toPlainText() == definitions
    code.setFocus()
    keys(qtbot, code, "Tab")
    assert not code.hasFocus()
    assert window.session.document.undo_stack.count() == 0
    lines.setFocus()
    lines.moveCursor(QTextCursor.MoveOperation.End)
    qtbot.keyClick(lines, Qt.Key.Key_Return)
    qtbot.keyClicks(lines, "x = -x")
    assert layer(window, 0).statements == "x = f(x)"  # while it is typed
    code.setFocus()
    assert layer(window, 0).statements == "x = f(x)\nx = -x"
    assert layer(window, 0).definitions == definitions
    code.moveCursor(QTextCursor.MoveOperation.End)
    qtbot.keyClicks(code, "pass")
    choose(qtbot, window, "edit.duplicate")  # a command ends the typing
    assert layer(window, 0).definitions == definitions + "pass"
