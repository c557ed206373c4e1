"""`Drawing`: when what has changed is drawn, and how much of the time that may take."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

USUAL, SLOWEST = 66, 500
"""Milliseconds between two frames, at the least and at the most."""
SHARE = 0.03
"""Of one core while a run needs them all: its steps end with the last of its threads, so what the
window takes from one core the run loses on every core."""


class Drawing(QObject):
    """Gives those who draw a turn each, one after another, so that none holds up the window for
    longer than its own part takes: what one drew is painted before the next draws."""

    drawn = Signal()
    """A frame is drawn."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.sparing = False
        """Whether a run needs the processor; frames then come as seldom as `SHARE` asks for."""
        self._drawers: list[tuple[QObject, Callable[[], None]]] = []
        self._turn = 0
        self._asked = self._patient = False
        self._earned = USUAL
        self._began = 0.0
        self._clock = QTimer(self, interval=USUAL, singleShot=True)
        self._clock.timeout.connect(self._begin)
        self._next = QTimer(self, interval=0, singleShot=True)
        self._next.timeout.connect(self._take_turn)

    def add(self, owner: QObject, draw: Callable[[], None]) -> None:
        """Have `draw` called in every frame, for as long as its owner lives."""
        self._drawers.append((owner, draw))

    def request(self) -> None:
        """Have a frame come soon, however often this is called."""
        wait = self._earned if self._patient else USUAL
        if self._next.isActive():
            self._asked = True
        elif not self._clock.isActive() or self._clock.remainingTime() > wait:
            self._clock.start(wait)

    @contextmanager
    def patient(self) -> Iterator[None]:
        """What is asked for within comes from a run, not from a person, and waits its time."""
        self._patient = True
        try:
            yield
        finally:
            self._patient = False

    def now(self) -> None:
        """Draw everything at once."""
        for _, draw in self._living():
            draw()
        self.drawn.emit()

    def _living(self) -> list[tuple[QObject, Callable[[], None]]]:
        self._drawers = [each for each in self._drawers if isValid(each[0])]
        return self._drawers

    def _begin(self) -> None:
        self._turn, self._asked = 0, False
        self._began = time.thread_time()
        self._next.start()

    def _take_turn(self) -> None:
        drawers = self._living()
        if self._turn < len(drawers):
            self._turn += 1
            self._next.start()
            drawers[self._turn - 1][1]()
            return
        spent = 1e3 * (time.thread_time() - self._began)
        self._earned = min(SLOWEST, max(USUAL, round(spent / SHARE))) if self.sparing else USUAL
        self.drawn.emit()
        if self._asked:
            with self.patient():
                self.request()
