"""The Accuracy panel: the curve of whichever metric a person wants to see beside the loss."""

from functools import partial

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from workbench.ui.dock import Dock
from workbench.ui.naming import named
from workbench.ui.panels.curves import CurvesPanel
from workbench.ui.runs.columns import metric_title
from workbench.ui.session import Session
from workbench.ui.text import capital, tr


class AccuracyPanel(CurvesPanel):
    """Accuracy in percent; for regression, the mean absolute error; or another recorded metric."""

    def __init__(self, session: Session, dock: Dock) -> None:
        super().__init__(session, dock)
        self._chosen = ""
        tip = tr("What the curve shows; the run has measured these")
        self.metrics = named(QMenu(self), "accuracy.metrics", tr("Metric"), tip)
        self.metrics.setTitle(tr("Metric"))
        self.metrics.aboutToShow.connect(self._offer_metrics)
        first = self.options.actions()[0]
        self.options.insertMenu(first, self.metrics)
        self.options.insertSeparator(first)

    @property
    def _usual(self) -> str:
        project = self.session.run_project or self.session.document.project
        return "mae" if project.data.info().task == "regression" else "accuracy"

    def metric_name(self) -> str:
        return self._chosen if self._chosen in self._held else self._usual

    def holds(self, metric: str) -> bool:
        return metric != "loss"

    def shown(self, value: float) -> str:
        return f"{value:.1f} %" if self.factor() > 1 else f"{value:.4g}"

    def factor(self) -> float:
        return 100.0 if self.metric_name() == "accuracy" else 1.0

    def draw(self) -> None:
        self.dock.set_title(_title(self.metric_name()))
        super().draw()

    def _offer_metrics(self) -> None:
        """List what the shown run has recorded, the usual metric first."""
        self.metrics.clear()
        group = QActionGroup(self.metrics)
        for metric in dict.fromkeys((self._usual, *self._held)):
            chosen = metric == self.metric_name()
            action = QAction(_title(metric), self.metrics, checkable=True, checked=chosen)
            action.triggered.connect(partial(self.show_metric, metric))
            group.addAction(action)
            self.metrics.addAction(action)

    def show_metric(self, metric: str, _: bool = True) -> None:
        """Draw another metric, of this run and of others that have it."""
        self._chosen = metric
        self.show_all()


def _title(metric: str) -> str:
    titles = {"accuracy": tr("Accuracy"), "mae": tr("Mean absolute error")}
    return titles.get(metric) or capital(metric_title(metric))
