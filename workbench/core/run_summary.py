"""What a list tells of a run, in a small `summary.json` beside its events.

The events are the truth. The summary is written while the run trains, and made anew from them
where it is missing or older than they are: after a crash, and for runs of older programs.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workbench.core.errors import UserError
from workbench.core.events import (
    EpochCompleted,
    Event,
    RecipeChanged,
    RunCompleted,
    RunStarted,
    StepCompleted,
    event_from_json,
)
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.run_lock import is_at_work
from workbench.core.runs import Run

SUMMARY = "summary.json"

Status = Literal[
    "new", "running", "completed", "early", "stopped", "failed", "interrupted", "unreadable"
]

# What names a network in short; the others stand between these.
_TELLING = ("Convolution", "Linear", "Recurrent", "Attention", "Embedding", "Backbones")


class Summary(BaseModel):
    """A run in a few words and figures; `covered` is how many bytes of its events it tells of."""

    # A metric may be NaN, such as an area under the curve of a class without samples.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    version: Literal[2] = 2
    created: float = Field(ge=0, le=250_000_000_000, allow_inf_nan=False)
    """Seconds since 1970."""
    dataset: str
    task: str
    network: str
    loss: str
    optimizer: str
    lr: float
    """As it was set last."""
    batch_size: int | Literal["all"]
    seed: int
    device: str
    parameters: int = 0
    epochs: int = 0
    """As many as were planned."""
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    best_epoch: int = 0
    best: dict[str, float] = {}
    """Metrics of the best epoch on the validation split, or on the training split without one."""
    test: dict[str, float] = {}
    threads: int = 0
    tuning: dict[str, Any] = {}
    """How its steps are carried out, and why so, as `RunStarted` tells."""
    reason: str = ""
    """How the run ended, if it did."""
    covered: int = 0

    def status(self, run: Run) -> Status:
        """How the run stands now; `interrupted` means that its process is gone without a word, and
        `new` that there was none yet."""
        if self.reason in get_args(Status):
            return self.reason  # type: ignore[return-value]
        if is_at_work(run):
            return "running"
        return "interrupted" if self.is_begun else "new"

    @property
    def is_begun(self) -> bool:
        """Whether its training has said that it begins."""
        return self.epochs > 0


def network_text(model: ModelSpec) -> str:
    """A network in short: `2 Conv2d · 2 Linear`."""
    layers = [layer for _, layer in model.nested()]
    told = [layer for layer in layers if layer.category in _TELLING] or layers
    counts = Counter(layer.kind for layer in told)
    return " · ".join(f"{count} {kind}" for kind, count in counts.items())


class Story:
    """What the events of a run come to."""

    def __init__(self, run: Run, project: Project) -> None:
        train = project.train
        info = project.data.info()
        self._best: list[EpochCompleted] = []
        self._changes: list[RecipeChanged] = []
        self._began_with = train.lr
        self._told = Summary(
            created=run.project_file.stat().st_mtime,
            dataset=info.title,
            task=info.task,
            network=network_text(project.model),
            loss=train.loss.kind,
            optimizer=train.optimizer.kind,
            lr=train.lr,
            batch_size=train.batch_size,
            seed=train.seed,
            device=train.device,
        )

    @classmethod
    def of(cls, run: Run) -> "Story":
        """All that the events of a run say.

        Raises:
            UserError: the folder is no run, or it can't be read.
        """
        project = run.project()
        try:
            story = cls(run, project)
            data = run.events_file.read_bytes() if run.events_file.exists() else b""
        except OSError as error:
            why = error.strerror or str(error)
            raise UserError(
                "{run} could not be read: {reason}.", run=run.name, reason=why
            ) from None
        for line in _telling_lines(data[: data.rfind(b"\n") + 1]):
            with suppress(UserError):  # a line of a newer program, or a damaged one
                story.take(event_from_json(line.decode(errors="replace"), str(run.events_file)))
        return story

    def take(self, event: Event) -> None:
        """Go on with an event that is kept."""
        found: dict[str, object] = {}
        if isinstance(event, RunStarted):
            # What was told of later steps before a resume is void.
            self._best = [epoch for epoch in self._best if epoch.step <= event.step]
            self._changes = [change for change in self._changes if change.step <= event.step]
            found = {
                "lr": self._changes[-1].lr if self._changes else self._began_with,
                "parameters": event.parameters,
                "epochs": event.epochs,
                "device": event.device,
                "threads": event.threads,
                "tuning": dict(event.tuning),
                "step": event.step,
                "epoch": event.step // max(event.steps_per_epoch, 1),
                "reason": "",
            }
        elif isinstance(event, EpochCompleted):
            self._best += [event] if event.best else []
            found = {"epoch": event.epoch, "step": event.step, "seconds": event.seconds}
        elif isinstance(event, StepCompleted):
            found = {"epoch": event.epoch - 1, "step": event.step, "seconds": event.seconds}
        elif isinstance(event, RecipeChanged):
            self._changes.append(event)
            found = {"lr": event.lr, "epochs": event.epochs}
        elif isinstance(event, RunCompleted):
            found = {"reason": event.reason, "test": dict(event.test)}
            if event.step:
                found |= {"step": event.step, "seconds": event.seconds}
            if event.reason in ("completed", "early"):  # the others may end within an epoch
                found |= {"epoch": event.epoch}
        if found:
            self._told = self._told.model_copy(update=found)

    def summary(self, covered: int) -> Summary:
        """All that was taken, which is the first `covered` bytes of the events."""
        best = self._best[-1] if self._best else None
        told = {
            "best_epoch": best.epoch if best else 0,
            "best": dict(best.val or best.train) if best else {},
            "covered": covered,
        }
        return self._told.model_copy(update=told)


def summary_of(run: Run) -> Summary:
    """The summary beside the run; if it is older than the events and nobody is at work on them,
    it is made anew and kept.

    Raises:
        UserError: the folder is no run, or it can't be read.
    """
    kept = read_summary(run)
    if kept and (kept.covered == _size(run.events_file) or (not kept.reason and is_at_work(run))):
        return kept
    made = summarized(run)
    with suppress(OSError):  # a folder that can't be written is read anew each time
        write_summary(run, made)
    return made


def read_summary(run: Run) -> Summary | None:
    """What `summary.json` says, or None if it is missing, damaged or of another version."""
    try:
        return Summary.model_validate_json((run.folder / SUMMARY).read_bytes())
    except (OSError, ValidationError):
        return None


def write_summary(run: Run, summary: Summary) -> None:
    """Replace `summary.json`. Without fsync, which costs more than making it anew: a damaged one
    is made anew."""
    replace_quickly(run.folder / SUMMARY, summary.model_dump_json().encode())


def replace_quickly(path: Path, data: bytes) -> None:
    """Replace a file that can be made anew: whole for every reader, though not through a loss of
    power. Its folder is not made."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def summarized(run: Run) -> Summary:
    """A run's summary, made from its project and its events.

    Raises:
        UserError: the folder is no run, or it can't be read.
    """
    covered = _size(run.events_file)
    return Story.of(run).summary(covered)


def _telling_lines(data: bytes) -> Iterator[bytes]:
    """The lines that a summary needs, in their order: of a hundred thousand steps only the last.

    Found by their beginnings, since reading every line as JSON takes a hundred times as long.
    """
    places = {data.rfind(b'{"event": "StepCompleted"')}
    for kind in (RunStarted, RecipeChanged, EpochCompleted, RunCompleted):
        needle = f'{{"event": "{kind.__name__}"'.encode()
        place = data.find(needle)
        while place >= 0:
            places.add(place)
            place = data.find(needle, place + 1)
    for place in sorted(places - {-1}):
        yield data[place : data.index(b"\n", place)]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
