"""The Decision boundary panel: what a model of two inputs says of the whole plane, live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedWidget

from workbench.core.events import CheckpointSaved, Event
from workbench.core.space import BoundaryFound
from workbench.ui.dock import Dock
from workbench.ui.empty import Empty
from workbench.ui.naming import named, styled
from workbench.ui.panel import Panel
from workbench.ui.session import Session
from workbench.ui.space.asking import Asking, model_in_hand
from workbench.ui.text import tr

if TYPE_CHECKING:
    from workbench.ui.space.plots import Plane


class BoundaryPanel(Panel):
    """Follows every checkpoint that a run keeps, which is a bounded share of its time; nothing is
    computed while the panel isn't seen."""

    def __init__(self, session: Session, dock: Dock) -> None:
        super().__init__(session, dock)
        self.plot: Plane | None = None
        self.found: BoundaryFound | None = None
        self.added: tuple[tuple[float, float], ...] = ()
        self._asked: object = None
        self._asking = Asking(session, self._told, self.info.setText)
        self.hint = styled(named(QLabel(), "boundary.hint"), "muted")
        self.hint.setWordWrap(True)
        self.clear = named(
            QPushButton(tr("Clear points")), "boundary.clear", tr("Remove the points you added")
        )
        self.clear.clicked.connect(self._clear)
        bar = QHBoxLayout()
        bar.addWidget(self.hint, 1)
        bar.addWidget(self.clear)
        self.clear.hide()
        self.rows.addLayout(bar)
        self._stacked = QStackedWidget()
        self._empty = Empty(
            "boundary",
            tr("Of data with two inputs, such as Moons, what the network says of every place."),
            session,
        )
        self._stacked.addWidget(self._empty)
        self.rows.addWidget(self._stacked, 1)
        session.reported.connect(self._on_events)
        for signal in (session.weights_changed, session.data_changed, session.run_shown):
            signal.connect(self.changed)

    def _on_events(self, events: list[Event]) -> None:
        if any(isinstance(event, CheckpointSaved) for event in events):
            self.changed()

    def draw(self) -> None:
        held = model_in_hand(self.session)
        if held is None or held[0].data.source_info().shape != (2,):
            self._asked = self.found = None
            self.hint.clear()
            self.info.clear()
            self._stacked.setCurrentWidget(self._empty)
            return
        project, weights = held
        wanted = (project, weights, weights.stat().st_mtime_ns, self.added)
        if wanted != self._asked:
            self._asked = wanted
            self._asking.ask("space.boundary", project, weights, self.added)
        self._show()

    def _told(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, BoundaryFound):
                self.found = event
        self._show()

    def _add(self, first: float, second: float) -> None:
        self.added = (*self.added, (first, second))
        self.changed()

    def _clear(self) -> None:
        self.added = ()
        self.changed()

    # -- what is seen

    def _show(self) -> None:
        if self.found is None or model_in_hand(self.session) is None:
            return
        import numpy as np

        if self.plot is None:
            from workbench.ui.space.plots import Plane

            self.plot = Plane("boundary.plot", tr("Decision boundary"))
            self.plot.clicked.connect(self._add)
            self._stacked.addWidget(self.plot)
        found, plot = self.found, self.plot
        info = self.session.document.project.data.info()
        theme = self.session.theme.colors
        plot.wear(theme)
        names = info.features or ("1", "2")
        plot.setLabel("bottom", names[0])
        plot.setLabel("left", names[1])
        from workbench.ui.space.plots import field_pixels, point_brushes

        pixels = field_pixels(found.values, theme)
        plot.show_field(pixels, found.low, found.high)
        x, y = found.points.T.astype(np.float64)
        plot.dots.setData(x=x, y=y, brush=point_brushes(found, bool(info.classes)), pen=theme.panel)
        places = np.array(self.added, dtype=np.float64).reshape(-1, 2)
        plot.added.setData(
            x=places[:, 0], y=places[:, 1], brush=QColor(theme.text), pen=theme.panel
        )
        self.clear.setVisible(bool(self.added))
        self.hint.setText(self._words(info.classes))
        self._stacked.setCurrentWidget(plot)

    def _words(self, classes: tuple[str, ...]) -> str:
        assert self.found
        if not self.added or len(self.found.asked) != len(self.added):
            return tr(
                "Click to add a point: it is predicted, and does not become a training sample."
            )
        last = self.found.asked[-1]
        x, y = self.added[-1]
        if not classes:
            return tr("({x:.3g}, {y:.3g}): {said:.4g}", x=x, y=y, said=float(last))
        best = int(last.argmax())
        share = f"{100 * float(last[best]):.0f}"
        return tr("({x:.3g}, {y:.3g}): {name} {share} %", x=x, y=y, name=classes[best], share=share)
