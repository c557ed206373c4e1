"""The curves of a run: its figures by step and by epoch, as columns of numbers.

`events.jsonl` is the truth, but to read 100,000 lines of JSON takes half a second. `curves.bin`
beside it holds the same figures as plain doubles, in chunks that are only ever added while the run
trains; what it does not cover yet is read from the events. It can be deleted at any time.
"""

from __future__ import annotations

import json
import math
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

from workbench.core.errors import UserError
from workbench.core.events import EpochCompleted, Event, RunStarted, StepCompleted
from workbench.core.run_lock import is_at_work
from workbench.core.run_summary import replace_quickly
from workbench.core.runs import Run

CURVES = "curves.bin"
VERSION = 1
MANY = 2_000  # events that are worth a file
AXES = ("step", "epoch", "seconds")


class Table:
    """Columns of one length by their names, `step`, `epoch` and `seconds` first; NaN where a row
    has no such figure."""

    def __init__(self) -> None:
        self.columns: dict[str, array[float]] = {name: array("d") for name in AXES}

    def __len__(self) -> int:
        return len(self.columns["step"])

    def add(self, row: Mapping[str, float]) -> None:
        """Add a row; one with anything but numbers is refused as a whole.

        Raises:
            TypeError: a figure is no number.
        """
        length = len(self)
        for name, value in [(name, float(value)) for name, value in row.items()]:
            if name not in self.columns:
                self.columns[name] = array("d", [math.nan]) * length
            self.columns[name].append(value)
        if len(row) < len(self.columns):
            self._fill(length + 1)

    def add_whole(self, row: Iterable[float]) -> None:
        """Add a row with a figure for each column, in their order; `add` takes thrice as long."""
        for held, value in zip(self.columns.values(), row, strict=True):
            held.append(value)

    def extend(self, columns: Mapping[str, array[float]]) -> None:
        """Add many rows."""
        length = len(self)
        for name, values in columns.items():
            held = self.columns.setdefault(name, array("d", [math.nan]) * length)
            held.extend(values)
        self._fill(len(self))

    def _fill(self, length: int) -> None:
        for held in self.columns.values():
            held.extend([math.nan] * (length - len(held)))

    def cut(self, step: float) -> None:
        """Forget the rows behind `step`."""
        kept = bisect_right(self.columns["step"], step)
        for held in self.columns.values():
            del held[kept:]

    @property
    def tags(self) -> list[str]:
        """The names of the figures, such as `loss/train` and `lr`."""
        return [name for name in self.columns if name not in AXES]


@dataclass
class Curves:
    """`steps` has a row for each step, `epochs` one for each epoch; `covered` bytes of the events
    are in them."""

    steps: Table = field(default_factory=Table)
    epochs: Table = field(default_factory=Table)
    covered: int = 0
    steps_per_epoch: int = 1
    _metrics: tuple[str, ...] | None = field(default=None, compare=False)
    """Those of the last step, if a step with them fills each column in its order."""

    def take(self, event: Event) -> None:
        """Go on with an event of the run."""
        if isinstance(event, StepCompleted):
            self._take_step(event.step, event.seconds, event.metrics, event.lr)
        elif isinstance(event, EpochCompleted | RunStarted):
            said = {name: getattr(event, name) for name in event.__dataclass_fields__}
            self._take(type(event).__name__, said)

    def _take(self, kind: str, said: Mapping[str, Any]) -> None:
        if kind == StepCompleted.__name__:
            self._take_step(said["step"], said["seconds"], said["metrics"], said["lr"])
        elif kind == EpochCompleted.__name__:
            speed = said["samples_per_second"]
            self.epochs.add(
                self._row(said["step"], said["seconds"], "val", said["val"])
                | {"samples_per_second": speed}
            )
        elif kind == RunStarted.__name__:  # what was told of later steps is void
            self.steps_per_epoch = max(said["steps_per_epoch"], 1)
            self.steps.cut(said.get("step", 0))
            self.epochs.cut(said.get("step", 0))

    def _take_step(
        self, step: int, seconds: float, metrics: Mapping[str, float], lr: float
    ) -> None:
        if tuple(metrics) == self._metrics:
            place = step, step / self.steps_per_epoch, seconds
            self.steps.add_whole(list(map(float, (*place, *metrics.values(), lr))))
            return
        row = self._row(step, seconds, "train", metrics) | {"lr": lr}
        self.steps.add(row)
        self._metrics = tuple(metrics) if [*row] == [*self.steps.columns] else None

    def _row(
        self, step: int, seconds: float, split: str, metrics: Mapping[str, float]
    ) -> dict[str, float]:
        row = {"step": step, "epoch": step / self.steps_per_epoch, "seconds": seconds}
        return row | {f"{name}/{split}": value for name, value in metrics.items()}

    def table(self, tag: str) -> Table:
        """The table that has the figure `tag`, or would have it."""
        return self.steps if tag in self.steps.columns else self.epochs

    @property
    def tags(self) -> list[str]:
        """The names of all figures."""
        return self.epochs.tags + self.steps.tags

    def follow(self, run: Run) -> int:
        """Take in what the run has said since; gives how many events that were.

        Raises:
            UserError: its events can't be read.
        """
        try:
            with run.events_file.open("rb") as lines:
                lines.seek(self.covered)
                return sum(map(self._taken, lines))
        except FileNotFoundError:
            return 0
        except OSError as error:
            reason = error.strerror or str(error)
            path = run.events_file
            raise UserError(
                "{path} could not be read: {reason}.", path=path, reason=reason
            ) from None

    def _taken(self, line: bytes) -> bool:
        if not line.endswith(b"\n"):  # a crash cut it off, or it is being written
            return False
        self.covered += len(line)
        # what is no event, or one of a newer program, has no curve
        with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
            said = json.loads(line)
            self._take(said["event"], said)
        return True


