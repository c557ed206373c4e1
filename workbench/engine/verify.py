"""Whether the program of a run does what the run did: `train.py` in a clean process, compared."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.events import RecipeChanged, RunStarted, StepCompleted
from workbench.core.runs import Run

LOSSES = "losses.csv"
"""Where a program writes the loss of each step, a line each."""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """How far the losses of the program are those of the run."""

    equal: bool
    steps: int
    """How many were compared and are equal."""
    changed_at: int | None = None
    """The step behind which a person changed the recipe; what follows is no program's."""
    step: int | None = None
    """The first that differs."""
    run_loss: float | None = None
    program_loss: float | None = None
    """Its losses; None where one of the two did not get as far."""


def verify(run: Run) -> Verification:
    """Run `train.py` in a Python of its own, and compare; it is ended once all is known.

    Raises:
        UserError: there is no program, no step to compare, no Python to run it with, or the
            program fails.
    """
    told = _Told(run)
    _check_program(run)
    _check_python(run)
    with tempfile.TemporaryDirectory(prefix="workbench-verify-") as folder:
        same: list[float] = []
        for losses in _losses(run, told.threads, Path(folder)):
            same = losses
            if told.is_known(losses):
                break
    return _compared(told, same)


def _check_program(run: Run) -> None:
    if not run.program.is_file():
        raise UserError(
            "{folder} has no train.py: the run was made by an older version, its disk was full, or "
            "its folder was removed while it trained.",
            folder=run.folder,
        )
    text = run.program.read_text(encoding="utf-8")
    if text.startswith("# "):  # why there is no program
        raise UserError("{reason}", reason=text[2:].strip())


def _check_python(run: Run) -> None:
    if getattr(sys, "frozen", False):  # then `sys.executable` is this program itself
        raise UserError(
            "The packaged program has no Python to run {program} with. Install torch-workbench in "
            'a Python of your own, and run: python -m workbench verify "{folder}"',
            program=run.program.name,
            folder=run.folder.absolute(),
        )


class _Told:
    """What a run said of its steps, as far as one recipe holds."""

    def __init__(self, run: Run) -> None:
        losses: dict[int, float] = {}
        changes: list[int] = []
        self.threads = 0
        for event in run.events():
            if isinstance(event, RunStarted):  # what was told of later steps is void
                self.threads = self.threads or event.threads
                losses = {step: loss for step, loss in losses.items() if step <= event.step}
                changes = [step for step in changes if step <= event.step]
            elif isinstance(event, StepCompleted):
                losses[event.step] = event.metrics["loss"]
            elif isinstance(event, RecipeChanged):
                changes.append(event.step)
        self.changed_at = min(changes, default=None)
        # a disk that was full for a while leaves a gap, behind which nothing is compared
        whole = next(step for step in count(1) if step not in losses) - 1
        last = whole if self.changed_at is None else min(whole, self.changed_at)
        if losses and 1 not in losses:
            raise UserError(
                "{folder} lacks its first steps, so it can't be compared: it was removed while it "
                "trained, or its disk was full.",
                folder=run.folder,
            )
        self.losses = [loss for step, loss in sorted(losses.items()) if step <= last]
        if not self.losses:
            raise UserError("{folder} has no step to compare.", folder=run.folder)

    def is_known(self, losses: Sequence[float]) -> bool:
        """Whether further losses of the program would say nothing more."""
        differs = _first_difference(self.losses, losses) is not None
        return differs or len(losses) >= len(self.losses)


def _first_difference(ours: Sequence[float], theirs: Sequence[float]) -> int | None:
    """The place of the first loss that is another one, in both."""
    pairs = zip(ours, theirs, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), None)


def _compared(told: _Told, losses: Sequence[float]) -> Verification:
    place = _first_difference(told.losses, losses)
    if place is None and len(losses) < len(told.losses):
        place = len(losses)
    if place is None:
        return Verification(equal=True, steps=len(told.losses), changed_at=told.changed_at)
    return Verification(
        equal=False,
        steps=place,
        changed_at=told.changed_at,
        step=place + 1,
        run_loss=told.losses[place],
        program_loss=losses[place] if place < len(losses) else None,
    )


def _losses(run: Run, threads: int, folder: Path) -> Iterator[list[float]]:
    """The losses so far, whenever the program says something: it does behind each epoch."""
    with _running(run, threads, folder) as process:
        assert process.stdout
        for _ in process.stdout:
            yield _written(folder)
        code = process.wait()
        if code:
            raise UserError(
                "The train.py of {run} failed: {reason}",
                run=run.name,
                reason=_last_line(folder / "errors.txt") or f"exit code {code}",
            )
    yield _written(folder)


@contextmanager
def _running(run: Run, threads: int, folder: Path) -> "Iterator[subprocess.Popen[str]]":
    """The program in an isolated Python (-I), with as many threads as the run had: with others,
    sums are added in another order."""
    command = [sys.executable, "-I", "-u", str(run.program.absolute())]
    environment: Mapping[str, str] = {**os.environ, "OMP_NUM_THREADS": str(max(1, threads))}
    with (folder / "errors.txt").open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(  # noqa: S603  what the user asked for
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            assert process.stdout
            process.stdout.close()


def _written(folder: Path) -> list[float]:
    path = folder / LOSSES
    if not path.exists():
        return []
    return [float(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
