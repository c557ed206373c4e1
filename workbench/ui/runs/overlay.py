"""The curves of the chosen runs over one another, with a choice of the figure and the axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workbench.core.curves import AXES, Curves
from workbench.core.events import Event
from workbench.core.run_list import ListedRun
from workbench.core.runs import Run
from workbench.ui.job import Job
from workbench.ui.naming import named, styled
from workbench.ui.runs.columns import metric_text
from workbench.ui.runs.marks import MOST, SIDE, broken, color, mark
from workbench.ui.runs.reading import CurvesRead, curves_of
from workbench.ui.runs.tags import series_of, tag_order, tag_title
from workbench.ui.series import Series
from workbench.ui.session import Session
from workbench.ui.text import tr
from workbench.ui.work import Work

if TYPE_CHECKING:
    from workbench.ui.runs.overlay_plot import Line, OverlayPlot

NUMBERS = 0.03
"""As much of the width as the numbers at the ends of the curves take."""
HELD = 3 * MOST
"""Runs whose curves are kept in memory, 5 MB each at 100,000 steps."""


class Overlay(QWidget):
    """The curves of up to `MOST` runs. `show_runs` reads what it does not hold in a Job."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._runs: list[ListedRun] = []
        self._held: dict[Run, Curves] = {}
        self._series: dict[tuple[Run, str], Series] = {}
        self._old: set[Run] = set()
        self._reading: Job | None = None
        self._worn: object = None
        self._wanted = ""
        self._stale = True
        self.plot: OverlayPlot | None = None
        self._make()
        self._lay_out()
        session.drawing.add(self, self._draw_if_seen)
        session.theme.changed.connect(self._draw_soon)

    def _make(self) -> None:
        self.tag = named(QComboBox(), "runs.metric", tr("Figure"), tr("What the curves show"))
        self.axis = named(
            QComboBox(), "runs.axis", tr("Horizontal axis"), tr("Over what the curves are drawn")
        )
        self.tag.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for name in AXES:
            self.axis.addItem(tr("by {axis}", axis=tr(name)), name)
        self.smooth = named(
            QCheckBox(tr("Smooth")),
            "runs.smooth",
            tr("Smooth"),
            tr("Draw the running mean of figures that are told at every step"),
        )
        self.smooth.setChecked(True)
        self.log = named(
            QCheckBox(tr("Log")), "runs.log", tr("Log scale"), tr("A logarithmic vertical axis")
        )
        self.legend = named(
            QTreeWidget(), "runs.legend", tr("Runs in the plot"), tr("Whose curve is which")
        )
        self.legend.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.legend.setHeaderHidden(True)
        self.legend.setRootIsDecorated(False)
        self.legend.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.legend.setIconSize(QSize(SIDE, SIDE))
        self.legend.setColumnCount(2)
        header = self.legend.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.legend.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.told = styled(named(QLabel(wordWrap=True), "runs.overlay.told"), "muted")
        self.tag.activated.connect(self._choose_tag)
        self.tag.currentIndexChanged.connect(  # the others are told once an epoch
            lambda: self.smooth.setEnabled(str(self.tag.currentData()).endswith("/train"))
        )
        self.axis.activated.connect(self.show_all)
        self.smooth.toggled.connect(self._draw_soon)
        self.log.toggled.connect(self._set_log)

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(6)
        for widget in (self.tag, self.axis, self.smooth, self.log):
            bar.addWidget(widget)
        bar.addStretch(1)
        self._split = named(QSplitter(), "runs.overlay.split", tr("Curves and their legend"))
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self.legend)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(6)
        column.addLayout(bar)
        column.addWidget(self._split, 1)
        column.addWidget(self.told)

    def _draw_soon(self) -> None:
        self._stale = True
        self._session.request_draw()

    def _draw_if_seen(self) -> None:
        if self._stale and self.isVisible():
            self._stale = False
            self.draw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._session.request_draw()

    # -- which runs

    def show_runs(self, runs: Sequence[ListedRun]) -> None:
        """Show these runs, the first `MOST` of them."""
        self._runs = list(runs[:MOST])
        left_out = len(runs) - len(self._runs)
        self.told.setVisible(left_out > 0)
        self.told.setText(
            tr("The first {shown} of {all} runs are drawn.", shown=MOST, all=len(runs))
        )
        self._fill_legend()
        self._read()
        self._fill_tags()
        self.show_all()

    def reread(self, names: set[str]) -> None:
        """What is held of these runs may be older than their events; it is drawn until then."""
        self._old |= {run for run in self._held if run.name in names}
        if any(run.run in self._old for run in self._runs):
            self._read()

    def _forget(self, runs: set[Run]) -> None:
        self._held = {run: held for run, held in self._held.items() if run not in runs}
        self._series = {key: held for key, held in self._series.items() if key[0] not in runs}

    def _read(self) -> None:
        if self._session.ending:
            return
        if self._reading:
            self._reading.stream.stop()
        missing = [r.run for r in self._runs if r.run in self._old or r.run not in self._held]
        self._reading = None
        if missing:
            self._reading = self._session.start(Work(curves_of(missing)), self._take)

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, CurvesRead) and event.curves:
                self._forget({event.run})
                self._old.discard(event.run)
                self._held[event.run] = event.curves
        shown = {run.run for run in self._runs}
        surplus = [run for run in self._held if run not in shown][: max(len(self._held) - HELD, 0)]
        self._forget(set(surplus))
        self._fill_tags()
        self._draw_soon()

    # -- what of them

    def _fill_tags(self) -> None:
        """Offer the figures that the runs have, and keep the chosen one while they have it."""
        held = [self._held[run.run] for run in self._runs if run.run in self._held]
        tags = sorted({tag for curves in held for tag in curves.tags}, key=tag_order)
        if tags and tags != [self.tag.itemData(n) for n in range(self.tag.count())]:
            self.tag.clear()
            for tag in tags:
                self.tag.addItem(tag_title(tag), tag)
            self.tag.setCurrentIndex(max(self.tag.findData(self._wanted), 0))

    def _choose_tag(self) -> None:
        self._wanted = self.tag.currentData()
        self.show_all()

    def _set_log(self, on: bool) -> None:
        if self.plot:
            self.plot.set_log(on)
        self._draw_soon()

    def show_all(self) -> None:
        """Draw whole curves again after zooming, or of another axis."""
        if self.plot:
            self.plot.fits = True
        self._draw_soon()

    def _series_of(self, run: Run, tag: str) -> Series | None:
        """The points of a run that have the figure."""
        if (run, tag) not in self._series:
            made = series_of(self._held[run], tag)
            if made is None:
                return None
            self._series[run, tag] = made
        return self._series[run, tag]

    # -- drawing

    def draw(self) -> None:
        """Draw what is held."""
        tag = self.tag.currentData()
        found = []
        for place, run in enumerate(self._runs):
            series = self._series_of(run.run, tag) if tag and run.run in self._held else None
            if series and series.length:
                found.append((place, series))
        plot = self.plot or self.make_plot()
        colors = self._session.theme.colors
        if self._worn != colors:
            self._worn = colors
            plot.wear(colors)
            self._fill_legend()
        column = self.axis.currentIndex()
        plot.label_x(tr(self.axis.currentData()), colors.plot_axis)
        if found:
            ends = [series.ends(column) for _, series in found]
            low, high = min(low for low, _ in ends), max(high for _, high in ends)
            plot.fit_x(low, high + NUMBERS * (high - low), False)
        lines = [self._line(plot, place, series, column) for place, series in found]
        plot.draw_lines(lines)
        if lines:
            plot.fit_y([line.points[1] for line in lines], False)
            plot.place_numbers(lines)
        self._tell_values(dict(found))

    def _line(self, plot: OverlayPlot, place: int, series: Series, column: int) -> Line:
        from workbench.ui.runs.overlay_plot import Line

        smooth = self._is_smoothed(series)
        x, y = series.drawn(column, *plot.shown_x(), plot.most, smooth=smooth)
        factor = 100.0 if self._in_percent else 1.0
        return Line((x, y * factor), color(self._session.theme, place), broken(place), place + 1)

    @property
    def _in_percent(self) -> bool:
        return "accuracy" in self.tag.currentData()

    def _is_smoothed(self, series: Series) -> bool:
        chosen = self.smooth.isChecked() and self.smooth.isEnabled()
        return chosen and series.means.window > 1

    def make_plot(self) -> OverlayPlot:
        """The plot, made when it is first needed: pyqtgraph takes long to import."""
        from workbench.ui.runs.overlay_plot import OverlayPlot

        self.plot = OverlayPlot("runs.plot", tr("Curves of the selected runs"))
        self.plot.set_log(self.log.isChecked())
        self.plot.looked_elsewhere.connect(self._draw_soon)
        self._split.insertWidget(0, self.plot)
        self._split.setStretchFactor(0, 1)
        self._split.setStretchFactor(1, 0)
        self._split.setSizes([420, 220])
        return self.plot

    # -- the legend

    def _fill_legend(self) -> None:
        self.legend.clear()
        for place, run in enumerate(self._runs):
            item = QTreeWidgetItem(self.legend, [run.title, ""])
            item.setIcon(0, mark(self._session.theme, place, self.devicePixelRatioF()))
            item.setToolTip(0, f"{run.title}\n{run.run.name}")
            item.setToolTip(1, tr("The last value of its curve"))
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _tell_values(self, found: dict[int, Series]) -> None:
        """Put the last value of each curve beside its name."""
        name = str(self.tag.currentData() or "").partition("/")[0]
        for place in range(self.legend.topLevelItemCount()):
            series = found.get(place)
            value = metric_text(name, series.last(self._is_smoothed(series))) if series else "–"
            item = self.legend.topLevelItem(place)
            assert item
            item.setText(1, value)
