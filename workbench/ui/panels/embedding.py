"""The Embedding panel: samples as the last layer gets them, in two dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QStackedWidget

from workbench.core.events import CheckpointSaved, Event, Progress
from workbench.core.space import Embedded
from workbench.ui.dock import Dock
from workbench.ui.empty import Empty
from workbench.ui.naming import named
from workbench.ui.panel import Panel
from workbench.ui.pictures import picture
from workbench.ui.session import Session
from workbench.ui.space.asking import Asking, model_in_hand
from workbench.ui.text import tr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.ui.space.plots import Samples

THUMBNAIL = 72


class EmbeddingPanel(Panel):
    """PCA follows the model in hand; t-SNE is asked for, since it takes a while."""

    chosen = Signal(object)
    """The samples that were circled: (split, their numbers)."""

    def __init__(self, session: Session, dock: Dock) -> None:
        super().__init__(session, dock)
        self.plot: Samples | None = None
        self.found: Embedded | None = None
        self._asked: object = None
        self._asking = Asking(session, self._told, self._failed)
        self._add_bar()
        self._stacked = QStackedWidget()
        self._empty = Empty(
            "embedding",
            tr("What the last layer gets of each sample is laid out here, once there is a model."),
            session,
        )
        self._stacked.addWidget(self._empty)
        self.rows.addWidget(self._stacked)
        self.thumbnail = named(QLabel(self), "embedding.thumbnail", tr("The sample at the mouse"))
        self.thumbnail.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.thumbnail.hide()
        session.reported.connect(self._on_events)
        session.weights_changed.connect(self.changed)
        session.data_changed.connect(self.changed)
        session.run_shown.connect(self.changed)

    def _add_bar(self) -> None:
        self.method = named(QComboBox(), "embedding.method", tr("How samples are laid out"))
        self.method.addItem("PCA", "pca")
        self.method.addItem("t-SNE", "tsne")
        self.color = named(QComboBox(), "embedding.color", tr("What the colours tell"))
        self.color.addItem(tr("By class"), "class")
        self.color.addItem(tr("By error"), "error")
        self.split = named(QComboBox(), "embedding.split", tr("Which split is laid out"))
        self.split.addItem(tr("Validation"), "val")
        self.split.addItem(tr("Test"), "test")
        self.cancel = named(
            QPushButton(tr("Cancel")), "embedding.cancel", tr("Cancel"), tr("Stop t-SNE here")
        )
        self.cancel.hide()
        self.cancel.clicked.connect(self._asking.stop)
        self.method.activated.connect(self._ask_anew)
        self.split.activated.connect(self._ask_anew)
        self.color.activated.connect(self._show)
        bar = QHBoxLayout()
        for widget in (self.method, self.color, self.split, self.cancel):
            bar.addWidget(widget)
        bar.addStretch(1)
        self.rows.addLayout(bar)

    def _on_events(self, events: list[Event]) -> None:
        if any(isinstance(event, CheckpointSaved) for event in events):
            self.changed()

    def _ask_anew(self) -> None:
        self._asked = None
        self.changed()

    def draw(self) -> None:
        held = model_in_hand(self.session)
        if held is None:
            self._asked = self.found = None
            self.info.clear()
            self._stacked.setCurrentWidget(self._empty)
            return
        project, weights = held
        method, split = self.method.currentData(), self.split.currentData()
        kept = weights.stat().st_mtime_ns if method == "pca" else 0
        wanted = (project, weights, kept, split, method)
        if wanted != self._asked:
            self._asked = wanted
            self._asking.ask("space.embedding", project, weights, split, method)
            self.cancel.setVisible(method == "tsne")
        self._show()

    def _told(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Progress) and event.total:
                self.info.setText(f"{event.text} {event.done} / {event.total}")
                self.cancel.setVisible(event.done < event.total)
            if isinstance(event, Embedded):
                self.found = event
        self._show()

    def _failed(self, reason: str) -> None:
        self.cancel.hide()
        self.info.setText(reason)

    # -- what is seen

    def _show(self) -> None:
        held = self.session.data.samples.get(self.found.split) if self.found else None
        if not self.found or held is None or len(held.targets) < len(self.found.points):
            return
        plot = self._made_plot()
        colors = self.session.theme.colors
        plot.wear(colors)
        kinds, brushes = self._kinds(held.targets[: len(self.found.points)])
        plot.show_points(self.found.points, kinds, brushes)
        if self.found.explained:
            first, second = self.found.explained
            plot.setLabel("bottom", tr("1st component, {share} %", share=f"{100 * first:.0f}"))
            plot.setLabel("left", tr("2nd component, {share} %", share=f"{100 * second:.0f}"))
            told = tr("{n} samples · {width} features", n=len(kinds), width=self.found.width)
            self.info.setText(told)
        else:
            plot.setLabel("bottom", "t-SNE 1")
            plot.setLabel("left", "t-SNE 2")
        self._stacked.setCurrentWidget(plot)

    def _made_plot(self) -> Samples:
        if self.plot is None:
            from workbench.ui.space.plots import Samples

            self.plot = Samples("embedding.plot", tr("Embedding"))
            self.plot.circled.connect(self._choose)
            self.plot.hovered.connect(self._hover)
            self._stacked.addWidget(self.plot)
        return self.plot

    def _kinds(self, targets: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[QColor]]:
        """Which colour each sample has, and the colours."""
        import numpy as np

        from workbench.ui.space.plots import CLASSES

        assert self.found
        theme, info = self.session.theme.colors, self.session.document.project.data.info()
        if info.task == "classification" and self.color.currentData() == "class":
            return targets, [QColor(color) for color in CLASSES]
        if info.task == "classification":
            wrong = self.found.predicted != targets
            return wrong.astype(np.int64), [QColor(theme.good), QColor(theme.bad)]
        shown = (
            targets if self.color.currentData() == "class" else abs(self.found.predicted - targets)
        )
        edges = np.quantile(shown, np.linspace(0, 1, 6)[1:-1])
        shades = [QColor.fromHsvF(0.6 - 0.11 * step, 0.75, 0.85) for step in range(5)]
        return np.searchsorted(edges, shown), shades

    def _choose(self, places: NDArray[np.int64]) -> None:
        if self.found:
            self.info.setText(tr("{n} samples chosen", n=len(places)) if len(places) else "")
            self.chosen.emit((self.found.split, places))

    def _hover(self, place: int, at: QPointF) -> None:
        held = self.session.data.samples.get(self.found.split) if self.found else None
        self.thumbnail.setVisible(place >= 0 and held is not None)
        if place < 0 or held is None or self.plot is None:
            return
        info = self.session.document.project.data.info()
        self.plot.setToolTip(self._words(place, held.targets[place]))
        if not info.is_image or held.inputs.ndim != 4:
            self.thumbnail.setText(self._words(place, held.targets[place]))
        else:
            image = picture(held.inputs[place], info.full_scale)
            self.thumbnail.setPixmap(QPixmap.fromImage(image).scaledToHeight(THUMBNAIL))
        self.thumbnail.adjustSize()
        corner = self.plot.mapTo(self, at.toPoint())
        room = self.width() - self.thumbnail.width() - 4
        self.thumbnail.move(min(corner.x() + 14, room), max(0, corner.y() - THUMBNAIL - 6))
        self.thumbnail.raise_()

    def _words(self, place: int, target: float) -> str:
        classes = self.session.document.project.data.info().classes
        assert self.found
        said = self.found.predicted[place]
        if not classes:
            return tr(
                "Sample {number}: {actual:.4g}, predicted {said:.4g}",
                number=place,
                actual=float(target),
                said=float(said),
            )
        return tr(
            "Sample {number}: {actual}, predicted {said}",
            number=place,
            actual=classes[int(target)],
            said=classes[int(said)],
        )
