"""The Loss panel, and what other panels of curves share: they grow while training goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QStackedWidget, QToolButton

from workbench.core.events import EpochCompleted, Event, Metrics, RunStarted, StepCompleted
from workbench.ui.dock import Dock
from workbench.ui.empty import Empty
from workbench.ui.naming import named, sign_button
from workbench.ui.panel import Panel
from workbench.ui.series import Series
from workbench.ui.session import Session
from workbench.ui.text import tr

if TYPE_CHECKING:
    from workbench.ui.plots import CurvePlot
    from workbench.ui.series import Drawn

STEP, EPOCH, SECONDS, VALUE = range(4)
AXES = {"step": STEP, "epoch": EPOCH, "seconds": SECONDS}


class CurvesPanel(Panel):
    """One metric of the shown run: raw and smoothed for training, points for validation."""

    def __init__(self, session: Session, dock: Dock) -> None:
        super().__init__(session, dock)
        self._held: dict[str, tuple[Series, Series]] = {}
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
        session.state_changed.connect(self.changed)  # a curve that grows no more gets no more room

    def _made_empty(self) -> Empty:
        text = tr("{purpose}: step by step while training.", purpose=self.dock.toolTip())
        return Empty(self.name, text, self.session)

    def metric_name(self) -> str:
        """The name of the shown metric in the events."""
        return "loss"

    def holds(self, metric: str) -> bool:
        """Whether this panel can show a metric of the events."""
        return metric == "loss"

    def _both(self, metric: str) -> tuple[Series, Series]:
        """A metric in training and in validation."""
        if metric not in self._held:
            self._held[metric] = Series(4), Series(4)
        return self._held[metric]

    @property
    def train(self) -> Series:
        """The shown metric, a point for each step."""
        return self._both(self.metric_name())[0]

    @property
    def val(self) -> Series:
        """The shown metric on the validation split, a point for each epoch."""
        return self._both(self.metric_name())[1]

    def shown(self, value: float) -> str:
        """A value of the axis as the legend tells it."""
        return f"{value:.4g}"

    def factor(self) -> float:
        """What a value is multiplied by to be what the axis has."""
        return 1.0

    def clear(self) -> None:
        """Forget the run that was shown."""
        self._held.clear()
        self._best = None
        self.show_all()

    def on_events(self, events: list[Event]) -> None:
        """Append what is new; drawing follows by the clock."""
        for event in events:
            if isinstance(event, StepCompleted):
                self._add(0, event, event.metrics)
            elif isinstance(event, EpochCompleted):
                self._add(1, event, event.val)
                if event.best:
                    self._best = event.step
            elif isinstance(event, RunStarted):
                self._steps_per_epoch = event.steps_per_epoch
                for series in (each for both in self._held.values() for each in both):
                    series.cut(event.step)
        self._stale = True

    def _add(self, which: int, event: StepCompleted | EpochCompleted, metrics: Metrics) -> None:
        epoch = event.step / self._steps_per_epoch
        for metric, value in metrics.items():
            if self.holds(metric):
                self._both(metric)[which].append(event.step, epoch, event.seconds, value)

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
        self.plot.set_log(self._log)
        self.plot.looked_elsewhere.connect(self.changed)
        self._stacked.addWidget(self.plot)
        return self.plot

    def _draw_on(self, plot: CurvePlot) -> None:
        colors = self.session.theme.colors
        if self._worn != (plot, colors):  # axes are repainted for it, so not at every frame
            self._worn = plot, colors
            plot.wear(colors)
        self._stacked.setCurrentWidget(plot)
        column, growing = AXES[self._axis], self.session.state == "running"
        plot.label_x(tr(self._axis), colors.plot_axis)
        ends = [series.ends(column) for series in (self.train, self.val) if series.length]
        plot.fit_x(min(low for low, _ in ends), max(high for _, high in ends), growing)
        raw, val = (self._in_view(plot, series) for series in (self.train, self.val))
        smooth = self._smooth and self.train.means.window > 1
        mean = self._in_view(plot, self.train, smooth=True) if smooth else None
        plot.draw_train(raw, mean, colors.train)
        plot.draw_val(*val)
        plot.fit_y((raw[1], val[1]), growing)
        self._mark_best(plot, column)
        self.info.setText(self._legend())

    def _in_view(self, plot: CurvePlot, series: Series, smooth: bool = False) -> Drawn:
        """What the range shows of a curve, as the axis has it."""
        column = AXES[self._axis]
        x, y = series.drawn(column, *plot.shown_x(), plot.most, smooth=smooth)
        return x, y * self.factor()

    def _mark_best(self, plot: CurvePlot, column: int) -> None:
        best = None if self._best is None else self.val.place(self._best, column)
        plot.mark.setVisible(best is not None)
        if best is not None:
            plot.mark.setValue(best)

    def _legend(self) -> str:
        """The last values in words, in the colours of their curves."""
        colors = self.session.theme.colors
        told = []
        for series, color, label, smooth in (
            (self.train, colors.train, tr("train"), self._smooth),
            (self.val, colors.val, tr("val"), False),
        ):
            if series.length:
                value = self.shown(series.last(smooth) * self.factor())
                told.append(f"<span style='color:{color}'>━</span> {label} {value}")
        return " &nbsp;".join(told)

    # -- how it is drawn

    def _menu_button(self) -> QToolButton:
        button = named(
            sign_button("⋯"),
            f"{self.name}.options",
            tr("Options of the plot"),
            tr("Scale, smoothing and the horizontal axis"),
        )
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = named(
            QMenu(button), f"{self.name}.options.menu", button.accessibleName(), button.toolTip()
        )
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
        self.options = menu
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
            self.plot.set_log(on)
        self.changed()

    def show_all(self) -> None:
        """Draw the whole run again after zooming."""
        if self.plot:
            self.plot.fits = True
        self.changed()

    def set_smooth(self, on: bool) -> None:
        """Draw the running mean over the raw curve, or not."""
        self._smooth = on
        self.changed()

    def set_axis(self, axis: str) -> None:
        """Draw over `step`, `epoch` or `seconds`."""
        self._axis = axis
        self.show_all()