def read_curves(run: Run) -> Curves:
    """The curves of a run, from `curves.bin` as far as that covers its events. Those of a run that
    is over are kept there.

    Raises:
        UserError: its events can't be read.
    """
    curves = _kept(run)
    if curves.follow(run) > MANY and not is_at_work(run):
        with suppress(OSError):
            replace_quickly(run.folder / CURVES, chunk(curves))
    return curves


def _kept(run: Run) -> Curves:
    curves = Curves()
    with (
        suppress(OSError, ValueError, KeyError, TypeError, AttributeError, EOFError),
        (run.folder / CURVES).open("rb") as file,
    ):
        while header := file.readline(10_000):
            _read_chunk(curves, json.loads(header), file)
    return curves if _covers(curves, run) else Curves()


def _covers(curves: Curves, run: Run) -> bool:
    """Whether the events still are those that the curves were made of, or begin with them."""
    if not curves.covered:
        return True
    try:
        with run.events_file.open("rb") as events:
            events.seek(curves.covered - 1)
            return events.read(1) == b"\n"
    except OSError:
        return False


def _read_chunk(curves: Curves, header: Mapping[str, Any], file: IO[bytes]) -> None:
    if header["version"] != VERSION:
        raise ValueError("curves of another version")
    held = [_read_columns(header[name], file) for name in ("steps", "epochs")]
    curves.steps.extend(held[0])  # only once the chunk is known to be whole
    curves.epochs.extend(held[1])
    curves.covered, curves.steps_per_epoch = header["covered"], header["steps_per_epoch"]


def _read_columns(told: Mapping[str, Any], file: IO[bytes]) -> dict[str, array[float]]:
    found = {}
    for name in told["columns"]:
        data = file.read(8 * told["length"])
        if len(data) < 8 * told["length"]:
            raise EOFError("the chunk was cut off")
        found[name] = _swapped(array("d", data))
    return found


def chunk(curves: Curves) -> bytes:
    """Curves as they are kept: a line of JSON, then the columns as little-endian doubles."""
    tables = {"steps": curves.steps, "epochs": curves.epochs}
    header = {
        "version": VERSION,
        "covered": curves.covered,
        "steps_per_epoch": curves.steps_per_epoch,
        **{
            name: {"length": len(table), "columns": list(table.columns)}
            for name, table in tables.items()
        },
    }
    columns = (held for table in tables.values() for held in table.columns.values())
    data = b"".join(_swapped(held[:]).tobytes() for held in columns)
    return json.dumps(header).encode() + b"\n" + data


def _swapped(values: array[float]) -> array[float]:
    if sys.byteorder == "big":
        values.byteswap()
    return values
