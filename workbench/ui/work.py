"""`Work`: a generator that runs in its Job's own thread, in the window's process.

For what reads small files and needs no torch: an engine process may be at work on a run, and to
start another for it would take seconds and the processor.
"""

import threading
from collections.abc import Generator, Iterator

from workbench.core.events import Event


class Work:
    """What a `Stream` is to an engine; to be iterated in one thread and stopped from any other."""

    def __init__(self, events: Generator[Event]) -> None:
        self._events = events
        self._stopped = threading.Event()
        self._going = threading.Event()
        self._going.set()

    def pause(self) -> None:
        """Wait before the next event, until `resume`."""
        self._going.clear()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._going.set()

    def stop(self) -> None:
        """End with the present event."""
        self._stopped.set()
        self._going.set()

    def __iter__(self) -> Iterator[list[Event]]:
        """The events, as they come; whatever the generator raises, it raises here."""
        try:
            while not self._stopped.is_set():
                self._going.wait()
                event = next(self._events, None)
                if event is None:
                    return
                yield [event]
        finally:
            self._events.close()
