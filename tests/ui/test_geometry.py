"""The drawing of windows: its numbers against torch, and itself in the Layer panel."""

import numpy as np
import pytest
import torch
from gestures import OpenWindow, select, type_over, widget
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot
from strategies import specs
from torch import nn

from workbench.core.layer import LayerSpec, Shape
from workbench.core.walk import walk
from workbench.ui.geometry import Geometry, geometry
from workbench.ui.geometry_drawing import GeometryDrawing
from workbench.ui.theme import Theme

CHOICES = LayerSpec.choices()
DRAWN = settings(max_examples=30, deadline=None, derandomize=True, database=None)
WINDOWS = ["Conv1d", "Conv2d", "AvgPool1d", "AvgPool2d", "ConvTranspose1d", "ConvTranspose2d"]


def geometry_of(spec: LayerSpec, shape: Shape) -> Geometry | None:
    return geometry(walk((spec,), shape)[0])


def seen_by_torch(spec: LayerSpec, shape: Shape, place: tuple[int, ...]) -> set[tuple[int, ...]]:
    """The inputs on which the output at `place` depends; of a transposed convolution the outputs
    on which the input there has an influence, which are the same thing the other way round."""
    module = spec.module(nn, shape)
    for parameter in module.parameters():
        nn.init.ones_(parameter)
    x = torch.ones(1, *shape, requires_grad=True)
    if spec.kind.startswith("ConvTranspose"):
        x = torch.zeros(1, *shape)
        x[(0, 0, *place)] = 1.0
        y = module(x) - module(torch.zeros_like(x))
        return {tuple(at) for at in y[0].abs().sum(dim=0).nonzero().tolist()}
    module(x)[(0, 0, *place)].backward()
    assert x.grad is not None
    return {tuple(at) for at in x.grad[0].abs().sum(dim=0).nonzero().tolist()}


@pytest.mark.parametrize("kind", WINDOWS)
def test_the_marked_cells_are_those_that_count_for_torch(kind: str) -> None:
    @DRAWN
    @given(specs(CHOICES[kind]), st.sampled_from([7, 12]), st.sampled_from([5, 12]))
    def check(spec: LayerSpec, height: int, width: int) -> None:
        shape = (12, height) if kind.endswith("1d") else (12, height, width)
        found = geometry_of(spec, shape)
        assume(found is not None)
        assume(getattr(spec, "padding_mode", "zeros") == "zeros")
        assert found
        marked = [
            {cell - axis.padding for cell in range(axis.padded) if axis.is_covered(cell)}
            & set(range(axis.fine))
            for axis in found.axes
        ]
        seen = seen_by_torch(spec, shape, tuple(axis.place for axis in found.axes))
        for number, cells in enumerate(marked):
            if all(marked):
                assert {at[number] for at in seen} == cells

    check()


@pytest.mark.parametrize(
    ("kind", "arguments", "shape", "told"),
    [
        ("Conv2d", {"padding": 1}, (1, 28, 28), "1 × 1 are added on each side."),
        ("MaxPool2d", {}, (4, 28, 28), "2 × 2 at a time, and makes 14 × 14 outputs."),
        ("ConvTranspose2d", {"stride": 2}, (8, 7, 7), "Each of the 7 × 7 inputs spreads"),
        ("Conv1d", {"dilation": 3}, (1, 64), "Its cells are 3 apart."),
        ("Conv3d", {}, (1, 8, 16, 16), "Along the depth it is 3 long."),
    ],
)
def test_it_is_told_in_words(
    kind: str, arguments: dict[str, object], shape: Shape, told: str
) -> None:
    found = geometry_of(CHOICES[kind](**arguments), shape)
    assert found
    assert told in found.words()


@pytest.mark.parametrize("kernel", [1, 3, 16, 31])
@pytest.mark.parametrize("width", [130, 260, 600])
def test_it_is_drawn_within_its_room(qtbot: QtBot, kernel: int, width: int) -> None:
    drawing = GeometryDrawing(Theme("light"))
    qtbot.addWidget(drawing)
    spec = CHOICES["Conv2d"](kernel_size=kernel, stride=4, padding=1)
    drawing.show_geometry(geometry_of(spec, (3, 64, 64)))
    drawing.resize(width, drawing.heightForWidth(width))
    image = drawing.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width())
    y, x = np.nonzero(pixels == QColor(drawing._theme.colors.accent).rgb())
    assert x.size
    assert x.max() < image.width() - 1
    assert y.max() < image.height() - 12  # the sizes stand below


def test_the_panel_draws_the_window_of_the_layer(qtbot: QtBot, open_window: OpenWindow) -> None:
    window = open_window()
    select(qtbot, window, 0)
    drawing = widget(window, "layer.geometry")
    assert drawing.isVisible()
    assert "A window of 3 × 3 goes over 28 × 28 inputs" in drawing.accessibleName()
    line = window.layer.findChild(QLineEdit, "layer.form.kernel_size")
    assert line
    type_over(qtbot, line, "5")
    assert "A window of 5 × 5" in drawing.accessibleName()
    select(qtbot, window, 1)
    assert not drawing.isVisible()
    select(qtbot, window, 2)
    assert "makes 13 × 13 outputs" in drawing.accessibleName()
