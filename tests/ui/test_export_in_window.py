"""Model > Export: a format is chosen, the file is run outside, and what came of it is read."""

from pathlib import Path

import numpy as np
import onnxruntime
from gestures import PATIENCE, OpenWindow, choose, choose_file, click, dialog, keys, wait_gone
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QRadioButton
from pytestqt.qtbot import QtBot

from workbench.core.export_formats import EXPORT_FORMATS
from workbench.core.runs import Run
from workbench.ui.exporting import ExportDialog
from workbench.ui.main_window import MainWindow


def opened(qtbot: QtBot, window: MainWindow) -> ExportDialog:
    window.start()
    qtbot.waitUntil(window.commands.actions["model.export"].isEnabled, timeout=PATIENCE)
    choose(qtbot, window, "model.export")
    shown = dialog(qtbot, window, "dialog.export")
    assert isinstance(shown, ExportDialog)
    return shown


def export(qtbot: QtBot, shown: ExportDialog, window: MainWindow, name: str, path: Path) -> None:
    choice = shown.findChild(QRadioButton, f"dialog.export.{name}")
    assert choice
    click(qtbot, choice, QPoint(8, choice.height() // 2))
    click(qtbot, shown.write)
    choose_file(qtbot, window, "dialog.export_file", path)


def test_an_onnx_file_predicts_what_the_window_showed(
    open_window: OpenWindow, qtbot: QtBot, past_run: Run, tmp_path: Path
) -> None:
    window = open_window(past_run.project())
    shown = opened(qtbot, window)
    assert [choice.text() for choice in shown.choices] == [
        each.title for each in EXPORT_FORMATS.values()
    ]
    assert all(choice.toolTip() for choice in shown.choices)
    assert not shown.bar.isVisible()
    export(qtbot, shown, window, "onnx", tmp_path / "clothes.onnx")
    assert shown.bar.isVisible()
    assert not shown.write.isEnabled()
    qtbot.waitUntil(shown.write.isEnabled, timeout=PATIENCE)
    assert shown.told.text().startswith(f"Saved {tmp_path / 'clothes.onnx'}. Run outside on ")
    assert "it predicts 100% of them as here" in shown.told.text()
    run = window.session.run
    assert run
    raw = run.project().data.unprepared.load()["test"].inputs
    session = onnxruntime.InferenceSession(tmp_path / "clothes.onnx")
    found = session.run(None, {"inputs": raw})[0]
    told = np.load(run.predictions("test", 3))["probabilities"]
    np.testing.assert_allclose(found, told, atol=1e-5)
    keys(qtbot, shown, "Esc")
    wait_gone(qtbot, shown)


def test_a_cancelled_export_leaves_nothing_and_a_wrong_name_is_told(
    open_window: OpenWindow, qtbot: QtBot, past_run: Run, tmp_path: Path
) -> None:
    window = open_window(past_run.project())
    shown = opened(qtbot, window)
    export(qtbot, shown, window, "pt2", tmp_path / "clothes.zip")
    qtbot.waitUntil(shown.write.isEnabled, timeout=PATIENCE)
    assert "ends in .pt2" in shown.told.text()
    assert shown.told.property("fault")
    export(qtbot, shown, window, "python", tmp_path / "clothes")
    keys(qtbot, shown, "Esc")
    wait_gone(qtbot, shown)
    assert window.statusBar().currentMessage() == "The export was cancelled."
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    assert not list(tmp_path.glob("clothes*"))
