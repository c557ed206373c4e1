"""How training is told to people: one moving line on a terminal, one line an epoch elsewhere."""

import shutil
import sys
import time
from pathlib import Path

from workbench.cli.tables import figures
from workbench.core.carried_out import in_force, reasons
from workbench.core.clock import clock
from workbench.core.events import (
    EpochCompleted,
    Event,
    RecipeChanged,
    RunCompleted,
    RunStarted,
    StepCompleted,
    WriteFailed,
)
from workbench.core.layer import counted

DRAW_SECONDS = 0.1
BAR_WIDTH = 20


class Lines:
    """A line on standard output for every epoch, and the outcome; warnings on standard error.

    `noun` is what samples are called: images, or samples.
    """

    def __init__(self, folder: Path, noun: str) -> None:
        self._folder, self._noun = folder, noun
        self._epochs = self._steps = self._seen = 0
        self._started: RunStarted | None = None

    def __call__(self, event: Event) -> None:
        """Show an event, or what follows from it."""
        if isinstance(event, RunStarted):
            self._epochs, self._steps = event.epochs, event.epochs * event.steps_per_epoch
            self._started = event
        elif isinstance(event, RecipeChanged):
            self._steps = self._steps // max(self._epochs, 1) * event.epochs
            self._epochs = event.epochs
        elif isinstance(event, StepCompleted):
            self._seen += event.samples
            self._show_step(event)
        elif isinstance(event, EpochCompleted):
            self._show_epoch(event)
        elif isinstance(event, WriteFailed):
            self._warn(f"warning: {event.reason}")
        elif isinstance(event, RunCompleted):
            self._show_ending(event)

    def _show_step(self, event: StepCompleted) -> None:
        """A step has no line of its own."""

    def _show_epoch(self, event: EpochCompleted) -> None:
        val = {name: event.val[name] for name in event.train if name in event.val}
        parts = [figures(event.train), figures(val, "val "), *self._pace(event)]
        told = " · ".join(part for part in parts if part)
        print(f"epoch {event.epoch}/{self._epochs} · {told}", flush=True)

    def _pace(self, event: StepCompleted | EpochCompleted) -> list[str]:
        rate = self._seen / max(event.seconds, 1e-9)
        left = event.seconds / event.step * (self._steps - event.step)
        return [f"{rate:,.0f} {self._noun}/s", f"{clock(left)} left"]

    def _show_ending(self, event: RunCompleted) -> None:
        if event.reason == "stopped":
            self._warn(f"stopped after step {event.step} of {self._steps}; run {self._folder}")
        elif event.reason in ("completed", "early"):
            if event.reason == "early":
                self._warn(f"stopped early: no better loss since; epoch {event.epoch}")
            if self._started:
                print(f"steps {carried_out(self._started)}")
            if event.test:
                print(f"test  {figures(event.test)}")
            print(f"run   {self._folder}", flush=True)

    def _warn(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def carried_out(started: RunStarted) -> str:
    """How the steps were made, and why so: `channels_last · 2 threads. Measured …`."""
    threads = counted(started.threads, "thread", "threads")
    told = " · ".join((*in_force(started), threads))
    return " ".join([f"{told}.", *(text.format(**values) for text, values in reasons(started))])


class Bar(Lines):
    """One line on the terminal of standard error that moves, at most ten times a second."""

    def __init__(self, folder: Path, noun: str) -> None:
        super().__init__(folder, noun)
        self._drawn = 0.0
        self._val: dict[str, float] = {}

    def _show_step(self, event: StepCompleted) -> None:
        if time.monotonic() - self._drawn >= DRAW_SECONDS or event.step == self._steps:
            self._drawn = time.monotonic()
            metrics = {**event.metrics, **self._val}
            told = [bar(event.step / self._steps), figures(metrics), *self._pace(event)]
            drawn(f"epoch {event.epoch}/{self._epochs} {' · '.join(told)}")

    def _show_epoch(self, event: EpochCompleted) -> None:
        # A step's accuracy is of one batch and jumps: once there is a better one, it is shown.
        self._val = {f"val {name}": event.val[name] for name in event.train if name in event.val}
        self._val.pop("val loss", None)

    def _show_ending(self, event: RunCompleted) -> None:
        if event.reason in ("completed", "early"):
            print(file=sys.stderr, flush=True)
        else:
            drawn("")
        super()._show_ending(event)

    def _warn(self, text: str) -> None:
        drawn("")
        super()._warn(text)


def drawn(text: str) -> None:
    """Draw the line of the terminal anew; without a text, clear it."""
    room = shutil.get_terminal_size().columns - 1
    print(f"\r{text[:room]:{room}}", end="" if text else "\r", file=sys.stderr, flush=True)


def bar(share: float) -> str:
    """How much is done."""
    done = round(share * BAR_WIDTH)
    return f"[{'#' * done}{'.' * (BAR_WIDTH - done)}] {share:.0%}"
