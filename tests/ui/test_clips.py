"""What comes over the clipboard or a drag from elsewhere: it may be anything."""

import json

import pytest
from gestures import OpenWindow, between, drop, keys
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from workbench.catalog.layers.activation import ReLU
from workbench.catalog.layers.blocks import Group
from workbench.core.errors import UserError
from workbench.core.model import ModelSpec
from workbench.ui.clips import MIME, layers_mime, layers_of

MODEL = ModelSpec(layers=(ReLU(),)).model_dump(mode="json")
NONE = [3, None, [5], [[[1]]], [["a"]], [[1.5]], [[True]], {"a": 1}]


def mime(paths: object) -> QMimeData:
    made = QMimeData()
    made.setData(MIME, json.dumps({"model": MODEL, "paths": paths}).encode())
    return made


def test_paths_come_along() -> None:
    assert layers_of(layers_mime([ReLU(name="a")], [(0, 1, 2)])) == ((ReLU(name="a"),), [(0, 1, 2)])


@pytest.mark.parametrize("paths", NONE)
def test_paths_that_are_none(paths: object) -> None:
    with pytest.raises(UserError, match="holds no layers"):
        layers_of(mime(paths))


def test_such_paths_are_told(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    before = window.session.document.project
    told: list[str] = []
    window.session.failed.connect(lambda error, _: told.append(str(error)))
    for paths in NONE:
        QGuiApplication.clipboard().setMimeData(mime(paths))
        keys(qtbot, window.network.view, "Ctrl+V")
        drop(window.network.view, mime(paths), between(window, 0), Qt.DropAction.MoveAction)
    assert told == ["The clipboard holds no layers."] * len(NONE)
    assert window.session.document.project == before


def test_wrapping_without_a_selection(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    before = window.session.document.project
    said: list[str] = []
    window.session.said.connect(said.append)
    window.network.view.select([])
    window.network.edits.wrap(Group)
    assert said == ["Select layers that follow one another to wrap them."]
    assert window.session.document.project == before
