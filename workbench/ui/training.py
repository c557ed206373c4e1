"""`Training`: the run at work, from the click that begins it to what is said at its end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from workbench.core.errors import UserError
from workbench.core.project import Project
from workbench.core.runs import Run, create_run, remove_if_empty
from workbench.engine.remote import EngineLost, Stream
from workbench.ui.job import Job
from workbench.ui.text import tr

if TYPE_CHECKING:
    from workbench.ui.session import Session

State = Literal["idle", "running", "paused", "stopping"]


class Training:
    """Begins, steers and ends the training of the run that the session shows."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.state: State = "idle"
        self._job: Job | None = None

    def begin(self, weights: Path | None = None) -> None:
        """Train the project in a new run; from `weights`, a checkpoint, instead of random ones."""
        if self.state != "idle":
            return
        project = self._session.document.project
        try:
            if self._session.data.error:
                raise self._session.data.error
            project.check()
            run = create_run(project, self._session.settings.runs_dir)
        except UserError as error:
            self._session.failed.emit(error, False)
            return
        self._session.show_run(run, project)
        self._train(project, run, False, weights)

    def resume(self, lr: float | None = None) -> None:
        """Go on with the shown run from its last checkpoint: with its recipe as it was changed
        last, also behind that checkpoint, or at another lr."""
        session, run, project = self._session, self._session.run, self._session.run_project
        if not run or not project or self.state != "idle":
            return
        try:
            began = run.project()
        except UserError as error:
            session.failed.emit(error, False)
            return
        if session.document.project == began:  # else the form would show what is not in force
            session.document.edit(tr("Go on with {run}", run=run.name), project)
        train = project.train.replace(lr=lr or project.train.lr)
        session.run_project = project.replace(train=train)
        self._train(began, run, True, None, lr=train.lr, epochs=train.epochs)

    def _train(
        self, project: Project, run: Run, resume: bool, weights: Path | None, **changes: Any
    ) -> None:
        self._session.replay.stop()
        stream = self._session.engines.remote("sinks.train", project, run.folder, resume, weights)
        if changes:
            stream.change(**changes)
        self._session.said.emit(tr("Training {run}…", run=run.name))
        self._become("running")
        self._job = self._session.start(stream, self._session.run_told, self._run_ended)

    def pause(self) -> None:
        """Let training wait before its next step."""
        if self._job and self.state == "running":
            self._job.stream.pause()
            self._become("paused")

    def go_on(self) -> None:
        """Let training go on after `pause`."""
        if self._job and self.state == "paused":
            self._job.stream.resume()
            self._become("running")

    def stop(self) -> None:
        """Stop training after its present step; the last checkpoint is kept."""
        if self._job and self.state in ("running", "paused"):
            self._job.stream.stop()
            self._become("stopping")

    def change(self, project: Project, before: Project) -> None:
        """Have the run at work take up the lr or number of epochs that an edit, or its undoing,
        changed, if nothing else of its project is other than in the open one."""
        shown, old, new = self._session.run_project, before.train, project.train
        if not self._job or not shown or self.state not in ("running", "paused"):
            return
        both = {"lr": new.lr, "epochs": new.epochs}
        edited = {name: value for name, value in both.items() if getattr(old, name) != value}
        if edited and project == shown.replace(train=shown.train.replace(**both)):
            self._session.run_project = shown.replace(train=shown.train.replace(**edited))
            stream = self._job.stream
            assert isinstance(stream, Stream)
            stream.change(**edited)

    def _become(self, state: State) -> None:
        self.state = state
        shown = self._session.run_project
        on_cpu = shown is None or shown.train.device == "cpu"
        self._session.drawing.sparing = state == "running" and on_cpu
        self._session.state_changed.emit(state)

    def _run_ended(self, error: Exception | None) -> None:
        self._job = None
        self._session.take_weights_of_run()
        if self.state == "stopping":
            error = self._stopped(error)
        self._become("idle")
        self._remove_if_empty(error)
        if error:
            run = self._session.run
            resumable = isinstance(error, EngineLost) and bool(run and run.last.exists())
            self._session.failed.emit(error, resumable)

    def _remove_if_empty(self, error: Exception | None) -> None:
        """A run that never took a step is no run, unless the engine was lost in it."""
        told = error is None or (isinstance(error, UserError) and not isinstance(error, EngineLost))
        if told and self._session.run and remove_if_empty(self._session.run):
            self._session.show_run(None)

    def _stopped(self, error: Exception | None) -> Exception | None:
        """Say what a stop left; that the engine had to be ended for it is no alarm."""
        run, lost = self._session.run, isinstance(error, EngineLost)
        if not (run and run.last.exists()):
            said = tr("Stopped before a checkpoint.")
        elif lost:
            said = tr("Ended, since it did not stop in time: an older checkpoint is kept.")
        else:
            said = tr("Stopped; the last checkpoint is kept.")
        self._session.said.emit(said)
        return None if lost else error
