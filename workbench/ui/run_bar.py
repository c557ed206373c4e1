"""The toolbar: Train, Pause, Stop, progress, device, and the search for commands."""

from dataclasses import replace

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolBar,
    QWidget,
)

from workbench.core.clock import clock
from workbench.core.events import (
    EpochCompleted,
    Event,
    RecipeChanged,
    RunCompleted,
    RunStarted,
    StepCompleted,
)
from workbench.ui.naming import named, styled
from workbench.ui.session import Session
from workbench.ui.text import tr


class RunBar(QToolBar):
    """Shows and steers the training job."""

    def __init__(self, session: Session) -> None:
        super().__init__(tr("Run"))
        self.setObjectName("run_bar")
        self.setMovable(False)
        self.toggleViewAction().setVisible(False)
        self._session = session
        self._actions: dict[str, QAction] = {}
        self._started: RunStarted | None = None
        self._step: StepCompleted | None = None
        self._first: StepCompleted | None = None
        self._add_buttons()
        self._add_progress()
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spacer)
        self._add_device()
        self._add_search()
        session.state_changed.connect(self._state_changed)
        session.reported.connect(self._on_events)
        session.run_shown.connect(self._clear)
        session.drawing.add(self, self._draw)
        session.devices_found.connect(self._offer_devices)
        session.document.changed.connect(self._show_device)
        session.document.changed.connect(session.request_draw)
        self._state_changed("idle")

    def _add_buttons(self) -> None:
        self.main = styled(named(QPushButton(), "run_bar.train"), "primary")
        self.main.setMinimumWidth(112)
        self.main.clicked.connect(self._main_pressed)
        self.stop = named(QPushButton(tr("■  Stop")), "run_bar.stop", tr("Stop training"))
        self.addWidget(self.main)
        self.addWidget(self.stop)

    def take_commands(self, actions: dict[str, QAction]) -> None:
        """Have the commands that the buttons stand for, and that can be searched."""
        self._actions = actions
        self.stop.setToolTip(actions["run.stop"].toolTip())
        self.stop.clicked.connect(actions["run.stop"].trigger)

    def _add_progress(self) -> None:
        self.progress = named(
            QProgressBar(textVisible=False), "run_bar.progress", tr("Progress of the run")
        )
        self.progress.setFixedWidth(170)
        self.progress.setMaximum(1000)
        self.status = named(QLabel(), "run_bar.status")
        self.status.setContentsMargins(6, 0, 0, 0)
        self.addWidget(self.progress)
        self.addWidget(self.status)

    def _add_device(self) -> None:
        label = styled(QLabel(tr("Device")), "muted")
        self.device = named(
            QComboBox(), "run_bar.device", tr("Device"), tr("Where the network is trained")
        )
        self.device.setMinimumContentsLength(13)
        self.device.activated.connect(self._choose_device)
        self.addWidget(label)
        self.addWidget(self.device)
        self._offer_devices(self._session.devices)

    def _add_search(self) -> None:
        self.search = named(
            QLineEdit(placeholderText=tr("Search commands   Ctrl+Shift+P")),
            "run_bar.search",
            tr("Search commands"),
            tr("Type a part of a command's name, then Enter"),
        )
        self.search.setFixedWidth(250)
        offered = QStringListModel(self)
        # only what can be done now; the text is empty when a search begins
        self.search.textEdited.connect(
            lambda: offered.setStringList(
                sorted(title for title, action in self._titles().items() if action.isEnabled())
            )
        )
        completer = QCompleter(offered, self.search)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.activated.connect(lambda title: self._command(self._titles()[title]))
        self.search.returnPressed.connect(
            lambda: self._command(self._titles().get(completer.currentCompletion()))
        )
        self.search.setCompleter(completer)
        self.addWidget(self.search)

    def _titles(self) -> dict[str, QAction]:
        return {action.data(): action for action in self._actions.values()}

    def _command(self, action: QAction | None) -> None:
        if not self.search.text():
            return
        self.search.clear()
        if action:
            self.search.clearFocus()
            action.trigger()
        else:
            self._session.said.emit(tr("There is no such command at the moment."))

    def _main_pressed(self) -> None:
        ids = {"idle": "run.train", "running": "run.pause", "paused": "run.resume"}
        state = self._session.state
        if state in ids and self._actions:
            self._actions[ids[state]].trigger()

    def _state_changed(self, state: str) -> None:
        texts = {
            "idle": (tr("▶  Train"), tr("Train the network in a new run (F5)")),
            "running": (tr("❚❚  Pause"), tr("Wait before the next step (F6)")),
            "paused": (tr("▶  Resume"), tr("Go on with the next step (F7)")),
            "stopping": (tr("Stopping…"), tr("The last checkpoint is being kept")),
        }
        text, tip = texts[state]
        self.main.setText(text)
        self.main.setAccessibleName(text.split(maxsplit=1)[-1])  # without the sign
        self.main.setToolTip(tip)
        self.main.setEnabled(state != "stopping")
        self.stop.setEnabled(state in ("running", "paused"))
        if not self._started:
            self.status.setText(tr("starting…") if state == "running" else "")
        self._session.request_draw()

    # -- progress

    def _clear(self) -> None:
        self._started = self._step = self._first = None
        self.progress.setValue(0)
        self.status.clear()

    def _on_events(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, RunStarted):
                self._started, self._first = event, None
            elif isinstance(event, RecipeChanged) and self._started:
                self._started = replace(self._started, epochs=event.epochs)
                self._session.said.emit(_changed(event))
            elif isinstance(event, StepCompleted):
                self._first = self._first or event
                self._step = event
            elif isinstance(event, EpochCompleted) and event.best and event.val:
                self._session.said.emit(_best(event))
            elif isinstance(event, RunCompleted):
                self._session.said.emit(_ended(event))

    def _draw(self) -> None:
        started, step = self._started, self._step
        if not started or not step:
            return
        total = max(started.steps_per_epoch * started.epochs, 1)
        self.progress.setValue(round(1000 * step.step / total))
        told = [tr("epoch {n} / {of}", n=step.epoch, of=started.epochs)]
        speed = self._samples_per_second(step)
        if speed:
            word = tr("images/s") if self._is_image() else tr("rows/s")
            told.append(f"{speed:,.0f} {word}")
            left = (total - step.step) * _samples_a_step(started) / speed
            if self._session.state != "idle":
                told.append(tr("{time} left", time=clock(left)))
        if self._session.state != "idle" and self._edited():
            told.append(tr("your edits since are for the next run"))
        if self._session.state == "paused":
            told.append(tr("paused"))
        self.status.setText(" · ".join(told))

    def _edited(self) -> bool:
        """Whether the open project is no longer the one that is being trained."""
        return self._session.run_project != self._session.document.project

    def _is_image(self) -> bool:
        project = self._session.run_project or self._session.document.project
        return project.data.info().is_image

    def _samples_per_second(self, step: StepCompleted) -> float:
        first = self._first
        if not first or not self._started or step.seconds <= first.seconds:
            return 0.0
        seconds = step.seconds - first.seconds
        return (step.step - first.step) * _samples_a_step(self._started) / seconds

    # -- device

    def _offer_devices(self, devices: dict[str, str]) -> None:
        self.device.clear()
        for name, title in devices.items():
            self.device.addItem(title, name)
        self._show_device()

    def _show_device(self) -> None:
        self.device.setCurrentIndex(
            self.device.findData(self._session.document.project.train.device)
        )

    def _choose_device(self) -> None:
        project = self._session.document.project
        train = project.train.replace(device=self.device.currentData())
        self._session.document.edit(tr("Change device"), project.replace(train=train))


