"""Sinks: they write events on their way past, and never stop training."""

import logging
import os
import time
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TextIO

from workbench.core.events import (
    KEPT,
    EpochCompleted,
    Event,
    RunCompleted,
    RunStarted,
    StepCompleted,
    WriteFailed,
)
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine.fit import fit
from workbench.engine.summary_sink import summarize

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

Reason = Literal["stopped", "failed"]

log = logging.getLogger(__name__)

# TensorBoard shows 1,000 points a tag; add_scalar costs as much as a step of a linear model.
SCALAR_SECONDS = 0.1


def train(
    project: Project, folder: Path, resume: bool = False, weights: Path | None = None
) -> Generator[Event]:
    """`fit`, recorded in the run folder and logged for TensorBoard: what Train does.

    Raises:
        UserError: see `fit`.
    """
    run = Run(folder)
    events = fit(project, run, resume=resume, weights=weights)
    logged = tensorboard(record(events, run), run, project)
    return summarize(logged, run, project)


def record(events: Generator[Event], run: Run) -> Generator[Event]:
    """Append what is to be kept to `events.jsonl`; the last line says how the run ended."""
    return _through(events, _Lines(run.events_file))


def tensorboard(events: Generator[Event], run: Run, project: Project) -> Generator[Event]:
    """Log losses, metrics and lr for TensorBoard, and the graph once an epoch is through."""
    return _through(events, _Scalars(run.tensorboard, project))


class _Sink(Protocol):
    def write(self, event: Event) -> None: ...
    def end(self, reason: Reason) -> None: ...
    def close(self) -> None: ...


def _through(events: Generator[Event], sink: _Sink) -> Generator[Event]:
    """The events, each written first. A sink that fails is told of once and not asked again."""
    working = True
    try:
        for event in events:
            fault = _fault_of(sink, event) if working else None
            yield event
            if fault:
                working = False
                yield fault
    except GeneratorExit:
        events.close()
        sink.end("stopped")
        raise
    except BaseException:
        sink.end("failed")
        raise
    finally:
        sink.close()


def _fault_of(sink: _Sink, event: Event) -> WriteFailed | None:
    try:
        sink.write(event)
    except Exception as error:  # tracing a graph alone raises a dozen types
        log.warning("a sink failed", exc_info=True)
        return WriteFailed(
            reason=f"The run can't be logged any further: {error}. Training goes on."
        )
    return None


class _Lines:
    """`events.jsonl`, open for appending."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None
        self._where = {"epoch": 0, "step": 0, "seconds": 0.0}

    def write(self, event: Event) -> None:
        if not isinstance(event, KEPT):  # how far loading is says nothing later
            return
        self._where |= {name: getattr(event, name, told) for name, told in self._where.items()}
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _cut_back(self._path)
            self._file = self._path.open("a", encoding="utf-8")
        self._file.write(event.to_json() + "\n")
        if not isinstance(event, StepCompleted):
            self._file.flush()

    def end(self, reason: Reason) -> None:
        where: dict[str, Any] = self._where
        with suppress(OSError):
            self.write(RunCompleted(reason=reason, test={}, **where))

    def close(self) -> None:
        with suppress(OSError):
            if self._file:
                self._file.close()


def _cut_back(path: Path) -> None:
    """Remove what a crash left of a last line: a run that is resumed begins a line of its own."""
    if path.is_file():
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(path, whole)


class _Scalars:
    """A SummaryWriter, opened with the first event."""

    def __init__(self, folder: Path, project: Project) -> None:
        self._folder, self._project = folder, project
        self._writer: SummaryWriter | None = None
        self._due = 0.0
        self._drawn = False

    def write(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            from torch.utils.tensorboard import SummaryWriter

            # purge_step hides what a run that was resumed had logged of later steps.
            self._writer = SummaryWriter(str(self._folder), purge_step=event.step + 1)
        elif isinstance(event, StepCompleted) and time.perf_counter() >= self._due:
            self._due = time.perf_counter() + SCALAR_SECONDS
            self._add({"train": event.metrics}, event.step)
            self._scalar("lr", event.lr, event.step)
        elif isinstance(event, EpochCompleted):
            self._add({"val": event.val}, event.step)
            self._scalar("samples_per_second", event.samples_per_second, event.step)
            self._graph()
        elif isinstance(event, RunCompleted):
            self._add({"test": event.test}, event.step)

    def _add(self, splits: Any, step: int) -> None:
        for split, metrics in splits.items():
            for name, value in metrics.items():
                self._scalar(f"{name}/{split}", value, step)

    def _scalar(self, tag: str, value: float, step: int) -> None:
        if self._writer:
            self._writer.add_scalar(tag, value, step)

    def _graph(self) -> None:
        if self._drawn or not self._writer:
            return
        self._drawn = True
        _add_graph(self._writer, self._project)

    def end(self, reason: Reason) -> None:
        """TensorBoard has no word for how a run ended."""

    def close(self) -> None:
        if self._writer:
            with suppress(Exception):  # its thread may have died of a full disk
                self._writer.close()


def _add_graph(writer: "SummaryWriter", project: Project) -> None:
    """Draw a network of its own on CPU: no mode or random number of training may move."""
    import warnings

    import torch

    from workbench.engine.build import build

    shape = project.data.info().shape
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # add_graph traces with torch.jit, which is deprecated
        writer.add_graph(build(project.model, shape).eval(), torch.zeros(1, *shape))


def replay(folder: Path) -> Generator[Event]:
    """What a run said, as if live.

    Raises:
        UserError: its events can't be read.
    """
    yield from Run(folder).events()
