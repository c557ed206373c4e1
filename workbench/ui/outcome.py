"""What a split's predictions say: arrays that the panels sort, filter and count."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from PySide6.QtCore import QObject, Signal

from workbench.core.data import DatasetInfo, Split
from workbench.core.errors import UserError
from workbench.core.events import Event, PredictionsSaved, RunCompleted
from workbench.ui.session import Session

if TYPE_CHECKING:  # at run time where it is used: numpy takes a tenth of a second of the start
    import numpy as np
    from numpy.typing import NDArray

Cell = tuple[int, int]


@dataclass(frozen=True)
class Outcome:
    """Predictions of one split after one epoch."""

    split: Split
    epoch: int
    info: DatasetInfo
    probabilities: NDArray[np.float32]
    """(n, classes), or (n,) predicted values for regression."""
    targets: NDArray[np.int64]
    losses: NDArray[np.float32]

    @property
    def predicted(self) -> NDArray[Any]:
        """(n,) classes, or values for regression."""
        if self.info.task == "classification":
            classes: NDArray[np.int64] = self.probabilities.argmax(axis=1)
            return classes
        return self.probabilities

    def order(self, by: str, cell: Cell | None) -> NDArray[np.int64]:
        """Sample numbers: `wrong` puts the largest loss among the wrong ones first, `unsure` the
        smallest top probability, `first` keeps the split's order; only those of `cell`, if any."""
        import numpy as np

        predicted = self.predicted
        wrong = predicted != self.targets
        if by == "wrong" and self.info.task == "classification":
            ranks = np.lexsort((-self.losses, ~wrong))
        elif by == "wrong":
            ranks = np.argsort(-self.losses, kind="stable")
        elif by == "unsure" and self.info.task == "classification":
            ranks = np.argsort(self.probabilities.max(1), kind="stable")
        else:
            ranks = np.arange(len(self.targets))
        if cell is None:
            return ranks
        actual, guessed = cell
        chosen: NDArray[np.int64] = ranks[
            (self.targets[ranks] == actual) & (predicted[ranks] == guessed)
        ]
        return chosen

    def confusion(self) -> NDArray[np.int64]:
        """(classes, classes) counts: rows are actual, columns predicted."""
        import numpy as np

        classes = len(self.info.classes)
        flat = np.bincount(self.targets * classes + self.predicted, minlength=classes**2)
        return flat.reshape(classes, classes)


def read_outcome(path: Path, split: Split, epoch: int, info: DatasetInfo) -> Outcome:
    """The predictions that a `PredictionsSaved` tells of.

    Raises:
        UserError: the file is missing or damaged, or of other data.
    """
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as held:
            arrays = [held[name] for name in ("probabilities", "targets", "losses")]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise UserError(
            "The predictions in {path} can't be read: {reason}.", path=path, reason=error
        ) from error
    fits = arrays[0].shape[1:] == ((len(info.classes),) if info.task == "classification" else ())
    if not fits or len({len(array) for array in arrays}) != 1:
        raise UserError("The predictions in {path} are of other data.", path=path)
    return Outcome(split, epoch, info, *arrays)


class Outcomes(QObject):
    """The latest predictions of the shown run for each split, and which of them is looked at."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._saved: dict[str, PredictionsSaved] = {}
        self._read: tuple[PredictionsSaved, Outcome] | None = None
        self.split: Split = "val"
        session.reported.connect(self._on_events)
        session.run_shown.connect(self._clear)
        session.data_changed.connect(self.changed)

    def look_at(self, split: Split) -> None:
        """Look at the predictions of another split."""
        self.split = split
        self.changed.emit()

    def _clear(self) -> None:
        self._saved, self._read, self.split = {}, None, "val"
        self.changed.emit()

    def _on_events(self, events: list[Event]) -> None:
        saved = [event for event in events if isinstance(event, PredictionsSaved)]
        for event in saved:
            self._saved[event.split] = event
        if any(isinstance(event, RunCompleted) and event.test for event in events):
            self.split = "test"
            self.changed.emit()
        if saved:
            self.changed.emit()

    def current(self) -> Outcome | None:
        """The predictions that are looked at, or None if there are none of the open data."""
        session = self._session
        event = self._saved.get(self.split)
        data = session.document.project.data
        shown = session.run_project
        if not event or not session.run or not shown or shown.data != data:
            return None
        if self._read and self._read[0] == event:
            return self._read[1]
        try:
            path = session.run.folder / event.path
            outcome = read_outcome(path, event.split, event.epoch, data.info())
        except UserError:  # kept predictions may be deleted at any time; the next ones will come
            return None
        self._read = event, outcome
        return outcome
