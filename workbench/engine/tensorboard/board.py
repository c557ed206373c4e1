"""`Board`: what training says and what its network is like, logged for TensorBoard."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from torch import nn

from workbench.core.events import (
    EpochCompleted,
    Event,
    Metrics,
    PredictionsSaved,
    RunCompleted,
    RunStarted,
    StepCompleted,
)
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine.batches import Batches
from workbench.engine.pace import Rate
from workbench.engine.tensorboard.gallery import Gallery
from workbench.engine.tensorboard.hparams import HParams

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

# TensorBoard shows 1,000 points a tag; add_scalar costs as much as a step of a linear model.
SCALAR_SECONDS = 0.1
FLUSH_SECONDS = 5  # a look at a run that trains is this old at the most


class Board:
    """A sink: a SummaryWriter that is opened with the first event."""

    name = "TensorBoard's log"

    def __init__(self, run: Run, project: Project) -> None:
        self._run, self._project = run, project
        self._writer: SummaryWriter | None = None
        self._gallery: Gallery | None = None
        self._due = Rate(SCALAR_SECONDS)
        self._hparams = HParams(project)
        self._step = 0

    def begin(self, network: nn.Module, batches: Batches) -> None:
        """Look at this network and these batches, which are those of training."""
        self._gallery = Gallery(self._run, self._project, network, batches)

    def write(self, event: Event) -> list[str]:
        """Log an event; gives sentences on what could not be drawn."""
        if isinstance(event, RunStarted):
            self._open(event.step)
        elif self._writer:
            self._write_or_begin_anew(self._writer, event)
        return self._faults()

    def _write_or_begin_anew(self, writer: "SummaryWriter", event: Event) -> None:
        try:
            self._write(writer, event)
        except FileNotFoundError:  # the folder was removed: the file is opened for every write
            self.close()
            self._open(self._step)

    def _open(self, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        threading.excepthook = _untold
        # purge_step hides what a run that was resumed had logged of later steps.
        self._writer = SummaryWriter(
            str(self._run.tensorboard), purge_step=step + 1, flush_secs=FLUSH_SECONDS
        )
        self._step = step

    def _write(self, writer: "SummaryWriter", event: Event) -> None:
        if isinstance(event, StepCompleted):
            if self._due.due():
                self._add({"train": event.metrics}, event.step)
                writer.add_scalar("lr", event.lr, event.step)
        elif isinstance(event, EpochCompleted):
            self._write_epoch(writer, event)
        elif isinstance(event, PredictionsSaved) and self._gallery:
            self._gallery.predicted(writer, event, self._step)
        elif isinstance(event, RunCompleted):
            self._add({"test": event.test}, event.step)

    def _write_epoch(self, writer: "SummaryWriter", event: EpochCompleted) -> None:
        self._step = event.step
        self._add({"val": event.val}, event.step)
        writer.add_scalar("samples_per_second", event.samples_per_second, event.step)
        if not self._hparams.begun:
            splits = ("val", "test") if event.val else ("train", "test")
            tags = [f"{name}/{split}" for split in splits for name in event.val or event.train]
            self._hparams.begin(writer, tags)
        if self._gallery:
            self._gallery.after_epoch(writer, event.step)

    def _add(self, splits: Mapping[str, Metrics], step: int) -> None:
        assert self._writer
        for split, metrics in splits.items():
            for name, value in metrics.items():
                self._writer.add_scalar(f"{name}/{split}", value, step)

    def _faults(self) -> list[str]:
        if self._gallery is None:
            return []
        faults, self._gallery.faults = self._gallery.faults, []
        return faults

    def finish(self) -> list[str]:
        """Make the pictures that training had no time for."""
        if self._writer:
            if self._gallery:
                self._gallery.finish(self._writer, self._step)
            self._hparams.end(self._writer)
        return self._faults()

    def end(self, reason: str, error: BaseException | None = None) -> None:
        """A run that was stopped has its pictures too."""
        if reason == "stopped" and self._step:
            with suppress(Exception):  # on the way out; the disk may be full
                self.finish()

    def close(self) -> None:
        """Write the rest."""
        if self._writer:
            with suppress(Exception):  # its thread may have died of a full disk
                self._writer.close()
            threading.excepthook = threading.__excepthook__


def _untold(arguments: threading.ExceptHookArgs) -> None:
    """The writer's thread dies of a full disk with a traceback; who logs next is told in words."""
    if type(arguments.thread).__module__.partition(".")[0] != "tensorboard":
        threading.__excepthook__(arguments)
