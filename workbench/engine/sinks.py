"""Sinks: they write events on their way past, and never stop training."""

import logging
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Literal, Protocol

from workbench.core.events import Event, WriteFailed
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine import changes
from workbench.engine.fit import fit
from workbench.engine.lines import Lines
from workbench.engine.summary_sink import summarize
from workbench.engine.tensorboard.board import Board
from workbench.engine.twin import Twin

Reason = Literal["stopped", "failed"]

log = logging.getLogger(__name__)


def train(
    project: Project, folder: Path, resume: bool = False, weights: Path | None = None
) -> Generator[Event]:
    """`fit`, recorded in the run folder and logged for TensorBoard: what Train does.

    Raises:
        UserError: see `fit`.
    """
    run = Run(folder)
    board = Board(run, project)
    events = fit(
        project, run, resume=resume, weights=weights, changes=changes.asked, begun=board.begin
    )
    told = _through(record(events, run), Twin(run, project, weights))
    return summarize(_through(told, board), run, project)


def record(events: Generator[Event], run: Run) -> Generator[Event]:
    """Append what is to be kept to `events.jsonl`; the last line says how the run ended."""
    return _through(events, Lines(run))


class _Sink(Protocol):
    """`write` and `finish` give sentences to be told; what they raise ends the sink."""

    name: str

    def write(self, event: Event) -> list[str]: ...
    def finish(self) -> list[str]: ...
    def end(self, reason: Reason, error: BaseException | None = None) -> None: ...
    def close(self) -> None: ...


def _through(events: Generator[Event], sink: _Sink) -> Generator[Event]:
    """The events, each written first. A sink that fails is told of once and not asked again."""
    guard = _Guard(sink.name)
    try:
        for event in events:
            told = guard.told(lambda event=event: sink.write(event))  # type: ignore[misc]
            yield event
            yield from told
        yield from guard.told(sink.finish)
    except GeneratorExit:
        events.close()
        sink.end("stopped")
        raise
    except BaseException as error:
        sink.end("failed", error)
        raise
    finally:
        sink.close()


class _Guard:
    """Asks a sink until it fails, and puts into words what went wrong."""

    def __init__(self, name: str) -> None:
        self._name, self._working = name, True

    def told(self, work: Callable[[], list[str]]) -> list[WriteFailed]:
        if not self._working:
            return []
        try:
            return [WriteFailed(reason=sentence) for sentence in work()]
        except Exception as error:
            self._working = False
            log.warning("%s failed", self._name, exc_info=True)
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            reason = f"{self._name} can't be written any further: {why}. Training goes on."
            return [WriteFailed(reason=reason)]


def replay(folder: Path) -> Generator[Event]:
    """What a run said, as if live.

    Raises:
        UserError: its events can't be read.
    """
    yield from Run(folder).events()
