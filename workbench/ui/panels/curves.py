"""The Loss and Accuracy panels: curves that grow while training goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QStackedWidget, QToolButton

from workbench.core.events import EpochCompleted, Event, RunStarted, StepCompleted
from workbench.ui.dock import Dock
from workbench.ui.empty import Empty
from workbench.ui.naming import named, sign_button
from workbench.ui.panel import Panel
from workbench.ui.series import Series, smoothed
from workbench.ui.session import Session
from workbench.ui.text import tr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.ui.plots import CurvePlot

STEP, EPOCH, SECONDS, VALUE = range(4)
AXES = {"step": STEP, "epoch": EPOCH, "seconds": SECONDS}


class CurvesPanel(Panel):
    """One metric of the shown run: raw and smoothed for training, points for validation."""

    def __init__(self, session: Session, dock: Dock) -> None:
        super().__init__(session, dock)
        self.train, self.val = Series(4), Series(4)
        self._steps_per_epoch = 1
        self._best: float | None = None
        self._axis, self._smooth = "step", True
        self._log = False
        self._worn: object = None
        self.plot: CurvePlot | None = None
        self.rows.setContentsMargins(4, 0, 6, 6)
        self._stacked = QStackedWidget()
        self._stacked.addWidget(self._made_empty())
        self.rows.addWidget(self._stacked)
        self.corner.addWidget(self._menu_button())
        session.reported.connect(self.on_events)
        session.run_shown.connect(self.clear)

    def _made_empty(self) -> Empty:
        text = tr("{purpose}: step by step while training.", purpose=self.dock.toolTip())
        return Empty(self.name, text, self.session)

    def metric_name(self) -> str:
        """The name of the metric in the events."""
        return "loss"

    def shown(self, value: float) -> str:
        """A value of the axis as the legend tells it."""
        return f"{value:.4g}"

    def scaled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values as the axis has them."""
        return values

    def clear(self) -> None:
        """Forget the run that was shown."""
        self.train.clear()
        self.val.clear()
        self._best = None
        self.changed()

    def on_events(self, events: list[Event]) -> None:
        """Append what is new; drawing follows by the clock."""
        metric = self.metric_name()
        for event in events:
            if isinstance(event, StepCompleted) and metric in event.metrics:
                self._add(self.train, event, event.metrics[metric])
            elif isinstance(event, EpochCompleted):
                if metric in event.val:
                    self._add(self.val, event, event.val[metric])
                if event.best:
                    self._best = event.step
            elif isinstance(event, RunStarted):
                self._steps_per_epoch = event.steps_per_epoch
                self.train.cut(event.step)
                self.val.cut(event.step)
        self._stale = True

    def _add(self, series: Series, event: StepCompleted | EpochCompleted, value: float) -> None:
        epoch = event.step / self._steps_per_epoch
        series.append(event.step, epoch, event.seconds, value)

    def draw(self) -> None:
        if not self.train.length and not self.val.length:
            self._stacked.setCurrentIndex(0)
            self.info.clear()
            return
        self._draw_on(self.plot or self.make_plot())

    def make_plot(self) -> CurvePlot:
        """The plot, made when it is first needed: pyqtgraph takes long to import."""
        from workbench.ui.plots import CurvePlot

        self.plot = CurvePlot(f"{self.name}.plot", self.dock.windowTitle())
        self.plot.setLogMode(y=self._log)
        self._stacked.addWidget(self.plot)
        return self.plot

    def _draw_on(self, plot: CurvePlot) -> None:
        from workbench.ui.plots import pen

        colors = self.session.theme.colors
        if self._worn != (plot, colors):  # axes are repainted for it, so not at every frame
            self._worn = plot, colors
            plot.wear(colors)
        self._stacked.setCurrentWidget(plot)
        column = AXES[self._axis]
        x, y = self.train.column(column), self.scaled(self.train.column(VALUE))
        window = max(1, min(self.train.length // 20, 200)) if self._smooth else 1
        plot.raw.setPen(pen(colors.train, 70 if window > 1 else 255))
        plot.raw.setData(x, y)
        mean = smoothed(y, window)
        plot.line.setData(x, mean) if window > 1 else plot.line.clear()
        plot.points.setData(self.val.column(column), self.scaled(self.val.column(VALUE)))
        plot.points.setSymbolSize(5 if self.val.length <= 60 else 3)
        self._mark_best(plot)
        plot.setLabel("bottom", tr(self._axis), color=colors.plot_axis)
        self.info.setText(self._legend(mean))

    def _mark_best(self, plot: CurvePlot) -> None:
        (row,) = (self.val.column(STEP) == self._best).nonzero()
        plot.mark.setVisible(bool(len(row)))
        if len(row):
            plot.mark.setValue(self.val.column(AXES[self._axis])[row[0]])

    def _legend(self, train: NDArray[np.float64]) -> str:
        """The last values in words, in the colours of their curves."""
        colors = self.session.theme.colors
        told = []
        for values, color, label in (
            (train, colors.train, tr("train")),
            (self.scaled(self.val.column(VALUE)), colors.val, tr("val")),
        ):
            if len(values):
                value = self.shown(float(values[-1]))
                told.append(f"<span style='color:{color}'>━</span> {label} {value}")
        return " &nbsp; ".join(told)

    # -- how it is drawn

    def _menu_button(self) -> QToolButton:
        button = named(
            sign_button("⋯"),
            f"{self.name}.options",
            tr("Options of the plot"),
            tr("Scale, smoothing and the horizontal axis"),
        )
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        self._check(menu, tr("Log scale"), False, self.set_log)
        self._check(menu, tr("Smooth"), True, self.set_smooth)
        menu.addSeparator()
        group = QActionGroup(menu)
        for axis in AXES:
            action = self._check(menu, tr("By {axis}", axis=tr(axis)), axis == "step", None)
            action.triggered.connect(lambda _=False, axis=axis: self.set_axis(axis))
            group.addAction(action)
        menu.addSeparator()
        menu.addAction(tr("Show all"), self.show_all)
        button.setMenu(menu)
        return button

    @staticmethod
    def _check(menu: QMenu, text: str, on: bool, slot: Any) -> QAction:
        action = QAction(text, menu, checkable=True, checked=on)
        if slot:
            action.toggled.connect(slot)
        menu.addAction(action)
        return action

    def set_log(self, on: bool) -> None:
        """Draw the vertical axis in logarithms, or not."""
        self._log = on
        if self.plot:
            self.plot.setLogMode(y=on)

    def show_all(self) -> None:
        """Draw the whole run again after zooming."""
        if self.plot:
            self.plot.enableAutoRange()

    def set_smooth(self, on: bool) -> None:
        """Draw the running mean over the raw curve, or not."""
        self._smooth = on
        self.changed()

    def set_axis(self, axis: str) -> None:
        """Draw over `step`, `epoch` or `seconds`."""
        self._axis = axis
        self.changed()


class AccuracyPanel(CurvesPanel):
    """Accuracy in percent; for regression, the mean absolute error."""

    @property
    def _regression(self) -> bool:
        project = self.session.run_project or self.session.document.project
        return project.data.info().task == "regression"

    def metric_name(self) -> str:
        return "mae" if self._regression else "accuracy"

    def shown(self, value: float) -> str:
        return f"{value:.4g}" if self._regression else f"{value:.1f} %"

    def scaled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values if self._regression else values * 100

    def draw(self) -> None:
        self.dock.set_title(tr("Mean absolute error") if self._regression else tr("Accuracy"))
        super().draw()
