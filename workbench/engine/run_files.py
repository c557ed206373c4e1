"""What a run leaves in its folder: checkpoints and predictions. No full disk stops training."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from workbench.core.data import Split
from workbench.core.errors import UserError
from workbench.core.events import CheckpointSaved, Event, PredictionsSaved, WriteFailed
from workbench.core.runs import Run
from workbench.engine import checkpoint
from workbench.engine.best import Best
from workbench.engine.predict import Predictions
from workbench.engine.predict import save as save_predictions


class RunFiles:
    """Writes the files of a run, and tells of each in an event."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def predictions(self, predictions: Predictions, split: Split, epoch: int) -> Event:
        """Keep the predictions of a split after an epoch, in place of those before."""

        def write() -> Event:
            path = self.run.predictions(split, epoch)
            save_predictions(predictions, path)
            self._remove_older(path, split)  # four a second fill a disk in a night
            return PredictionsSaved(path=self._inside(path), split=split, epoch=epoch)

        return _or_why_not(write)

    @staticmethod
    def _remove_older(path: Path, split: Split) -> None:
        for other in path.parent.glob(f"{split}-*.npz"):
            if other.name != path.name:
                with suppress(OSError):  # Windows minds a reader; it goes with the next one
                    other.unlink()

    def checkpoints(self, state: Callable[[], dict[str, Any]], best: Best) -> Event:
        """Keep the best weights, if they are new, and `state` as the last checkpoint."""

        def write() -> Event:
            now = state()
            if best.state and not (best.saved and self.run.best.exists()):  # or it was removed
                # with what makes its figures those of training, to the last bit
                how = {name: now[name] for name in ("threads", "tuning")}
                checkpoint.save(best.state | how, self.run.best)
                best.saved = True
            self._keep(now)
            path = self._inside(self.run.last)
            return CheckpointSaved(path=path, epoch=now["epoch"], step=now["step"])

        return _or_why_not(write)

    def _keep(self, state: dict[str, Any]) -> None:
        """Write the last checkpoint, and keep those before it under their names."""
        last, *before = self.run.kept
        checkpoint.save(state, last, ready=lambda: self._shift(last, before))

    @staticmethod
    def _shift(last: Path, before: list[Path]) -> None:
        with suppress(OSError):  # older ones are a spare: the last one stays where it is
            if before[0].exists() and before[0].samefile(last):  # a crash came before the new one
                return
            for newer, older in reversed(list(pairwise(before))):
                if newer.exists():
                    newer.replace(older)
            try:
                os.link(last, before[0])
            except FileNotFoundError:  # the first one
                pass
            except OSError:  # a disk without links
                shutil.copyfile(last, before[0])

    def _inside(self, path: Path) -> str:
        return path.relative_to(self.run.folder).as_posix()  # so that a run can be moved


def remove_leftovers(run: Run) -> None:
    """Remove what a process that was killed had written in part, under names of its own."""
    for folder in (run.last.parent, run.predictions("val", 0).parent):
        for path in folder.glob(".*.tmp"):
            with suppress(OSError):
                path.unlink()


def last_good(
    run: Run, before: int | None = None, told: list[Event] | None = None
) -> dict[str, Any] | None:
    """The newest checkpoint that can be read (of a step under `before`), or None if there is none.
    Newer ones that are damaged are `told`.

    Raises:
        UserError: there are some, and all are damaged.
    """
    damage: UserError | None = None
    for path in run.kept:
        if not path.exists():
            continue
        try:
            state = checkpoint.load(path)
        except UserError as error:
            damage = damage or error
            continue
        if before is None or state.get("step", 0) < before:
            if damage and told is not None:
                told.append(_passed_over(damage, state))
            return state
    if damage and before is None:
        raise damage
    return None


def _passed_over(damage: UserError, state: dict[str, Any]) -> Event:
    step = state.get("step", 0)
    return WriteFailed(reason=f"{damage} The run goes on from the one before it, of step {step}.")


def _or_why_not(write: Callable[[], Event]) -> Event:
    """What `write` gives, or an event that says why the disk refused: training goes on."""
    try:
        return write()
    except UserError as error:
        return WriteFailed(reason=str(error))
