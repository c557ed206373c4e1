"""The Training panel: loss, optimizer and the rest of the recipe."""

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from workbench.core.spec import Spec
from workbench.core.train import LossSpec, OptimizerSpec, TrainConfig
from workbench.ui.dock import Dock
from workbench.ui.form import SpecForm
from workbench.ui.naming import named, styled
from workbench.ui.panel import Panel
from workbench.ui.panels.layer import scrolled
from workbench.ui.session import Session
from workbench.ui.text import tr

BATCH_SIZES = (1, 16, 32, 64, 128, 256, "all")


class TrainingPanel(Panel):
    """Two forms: the recipe, and the arguments of its optimizer."""

    def __init__(self, session: Session, dock: Dock) -> None:
        super().__init__(session, dock)
        self.form = SpecForm("training.form", self._choices())
        self._optimizer = styled(named(QLabel(), "training.optimizer_name"), "heading")
        self._summary = styled(named(QLabel(wordWrap=True), "training.optimizer_summary"), "muted")
        self.optimizer_form = SpecForm("training.optimizer")
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(9)
        for widget in (self.form, self._optimizer, self._summary, self.optimizer_form):
            column.addWidget(widget)
        column.addStretch(1)
        self.rows.addWidget(scrolled(inner))
        self.form.edited.connect(self._edited)
        self.optimizer_form.edited.connect(self._optimizer_edited)
        session.devices_found.connect(
            lambda devices: self.form.set_choices("device", tuple(devices))
        )
        session.document.changed.connect(self._refresh)
        self._refresh()

    def _choices(self) -> dict[str, tuple[object, ...]]:
        return {
            "loss": tuple(loss() for loss in LossSpec.choices().values()),
            "optimizer": tuple(made() for made in OptimizerSpec.choices().values()),
            "batch_size": BATCH_SIZES,
            "device": tuple(self.session.devices),
        }

    def _refresh(self) -> None:
        train = self.session.document.project.train
        self.form.show_spec(train)
        self._optimizer.setText(train.optimizer.kind)
        self._summary.setText(tr(train.optimizer.summary))
        self.optimizer_form.show_spec(train.optimizer)

    def _edited(self, train: TrainConfig, field: str) -> None:
        document = self.session.document
        label = tr("Change {field}", field=field)
        document.edit(label, document.project.replace(train=train))

    def _optimizer_edited(self, optimizer: Spec, field: str) -> None:
        document = self.session.document
        train = document.project.train.replace(optimizer=optimizer)
        label = tr("Change {field}", field=field)
        document.edit(label, document.project.replace(train=train))
