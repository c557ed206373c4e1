"""Curves of any length in a real panel: few points, ranges that stay, and nothing unseen."""

import numpy as np
import pytest
from gestures import OpenWindow, drawn, pick, widget
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from workbench.core.events import EpochCompleted, Event, RunStarted, StepCompleted
from workbench.ui.main_window import MainWindow
from workbench.ui.panels.curves import CurvesPanel
from workbench.ui.plots import CurvePlot

STEPS_PER_EPOCH = 1000
LONG = 120_000


def started() -> RunStarted:
    return RunStarted(
        run="run",
        device="cpu",
        threads=1,
        parameters=1,
        samples=STEPS_PER_EPOCH,
        batch_size=1,
        steps_per_epoch=STEPS_PER_EPOCH,
        epochs=1000,
        step=0,
    )


def step(number: int, loss: float) -> StepCompleted:
    return StepCompleted(
        step=number,
        epoch=1 + number // STEPS_PER_EPOCH,
        seconds=number / 500,
        samples=1,
        metrics={"loss": loss},
        lr=0.1,
    )


def epoch(number: int, loss: float) -> EpochCompleted:
    return EpochCompleted(
        epoch=number,
        step=number * STEPS_PER_EPOCH,
        seconds=number * STEPS_PER_EPOCH / 500,
        samples_per_second=1.0,
        train={"loss": loss},
        val={"loss": loss},
        best=True,
    )


def losses() -> np.ndarray:
    return np.exp(np.random.default_rng(0).normal(size=LONG))


def told(qtbot: QtBot, window: MainWindow, events: list[Event]) -> CurvesPanel:
    """The Loss panel once a run has said this."""
    window.session.run_told([started(), *events])
    drawn(qtbot, window)
    panel = window.panels["loss"]
    assert isinstance(panel, CurvesPanel)
    QApplication.processEvents()  # the plot takes its place, and with it its width
    drawn(qtbot, window)
    return panel


def painted(plot: CurvePlot, x: float, y: float) -> set[str]:
    """The colours in the few pixels around a point of the axes."""
    at = plot.mapFromScene(plot.getViewBox().mapViewToScene(QPointF(x, y)))
    image = plot.grab().toImage()
    scale = image.devicePixelRatio()
    return {
        QColor(image.pixel(round(at.x() * scale) + i, round(at.y() * scale) + j)).name()
        for i in range(-3, 4)
        for j in range(-3, 4)
    }


def test_the_first_validation_is_seen(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    steps = [step(number, 2.0 - number / 1000) for number in range(1, 1001)]
    panel = told(qtbot, window, [*steps, epoch(1, 1.8)])
    plot, colors = panel.plot, window.session.theme.colors
    assert plot is not None
    plot.mark.hide()  # its dashes have the same colour
    assert colors.val in painted(plot, 1000, 1.8)
    assert colors.val not in painted(plot, 800, 1.8)


def test_a_single_step_is_seen(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    plot = told(qtbot, window, [step(1, 2.0)]).plot
    assert plot is not None
    assert window.session.theme.colors.train in painted(plot, 1, 2.0)
    window.session.run_told([step(2, 1.0)])
    drawn(qtbot, window)
    assert plot.raw.opts["symbol"] is None


def test_a_long_curve_is_drawn_in_two_points_a_pixel(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    values = losses()
    steps = [step(number, value) for number, value in enumerate(values, 1)]
    epochs = [epoch(number, values[number]) for number in range(1, 101)]
    panel = told(qtbot, window, [*steps, *epochs])
    plot = panel.plot
    assert plot is not None
    most = 2 * plot.getViewBox().width() + 5
    for curve in (plot.raw, plot.line):
        assert most / 3 < len(curve.getOriginalDataset()[0]) <= most
    x, y = plot.raw.getOriginalDataset()
    assert (x[0], x[-1]) == (1, LONG)
    assert (y.min(), y.max(), y[-1]) == (values.min(), values.max(), values[-1])
    (left, right), (bottom, top) = plot.viewRange()
    assert left < 1 < LONG < right < 1.1 * LONG
    assert bottom < values.min() < values.max() < top


@pytest.mark.parametrize("text", ["By epoch", "By seconds", "By step"])
def test_zooming_in_shows_every_step_and_show_all_goes_back(
    text: str, open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window()
    values = losses()
    steps = [step(number, value) for number, value in enumerate(values, 1)]
    panel = told(qtbot, window, steps)
    plot, menu = panel.plot, panel.dock.findChild(QToolButton, "loss.options").menu()
    assert plot is not None
    pick(qtbot, menu, text)
    drawn(qtbot, window)
    whole = plot.viewRange()
    for _ in range(30):
        wheel(plot)
    drawn(qtbot, window)
    x, y = plot.raw.getOriginalDataset()
    unit = {"By epoch": STEPS_PER_EPOCH, "By seconds": 1 / 500, "By step": 1}[text]
    numbers = np.rint(x * (unit if text == "By epoch" else 1 / unit)).astype(int)
    np.testing.assert_array_equal(numbers, np.arange(numbers[0], numbers[-1] + 1))
    np.testing.assert_array_equal(y, values[numbers - 1])
    low, high = plot.viewRange()[0]
    assert x[0] < low < high < x[-1]
    window.session.run_told([step(LONG + 1, 1.0)])
    drawn(qtbot, window)
    assert plot.viewRange()[0] == [low, high]
    pick(qtbot, menu, "Show all")
    drawn(qtbot, window)
    np.testing.assert_allclose(plot.viewRange(), whole, rtol=1e-3)


def wheel(plot: CurvePlot) -> None:
    """Turn the wheel by a notch over the middle of the plot."""
    QApplication.processEvents()  # what is under the pointer is where it was painted last
    at = QPointF(plot.viewport().rect().center())
    turned = QWheelEvent(
        at,
        plot.viewport().mapToGlobal(at),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(plot.viewport(), turned)


def test_ranges_stay_while_a_curve_grows(qtbot: QtBot) -> None:
    plot = CurvePlot("curves", "Curves")
    qtbot.addWidget(plot)
    changes: list[object] = []
    plot.getViewBox().sigRangeChanged.connect(lambda *_: changes.append(1))
    values = np.random.default_rng(0).normal(size=100_000).cumsum()
    for last in range(1000, 100_000, 70):
        plot.fit_x(1, last, growing=True)
        plot.fit_y([values[:last]], growing=True)
        (left, right), (bottom, top) = plot.viewRange()
        assert left <= 1 < last <= right <= 1.2 * last
        assert bottom <= values[:last].min() < values[:last].max() <= top
    assert len(changes) < 140  # of 1415 frames
    plot.fit_x(1, 100_000, growing=False)
    assert plot.viewRange()[0][1] == pytest.approx(102_000, rel=1e-3)


def test_the_options_of_a_plot_have_names(open_window: OpenWindow) -> None:
    window = open_window()
    for name in ("loss", "accuracy"):
        menu = widget(window, f"{name}.options").menu()
        assert menu.objectName() == f"{name}.options.menu"
        assert menu.accessibleName()
        assert menu.toolTip()
