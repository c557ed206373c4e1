"""The space of a trained network, driven by the mouse in the window."""

from pathlib import Path

import numpy as np
import pytest
from gestures import LEFT, PATIENCE, OpenWindow, click, drawn, take
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.core.data import DatasetSpec
from workbench.core.project import Project
from workbench.core.runs import Run, create_run
from workbench.core.template import Template
from workbench.engine.asked import model_of
from workbench.engine.remote import Engines


@pytest.fixture(scope="module")
def moons(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Run:
    project = Template.shelf["mlp"].project(DatasetSpec.named("Moons")())
    project = project.replace(train=project.train.replace(epochs=5))
    run = create_run(project, tmp_path_factory.mktemp("runs"))
    for _ in engines.remote("sinks.train", project, run.folder):
        pass
    return run


def opened(qtbot: QtBot, open_window: OpenWindow, project: Project, weights: Path, name: str):
    window = open_window(project)
    window.start()
    window.session.hold(weights, project)
    dock = window.docks[name]
    dock.setVisible(True)
    dock.setFloating(True)
    dock.resize(480, 420)
    panel = window.panels[name]
    qtbot.waitUntil(lambda: panel.found is not None, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    drawn(qtbot, window)
    return window, panel


def circle(plot, corners: list[QPoint], modifier=Qt.KeyboardModifier.NoModifier) -> None:
    target = plot.viewport()
    QTest.mousePress(target, LEFT, modifier, corners[0])
    for corner in corners[1:]:
        QTest.mouseMove(target, corner)
    QTest.mouseRelease(target, LEFT, modifier, corners[-1])


def test_samples_are_circled_and_told_at_the_mouse(
    qtbot: QtBot, open_window: OpenWindow, trained: Run
) -> None:
    project = trained.project()
    window, panel = opened(qtbot, open_window, project, trained.best, "embedding")
    plot, targets = panel.plot, project.data.load()["val"].targets
    assert len(panel.found.points) == len(targets)
    chosen: list[tuple[str, np.ndarray]] = []
    panel.chosen.connect(chosen.append)
    pixel = plot.at(3).toPoint()
    click(qtbot, plot.viewport(), pixel)
    assert chosen[-1][0] == "val"
    np.testing.assert_array_equal(chosen[-1][1], [plot.nearest(QPointF(pixel))])
    box = plot.viewport().rect().adjusted(1, 1, -1, -1)
    corners = [box.topLeft(), box.topRight(), box.bottomRight(), box.bottomLeft()]
    circle(plot, corners)
    assert sorted(chosen[-1][1]) == list(range(len(targets)))
    QTest.mouseMove(plot.viewport(), pixel)
    qtbot.waitUntil(panel.thumbnail.isVisible, timeout=PATIENCE)
    assert not panel.thumbnail.pixmap().isNull()
    take(qtbot, panel.color, "By error")
    take(qtbot, panel.method, "t-SNE")
    qtbot.waitUntil(lambda: panel.found.method == "tsne", timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)


def test_a_click_adds_a_point_that_is_predicted(
    qtbot: QtBot, open_window: OpenWindow, moons: Run
) -> None:
    import torch

    project = moons.project()
    window, panel = opened(qtbot, open_window, project, moons.best, "boundary")
    click(qtbot, panel.plot.viewport(), panel.plot.viewport().rect().center())
    qtbot.waitUntil(lambda: len(panel.found.asked) == 1, timeout=PATIENCE)
    with torch.inference_mode():
        said = model_of(project, moons.best)(torch.tensor(panel.added))[0].numpy()
    np.testing.assert_allclose(panel.found.asked[0], said, atol=1e-5)
    drawn(qtbot, window)
    best = int(said.argmax())
    assert f"class {best} {100 * said[best]:.0f} %" in panel.hint.text()
    click(qtbot, panel.clear)
    qtbot.waitUntil(lambda: len(panel.found.asked) == 0, timeout=PATIENCE)
    assert project.data == window.session.document.project.data
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
