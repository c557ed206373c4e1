"""`events.jsonl`: what training says, a line each."""

import multiprocessing
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from workbench.core.errors import UserError
from workbench.core.events import (
    KEPT,
    Event,
    RecipeChanged,
    RunCompleted,
    RunStarted,
    StepCompleted,
)
from workbench.core.runs import Run

_BLOCK = 1 << 16


class Lines:
    """A sink: the file, opened for appending with the first event. What the disk refuses is lost,
    and told of once; with every event that is written through it is tried again."""

    def __init__(self, run: Run) -> None:
        self.name = str(run.events_file)
        self._run, self._path = run, run.events_file
        self._file: TextIO | None = None
        self._project = b""
        self._started: RunStarted | None = None
        self._over = self._refused = self._told = False
        self._owed: list[Event] = []
        """Refused events, without which those behind them would be taken for something else."""
        self._where = {"epoch": 0, "step": 0, "seconds": 0.0}

    def write(self, event: Event) -> list[str]:
        """Append an event that is to be kept; gives a sentence where the folder was removed, or
        the disk refused."""
        if not isinstance(event, KEPT):  # how far loading is says nothing later
            return []
        self._where |= {name: getattr(event, name, told) for name, told in self._where.items()}
        try:
            if isinstance(event, StepCompleted):
                if not self._refused:
                    (self._file or self._opened()).write(event.to_json() + "\n")
                return []
            told = self._write_through(event)
        except OSError as error:
            return self._refusal(event, error)
        self._over, self._refused = isinstance(event, RunCompleted), False
        self._owed.clear()
        return told

    def _refusal(self, event: Event, error: OSError) -> list[str]:
        self.close()
        self._file, self._refused = None, True
        if isinstance(event, RunStarted | RecipeChanged):
            self._owed.append(event)
        told, self._told = self._told, True
        why = error.strerror or error
        sentence = f"{self.name} can't be written, and what it lacks is lost: {why}."
        return [] if told else [f"{sentence} Training goes on."]

    def _write_through(self, event: Event) -> list[str]:
        file = self._file or self._opened()
        if isinstance(event, RunStarted):
            self._started = event
        removed = not self._path.exists()
        if removed:
            file = self._begun_anew()
        for each in (*self._owed, event):
            file.write(each.to_json() + "\n")
        file.flush()
        told = f"{self._run.folder} was removed while its run trains. What it says and keeps from "
        return [told + "now on is put there anew."] if removed else []

    def _opened(self) -> TextIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        _cut_back(self._path)
        with suppress(OSError):
            self._project = self._run.project_file.read_bytes()
        self._file = self._path.open("a", encoding="utf-8")
        return self._file

    def _begun_anew(self) -> TextIO:
        """The file in a folder of the same name, which is a run again: it has its project."""
        self.close()
        self._run.folder.mkdir(parents=True, exist_ok=True)
        if self._project and not self._run.project_file.exists():
            self._run.project_file.write_bytes(self._project)
        file = self._opened()
        if self._started:
            file.write(self._started.to_json() + "\n")
        return file

    def finish(self) -> list[str]:
        """Nothing is left to do: the last event was written through."""
        return []

    def end(self, reason: Any, error: BaseException | None = None) -> None:
        """Say how the run ended, and why it failed, if it has not said so itself. One that nobody
        stopped, since the window is gone that asked for it, has no last word: it was interrupted.
        """
        if not self._over and not (reason == "stopped" and _orphaned()):
            told: dict[str, Any] = dict(self._where)
            if isinstance(error, UserError):  # any other one is a traceback, and no sentence
                told |= {"fault": str(error), "kind": type(error).__name__}
            with suppress(OSError):
                self.write(RunCompleted(reason=reason, test={}, **told))

    def close(self) -> None:
        """Close the file; what a full disk refuses is lost."""
        with suppress(OSError):
            if self._file:
                self._file.close()


def _orphaned() -> bool:
    parent = multiprocessing.parent_process()
    return parent is not None and not parent.is_alive()


def _cut_back(path: Path) -> None:
    """Remove what a crash or a full disk left of a last line: what follows begins its own."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        size = begin = file.seek(0, os.SEEK_END)
        whole = 0
        while begin and not whole:  # from behind, since a file of a night is long
            end, begin = begin, max(0, begin - _BLOCK)
            file.seek(begin)
            place = file.read(end - begin).rfind(b"\n")
            whole = 0 if place < 0 else begin + place + 1
    if whole < size:
        os.truncate(path, whole)
