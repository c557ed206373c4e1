"""`train.py` of a run: the program that a person would have written, beside what the run leaves."""

from pathlib import Path

from workbench.core.codegen_train import generate_program
from workbench.core.errors import UserError
from workbench.core.events import Event, RunStarted
from workbench.core.files import write_atomically
from workbench.core.project import Project
from workbench.core.runs import Run


class Twin:
    """A sink: writes the program once it is known how the run carries its steps out. What can't be
    told as a program is told in its place; no run fails for that."""

    def __init__(self, run: Run, project: Project, weights: Path | None) -> None:
        self.name = str(run.program)
        self._run, self._project = run, project
        self._weights = weights.absolute() if weights else None

    def write(self, event: Event) -> list[str]:
        """Write the program where a run begins; one that is resumed has its own."""
        if isinstance(event, RunStarted) and not (event.step and self._run.program.exists()):
            write_atomically(self._run.program, self._text(event).encode())
        return []

    def _text(self, event: RunStarted) -> str:
        try:
            return generate_program(self._project, event.tuning, self._weights, beside=False).text
        except UserError as error:
            return f"# {' '.join(str(error).split())}\n"

    def finish(self) -> list[str]:
        """Nothing is left to be written."""
        return []

    def end(self, reason: str, error: BaseException | None = None) -> None:
        """The program does not say how the run ended."""

    def close(self) -> None:
        """Nothing is open."""
