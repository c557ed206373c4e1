"""A file gets the ending of the chosen kind of file when none is typed."""

from pathlib import Path

import pytest
from gestures import OpenWindow, choose_file, dialog
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from workbench.ui import dialogs

KINDS = "PyTorch (*.pt *.pth);;safetensors (*.safetensors)"


@pytest.mark.parametrize(
    ("kind", "typed", "expected"),
    [
        (0, "weights", "weights.pt"),
        (1, "weights", "weights.safetensors"),
        (1, "weights.pth", "weights.pth"),
    ],
)
def test_the_ending_follows_the_filter(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, kind: int, typed: str, expected: str
) -> None:
    window = open_window()
    chosen: list[Path] = []
    dialogs.ask_new_file(window, "dialog.kinds", "Save", KINDS, "model.pt", chosen.append)
    box = dialog(qtbot, window, "dialog.kinds")
    assert isinstance(box, QFileDialog)
    filters = box.nameFilters()
    box.selectNameFilter(filters[kind])
    box.filterSelected.emit(filters[kind])  # as the list does when a person picks from it
    choose_file(qtbot, window, "dialog.kinds", tmp_path / typed)
    assert chosen == [tmp_path / expected]
