"""The Training panel: the recipe, and the arguments of its loss, optimizer and scheduler."""

from PySide6.QtWidgets import QLabel, QToolButton, QVBoxLayout, QWidget

from workbench.core.carried_out import in_force, reasons, refused
from workbench.core.events import Event, RunStarted
from workbench.core.layer import counted
from workbench.core.spec import Spec
from workbench.core.train import LossSpec, OptimizerSpec, SchedulerSpec, TrainConfig
from workbench.ui.dock import Dock
from workbench.ui.form import SpecForm
from workbench.ui.lr_plan import LrPlan
from workbench.ui.naming import named, styled
from workbench.ui.panel import Panel
from workbench.ui.panels.layer import scrolled
from workbench.ui.session import Session
from workbench.ui.text import tr

BATCH_SIZES = (1, 16, 32, 64, 128, 256, "all")
PARTS = ("loss", "optimizer", "scheduler")
USUAL = ("loss", "optimizer", "scheduler", "lr", "batch_size", "epochs", "seed", "device")
FURTHER = tuple(name for name in TrainConfig.model_fields if name not in USUAL)


class Part(QWidget):
    """A loss, an optimizer or a scheduler: its name, what it does, and its own arguments."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.heading = styled(named(QLabel(), f"training.{name}_name"), "heading")
        self.summary = styled(named(QLabel(wordWrap=True), f"training.{name}_summary"), "muted")
        self.form = SpecForm(f"training.{name}")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        for widget in (self.heading, self.summary, self.form):
            column.addWidget(widget)

    def show_spec(self, spec: Spec, summary: str) -> None:
        """Show a part of the recipe; one without arguments takes no room."""
        self.heading.setText(spec.kind)
        self.summary.setText(tr(summary))
        self.form.show_spec(spec)
        self.setVisible(bool(type(spec).model_fields))


class TrainingPanel(Panel):
    """The recipe: what is usual at the top, its parts with their arguments, the rest folded."""

    def __init__(self, session: Session, dock: Dock) -> None:
        super().__init__(session, dock)
        self.form = SpecForm("training.form", self._choices())
        self.parts = {name: Part(name) for name in PARTS}
        self.live = styled(named(QLabel(wordWrap=True), "training.live"), "muted")
        self.live.setText(tr("lr and epochs change the run at work; all else is for the next one."))
        self.live.hide()
        self.tuned = styled(named(QLabel(wordWrap=True), "training.tuned"), "muted")
        self.tuned.hide()
        self.more = named(
            QToolButton(),
            "training.more",
            tr("More of the recipe"),
            tr("Warm-up, clipping, accumulation, averaged weights, early stopping, precision"),
        )
        self.more.setText(tr("More…"))
        self.more.setCheckable(True)
        self.further = SpecForm("training.further")
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(9)
        self.plan = LrPlan(session)
        for widget in (
            self.live,
            self.form,
            self.tuned,
            self.plan,
            *self.parts.values(),
            self.more,
            self.further,
        ):
            column.addWidget(widget)
        column.addStretch(1)
        self.rows.addWidget(scrolled(inner))
        self.further.hide()
        self.more.toggled.connect(self.further.setVisible)
        self.form.edited.connect(self._edited)
        self.further.edited.connect(self._edited)
        for name, part in self.parts.items():
            part.form.edited.connect(lambda spec, field, name=name: self._part(name, spec, field))
        session.devices_found.connect(
            lambda devices: self.form.set_choices("device", tuple(devices))
        )
        session.state_changed.connect(
            lambda state: self.live.setVisible(state in ("running", "paused"))
        )
        session.reported.connect(self._on_events)
        session.run_shown.connect(self.tuned.hide)
        session.document.changed.connect(self._refresh)
        self._refresh()

    def _on_events(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, RunStarted) and event.tuning:
                self._tell_tuning(event)

    def _tell_tuning(self, started: RunStarted) -> None:
        """How the shown run carries its steps out; the reasons are in the tooltip."""
        threads = counted(started.threads, tr("thread"), tr("threads"))
        told = [tr("This run: {how}", how=" · ".join((*in_force(started), threads)))]
        if without := refused(started):
            told.append(tr("no gain, so not used: {names}", names=", ".join(without)))
        why = "\n".join(tr(text, **values) for text, values in reasons(started))
        self.tuned.setText("; ".join(told))
        self.tuned.setToolTip(why)
        self.tuned.setAccessibleName(f"{self.tuned.text()}\n{why}")
        self.tuned.show()

    def _choices(self) -> dict[str, tuple[object, ...]]:
        return {
            "loss": tuple(made() for made in LossSpec.choices().values()),
            "optimizer": tuple(made() for made in OptimizerSpec.choices().values()),
            "scheduler": tuple(made() for made in SchedulerSpec.choices().values()),
            "batch_size": BATCH_SIZES,
            "device": tuple(self.session.devices),
        }

    def _refresh(self) -> None:
        train = self.session.document.project.train
        self.form.show_spec(train, FURTHER)
        self.further.show_spec(train, USUAL)
        for name, part in self.parts.items():
            spec = getattr(train, name)
            part.show_spec(spec, spec.summary)

    def _edited(self, train: TrainConfig, field: str) -> None:
        document = self.session.document
        label = tr("Change {field}", field=field)
        document.edit(label, document.project.replace(train=train))

    def _part(self, name: str, spec: Spec, field: str) -> None:
        self._edited(self.session.document.project.train.replace(**{name: spec}), field)