def _samples_a_step(started: RunStarted) -> float:
    """On the mean: several batches where gradients are accumulated."""
    return started.samples / started.steps_per_epoch


def _best(event: EpochCompleted) -> str:
    if "accuracy" in event.val:
        value = f"{100 * event.val['accuracy']:.1f} %"
        return tr("Validation accuracy {value}: lowest loss so far, kept as best", value=value)
    return tr("Validation loss {value}: best so far, kept", value=f"{event.val['loss']:.4g}")


def _changed(event: RecipeChanged) -> str:
    return tr(
        "lr {lr} and {epochs} epochs from step {step} on.",
        lr=f"{event.lr:g}",
        epochs=event.epochs,
        step=event.step + 1,
    )


def _ended(event: RunCompleted) -> str:
    if event.reason == "stopped":
        return tr("Stopped in epoch {epoch}; the last checkpoint is kept.", epoch=event.epoch)
    if event.reason == "failed":
        return tr("The run failed in epoch {epoch}.", epoch=event.epoch)
    if "accuracy" in event.test:
        value = f"{100 * event.test['accuracy']:.1f} %"
        return tr("Done in {time}: test accuracy {value}.", time=clock(event.seconds), value=value)
    if "loss" in event.test:
        value = f"{event.test['loss']:.4g}"
        return tr("Done in {time}: test loss {value}.", time=clock(event.seconds), value=value)
    return tr("Done in {time}.", time=clock(event.seconds))
