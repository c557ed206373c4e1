"""What a person writes of runs, on its way to the disk: one after another, the last word last."""

from collections.abc import Callable
from dataclasses import replace

from workbench.core.run_list import ListedRun
from workbench.core.run_notes import Notes
from workbench.core.runs import Run
from workbench.ui.runs.reading import noted
from workbench.ui.session import Session
from workbench.ui.work import Work


class Noting:
    """Keeps notes in Jobs. `written` is called with the name of each run whose notes were, or that
    the disk refused."""

    def __init__(self, session: Session, written: Callable[[str], None]) -> None:
        self._session, self._written = session, written
        self._wanted: dict[Run, Notes] = {}
        self._at_work = False

    def keep(self, run: Run, notes: Notes) -> None:
        """Have the notes of a run kept."""
        self._wanted[run] = notes
        self._go_on()

    def with_wanted(self, listed: ListedRun) -> ListedRun:
        """A run with the notes that it is going to have."""
        notes = self._wanted.get(listed.run)
        return replace(listed, notes=notes) if notes else listed

    def _go_on(self) -> None:
        if self._at_work or not self._wanted:
            return
        run, notes = next(iter(self._wanted.items()))
        self._at_work = True
        self._session.start(
            Work(noted(run, notes)), lambda _: None, lambda error: self._ended(run, notes, error)
        )

    def _ended(self, run: Run, notes: Notes, error: Exception | None) -> None:
        self._at_work = False
        if self._wanted.get(run) == notes or error:
            del self._wanted[run]
        if error:
            self._session.failed.emit(error, False)
        self._written(run.name)
        self._go_on()
