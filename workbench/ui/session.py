"""`Session`: document, data in view, model in hand, and the training job; handed to every panel."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Signal

from workbench.core.errors import UserError
from workbench.core.events import DevicesFound, Event, WriteFailed
from workbench.core.project import Project
from workbench.core.run_of_project import newest_run_of
from workbench.core.runs import Run, create_run, remove_if_empty
from workbench.engine.remote import EngineLost, Engines, Stream
from workbench.ui.data_view import DataView
from workbench.ui.document import Document
from workbench.ui.drawing import Drawing
from workbench.ui.job import Job, Jobs
from workbench.ui.replay import Replay
from workbench.ui.settings import Settings
from workbench.ui.text import tr
from workbench.ui.theme import Theme

State = Literal["idle", "running", "paused", "stopping"]
After = Callable[[], None]


class Session(Jobs):
    """What the panels share. They listen to its signals and call its methods."""

    reported = Signal(object)
    """Events of the run that is shown, live or replayed."""
    run_shown = Signal()
    """Another run is shown, or none: what was drawn of the last one is void."""
    state_changed = Signal(str)
    data_changed = Signal()
    weights_changed = Signal()
    devices_found = Signal(object)
    cell_chosen = Signal(object)
    """(actual, predicted) of the confusion cell whose samples are to be seen, or None."""
    said = Signal(str)  # a sentence for the status bar
    train_wanted = Signal()
    """A panel asks for what the command Train does."""

    def __init__(
        self, project: Project, settings: Settings, theme: Theme, engines: Engines | None = None
    ) -> None:
        super().__init__()
        self.settings, self.theme = settings, theme
        theme.setParent(self)  # without a parent, the collector could destroy it in any thread
        self.document = Document(project, self)
        self.engines = engines or Engines()
        self.state: State = "idle"
        self.run: Run | None = None
        self.run_project: Project | None = None
        self._held: tuple[Path, Project] | None = None
        self.data = DataView()
        self.devices: dict[str, str] = {"cpu": "CPU"}
        self._training: Job | None = None
        self._describing: Job | None = None
        self._replay = Replay(self)
        self.drawing = Drawing(self)
        self.document.changed.connect(self._project_changed)
        self.document.refused.connect(lambda error: self.failed.emit(error, False))

    # -- start-up and data

    def close(self) -> None:
        """Wait for the threads, which `stop_all` has asked to end, and end the engine processes."""
        self.wait_all()
        self.engines.close()

    def request_draw(self) -> None:
        """Have what has changed drawn soon, however often this is called."""
        self.drawing.request()

    def warm(self) -> None:
        """Start the engine process and have it load the data, replay the last run of the project
        and find its devices: one after another, so that one process does it all."""
        self.look_at_data(then=self._show_last_run)

    def _show_last_run(self) -> None:
        if self.ending:
            return
        if self.state == "idle" and self.run is None:
            self.show_run_of_project()
        self._replay.afterwards(self._find_devices)

    def _find_devices(self) -> None:
        if not self.ending:
            self.start(self.engines.remote("machine.find_devices"), self._devices_told)

    def _devices_told(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, DevicesFound):
                self.devices = dict(event.devices)
                self.devices_found.emit(self.devices)

    def look_at_data(self, function: str = "describe.describe", then: After | None = None) -> None:
        """Load the project's data for the panels; `describe.download` fetches it first. `then`
        follows: connected to the job behind its start, it could miss the end of a short one."""
        if self._describing:
            self._describing.stream.stop()
        data, anew = self.document.project.data, function != "describe.describe"
        view = self.data = DataView(data, None if anew else self.data)
        stream = self.engines.remote(function, data, *([] if anew else [view.lacking]))
        self._describing = self.start(
            stream,
            lambda events: self._data_told(view, events),
            lambda e: self._data_ended(view, e, then),
        )
        self.data_changed.emit()

    def cancel_data(self) -> None:
        """Give up loading or fetching the project's data."""
        if self._describing:
            self.data.cancelled = True
            self._describing.stream.stop()

    def _data_told(self, view: DataView, events: list[Event]) -> None:
        view.take(events)
        if view is self.data:
            self.data_changed.emit()

    def _data_ended(self, view: DataView, error: Exception | None, then: After | None) -> None:
        if view is self.data:
            self._describing = None
            if not view.end(error):
                self._told_if_failed(error)
            self.data_changed.emit()
        if then:
            then()

    def _project_changed(self, project: Project, before: Project) -> None:
        self._change_run(project)
        if project.data != before.data:
            self.look_at_data()
            self.show_run_of_project()
        if project.data != before.data or project.model != before.model:
            self.weights_changed.emit()

    @property
    def weights(self) -> Path | None:
        """The checkpoint of the model in hand: of the open network on the open data, or none."""
        if self._held is None:
            return None
        path, project = self._held
        present = self.document.project
        same = (project.model, project.data) == (present.model, present.data)
        return path if same and path.exists() else None  # its run may be in the trash

    def hold(self, weights: Path, project: Project) -> None:
        """Take a checkpoint of `project` as the model in hand."""
        self._held = weights, project
        self.weights_changed.emit()

    # -- training

    def train(self, weights: Path | None = None) -> None:
        """Train the project in a new run; from `weights`, a checkpoint, instead of random ones."""
        if self.state != "idle":
            return
        project = self.document.project
        try:
            if self.data.error:
                raise self.data.error
            project.check()
            run = create_run(project, self.settings.runs_dir)
        except UserError as error:
            self.failed.emit(error, False)
            return
        self.show_run(run, project)
        self._train(project, run, False, weights)

    def resume_run(self) -> None:
        """Go on with the shown run from its last checkpoint."""
        run = self.run
        if not run or self.state != "idle":
            return
        try:
            self._train(run.project(), run, True, None)
        except UserError as error:
            self.failed.emit(error, False)

    def go_back(self, lr: float) -> None:
        """Go on with the shown run from its last checkpoint, at another lr."""
        self.resume_run()
        if self._training and isinstance(self._training.stream, Stream):
            self._training.stream.change(lr=lr)

    def _train(self, project: Project, run: Run, resume: bool, weights: Path | None) -> None:
        self._replay.stop()
        stream = self.engines.remote("sinks.train", project, run.folder, resume, weights)
        self.said.emit(tr("Training {run}…", run=run.name))
        self._become("running")
        self._training = self.start(stream, self.run_told, self._run_ended)

    def pause(self) -> None:
        """Let training wait before its next step."""
        if self._training and self.state == "running":
            self._training.stream.pause()
            self._become("paused")

    def go_on(self) -> None:
        """Let training go on after `pause`."""
        if self._training and self.state == "paused":
            self._training.stream.resume()
            self._become("running")

    def stop(self) -> None:
        """Stop training after its present step; the last checkpoint is kept."""
        if self._training and self.state in ("running", "paused"):
            self._training.stream.stop()
            self._become("stopping")

    def _change_run(self, project: Project) -> None:
        """Have the run at work take up another lr or number of epochs, also one that undo brings
        back, if nothing else of its project is other than in the open one."""
        shown = self.run_project
        if not self._training or not shown or self.state not in ("running", "paused"):
            return
        values = {"lr": project.train.lr, "epochs": project.train.epochs}
        if project != shown and project == shown.replace(train=shown.train.replace(**values)):
            self.run_project = project
            stream = self._training.stream
            assert isinstance(stream, Stream)
            stream.change(**values)

    def _become(self, state: State) -> None:
        self.state = state
        shown = self.run_project
        on_cpu = shown is None or shown.train.device == "cpu"
        self.drawing.sparing = state == "running" and on_cpu
        self.state_changed.emit(state)

    def run_told(self, events: list[Event]) -> None:
        """Pass on what the shown run says."""
        for event in events:
            if isinstance(event, WriteFailed):
                self.failed.emit(UserError("{reason}", reason=event.reason), False)
        with self.drawing.patient():
            self.reported.emit(events)
            self.request_draw()

    def _run_ended(self, error: Exception | None) -> None:
        self._training = None
        self._take_weights_of_run()
        if self.state == "stopping":
            error = self._stopped(error)
        self._become("idle")
        self._remove_if_empty(error)
        if error:
            resumable = isinstance(error, EngineLost) and bool(self.run and self.run.last.exists())
            self.failed.emit(error, resumable)

    def _remove_if_empty(self, error: Exception | None) -> None:
        """A run that never took a step is no run, unless the engine was lost in it."""
        told = error is None or (isinstance(error, UserError) and not isinstance(error, EngineLost))
        if told and self.run and remove_if_empty(self.run):
            self.show_run(None)

    def _stopped(self, error: Exception | None) -> Exception | None:
        """Say what a stop left; that the engine had to be ended for it is no alarm."""
        kept = bool(self.run and self.run.last.exists())
        told = tr("Stopped; the last checkpoint is kept.")
        self.said.emit(told if kept else tr("Stopped before a checkpoint."))
        return None if isinstance(error, EngineLost) else error

    def _take_weights_of_run(self) -> None:
        kept = self.run.checkpoint if self.run else None
        if kept and self.run_project:
            self.hold(kept, self.run_project)

    # -- runs and models

    def show_run(self, run: Run | None, project: Project | None = None) -> None:
        """Show a run of `project`, so far without events; or none."""
        self._replay.stop()
        self.run, self.run_project = run, project
        self.cell_chosen.emit(None)
        self.run_shown.emit()

    def open_run(self, run: Run, then: After | None = None) -> None:
        """Show a run of the past by replaying what it said; `then` follows if that went well.

        Raises:
            UserError: the folder is no run, or its project can't be read.
        """
        self.show_run(run, run.project())
        self._replay.start(run, then)
        self._take_weights_of_run()

    def show_run_of_project(self) -> None:
        """Show the newest run that trained exactly the open project, or none; a run that is
        training stays in view."""
        if self.state != "idle":
            return
        run = newest_run_of(self.document.project, self.settings.runs_dir)
        if run is None:
            self.show_run(None)
        elif run != self.run:
            self.open_run(run)
