"""`Session`: document, data in view, run in view and model in hand; handed to every panel."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from PySide6.QtCore import Signal

from workbench.core.errors import UserError
from workbench.core.events import DevicesFound, Event, StepCompleted, WriteFailed
from workbench.core.project import Project
from workbench.core.run_of_project import newest_run_of, project_as_changed
from workbench.core.runs import Run
from workbench.engine.remote import Engines
from workbench.ui.data_view import DataView
from workbench.ui.document import Document
from workbench.ui.drawing import Drawing
from workbench.ui.job import Job, Jobs
from workbench.ui.replay import Replay
from workbench.ui.settings import Settings
from workbench.ui.theme import Theme
from workbench.ui.training import State, Training

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
        self.run: Run | None = None
        self.run_project: Project | None = None
        self._has_steps = False
        self._held: tuple[Path, Project] | None = None
        self.data = DataView()
        self.devices: dict[str, str] = {"cpu": "CPU"}
        self._describing: Job | None = None
        self.replay = Replay(self)
        self.training = Training(self)
        self.drawing = Drawing(self)
        self.document.changed.connect(self._project_changed)
        self.document.refused.connect(lambda error: self.failed.emit(error, False))

    @property
    def state(self) -> State:
        """What the run at work does."""
        return self.training.state

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
        self.replay.afterwards(self._find_devices)

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
        view = self.data = DataView(data, None if anew else self.data, function)
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
        self.training.change(project, before)
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

    # -- runs and models

    def run_told(self, events: list[Event]) -> None:
        """Pass on what the run at work says."""
        for event in events:
            if isinstance(event, WriteFailed):
                self.failed.emit(UserError("{reason}", reason=event.reason), False)
        self.run_said(events)

    def run_said(self, events: list[Event]) -> None:
        """Pass on what the shown run says, or said: then its warnings are no alarms any more."""
        first = not self._has_steps and any(isinstance(event, StepCompleted) for event in events)
        self._has_steps |= first
        with nullcontext() if first else self.drawing.patient():  # a person waits for the first
            self.reported.emit(events)
            self.request_draw()

    def take_weights_of_run(self) -> None:
        """Take the best checkpoint of the shown run, or its last, as the model in hand."""
        kept = self.run.checkpoint if self.run else None
        if kept and self.run_project:
            self.hold(kept, self.run_project)

    def show_run(self, run: Run | None, project: Project | None = None) -> None:
        """Show a run of `project`, so far without events; or none."""
        self.replay.stop()
        self.run, self.run_project = run, project
        self._has_steps = False
        self.cell_chosen.emit(None)
        self.run_shown.emit()

    def open_run(self, run: Run, then: After | None = None) -> None:
        """Show a run of the past by replaying what it said; `then` follows if that went well, else
        why it failed is told.

        Raises:
            UserError: the folder is no run, or its project can't be read.
        """
        self._replay(run, then or self.replay.tell_failure)

    def _replay(self, run: Run, then: After | None) -> None:
        self.show_run(run, project_as_changed(run))
        self.replay.start(run, then)
        self.take_weights_of_run()

    def show_run_of_project(self) -> None:
        """Show the newest run that trained exactly the open project, or none; a run that is
        training stays in view."""
        if self.state != "idle":
            return
        run = newest_run_of(self.document.project, self.settings.runs_dir)
        if run is None:
            self.show_run(None)
        elif run != self.run:
            self._replay(run, None)  # nobody asked for it, so its failure is no news
