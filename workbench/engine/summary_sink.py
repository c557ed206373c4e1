"""What a list of runs and its curves need, written while a run trains: so that neither has to read
a hundred thousand events. See `core.run_summary` and `core.curves`."""

import logging
import time
from collections.abc import Generator
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from workbench.core.curves import CURVES, Curves, chunk, read_curves
from workbench.core.events import Event, RunStarted, StepCompleted
from workbench.core.run_lock import at_work
from workbench.core.run_summary import Story, replace_quickly, summarized, write_summary
from workbench.core.runs import Run

if TYPE_CHECKING:
    from workbench.core.project import Project

log = logging.getLogger(__name__)

KEEP_SECONDS = 2.0  # between two writes, which take a millisecond each


def summarize(events: Generator[Event], run: Run, project: "Project") -> Generator[Event]:
    """The events, with `summary.json` and `curves.bin` kept beside them. What is told here is to
    be in `events.jsonl` already. A disk that refuses is no fault of the run: both can be made anew.

    Raises:
        UserError: another process is at work on the run.
    """
    with at_work(run) as lock:
        kept = _Kept(run, project)
        try:
            with closing(events):
                for event in events:
                    if not isinstance(event, StepCompleted):  # asking for each would cost
                        lock.renew()
                    kept.take(event)
                    yield event
        finally:
            kept.end()


class _Kept:
    """What of a run is not yet in its two files."""

    def __init__(self, run: Run, project: "Project") -> None:
        self._run = run
        self._story = Story(run, project)
        self._pending = Curves()
        self._step: StepCompleted | None = None
        self._due = 0.0
        self._working = True

    def take(self, event: Event) -> None:
        """Go on with an event; it is in `events.jsonl` for certain only if it is no step."""
        if not self._working:
            return
        try:
            if isinstance(event, RunStarted):
                self._begin(event)
            elif isinstance(event, StepCompleted):  # a thousand a second: the last one is told
                self._step = event
                self._pending.take(event)
            else:
                self._tell_step()
                self._story.take(event)
                self._pending.take(event)
                if time.monotonic() >= self._due:
                    self._write()
        except Exception:
            self._fail()

    def _begin(self, event: RunStarted) -> None:
        """Begin both files, or bring those of a run that goes on up to here."""
        if event.step:
            self._story = Story.of(self._run)
            curves = read_curves(self._run)
        else:
            self._story.take(event)
            curves = Curves()
            curves.take(event)
        curves.covered = self._size()
        replace_quickly(self._run.folder / CURVES, chunk(curves))
        self._pending = Curves(steps_per_epoch=curves.steps_per_epoch)
        self._write()

    def _write(self) -> None:
        self._due = time.monotonic() + KEEP_SECONDS
        covered = self._size()
        self._tell_step()
        with suppress(OSError):  # a reader may hold it open, which Windows minds; the next comes
            write_summary(self._run, self._story.summary(covered))
        self._pending.covered = covered
        if len(self._pending.steps) or len(self._pending.epochs):
            with (self._run.folder / CURVES).open("ab") as file:
                file.write(chunk(self._pending))
            self._pending = Curves(steps_per_epoch=self._pending.steps_per_epoch)

    def _tell_step(self) -> None:
        if self._step:
            self._story.take(self._step)
            self._step = None

    def _size(self) -> int:
        return self._run.events_file.stat().st_size

    def end(self) -> None:
        """The last line of the events says how the run ended, also where no event told it here."""
        if not self._working or not self._run.events_file.exists():
            return
        try:
            self._write()
            write_summary(self._run, summarized(self._run))
        except Exception:
            self._fail()

    def _fail(self) -> None:
        log.warning("no summary of %s is kept", self._run.name, exc_info=True)
        self._working = False
