"""When a frame is drawn while a run needs the processor."""

import time

from pytestqt.qtbot import QtBot

from tests.ui.conftest import OpenWindow
from workbench.core.events import StepCompleted
from workbench.ui.drawing import USUAL


def step(number: int) -> StepCompleted:
    return StepCompleted(step=number, epoch=1, seconds=0.1, samples=4, metrics={"loss": 1}, lr=0.1)


def test_the_first_step_of_a_run_is_drawn_at_once_and_later_ones_wait_their_turn(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    session = open_window().session
    drawing = session.drawing

    def toil() -> None:
        since = time.thread_time()
        while time.thread_time() - since < 0.02:
            pass

    drawing.add(session, toil)
    drawing.sparing = True
    with qtbot.waitSignal(drawing.drawn):
        drawing.request()
    session.run_said([step(1)])
    assert drawing._clock.remainingTime() <= USUAL
    with qtbot.waitSignal(drawing.drawn):
        pass
    session.run_said([step(2)])
    assert drawing._clock.remainingTime() > USUAL
    session.show_run(None)
    session.run_said([step(1)])
    assert drawing._clock.remainingTime() <= USUAL
