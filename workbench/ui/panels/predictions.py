"""The Predictions vs. actuals panel: pictures, table rows or a scatter."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QAbstractTableModel, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QTableView,
)

from workbench.core.events import SamplesLoaded
from workbench.ui.dock import Dock
from workbench.ui.empty import Empty
from workbench.ui.naming import named
from workbench.ui.outcome import Cell, Outcome, Outcomes
from workbench.ui.panel import Panel
from workbench.ui.pictures import CAPTION, IMAGE, picture, picture_list
from workbench.ui.session import Session
from workbench.ui.stack import Index
from workbench.ui.text import tr
from workbench.ui.theme import Colors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.ui.plots import Scatter

Colored = Callable[[], Colors]


class Judged:
    """One split's predictions in the order in which they are shown, with the samples."""

    def __init__(self, outcome: Outcome, rows: NDArray[np.int64], held: SamplesLoaded) -> None:
        self.outcome, self.rows, self.inputs = outcome, rows, held.inputs
        self.predicted = outcome.predicted
        room = held.inputs.shape[1] if held.inputs.ndim == 2 else 0  # of wide tables some are told
        self.features = outcome.info.features[:room]

    def right(self, sample: int) -> bool:
        """Whether a sample's class was predicted."""
        return bool(self.predicted[sample] == self.outcome.targets[sample])

    def probability(self, sample: int) -> str:
        """The probability of the predicted class."""
        return f"{100 * float(self.outcome.probabilities[sample].max()):.0f} %"


class Gallery(QAbstractListModel):
    """Pictures with prediction, actual class and probability."""

    def __init__(self, colors: Colored) -> None:
        super().__init__()
        self._colors = colors
        self.judged: Judged | None = None

    def show(self, judged: Judged | None) -> None:
        """Show other predictions; with as many samples as before, the current one stays."""
        old = self.judged
        if judged and old and len(judged.rows) == len(old.rows):
            self.judged = judged
            self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))
            return
        self.beginResetModel()
        self.judged = judged
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.judged.rows) if self.judged else 0

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        judged = self.judged
        if not judged or not index.isValid():
            return None
        sample = int(judged.rows[index.row()])
        if role == IMAGE:
            return picture(judged.inputs[sample], judged.outcome.info.full_scale)
        if role == CAPTION:
            return self._caption(judged, sample)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tr("Sample {number}", number=sample) + "\n" + self._words(judged, sample)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._words(judged, sample)
        return None

    def _caption(self, judged: Judged, sample: int) -> list[tuple[str, str, bool]]:
        """`Bag 97 %` in green; `Bag 54 %` and below it `≠ Shirt` in red."""
        colors, classes = self._colors(), judged.outcome.info.classes
        right = judged.right(sample)
        told = f"{classes[judged.predicted[sample]]} {judged.probability(sample)}"
        actual = "" if right else f"≠ {classes[judged.outcome.targets[sample]]}"
        color = colors.good if right else colors.bad
        return [(told, color, True), (actual, color, False)]

    @staticmethod
    def _words(judged: Judged, sample: int) -> str:
        classes = judged.outcome.info.classes
        return tr(
            "predicted {predicted} ({probability}), actual {actual}",
            predicted=classes[judged.predicted[sample]],
            probability=judged.probability(sample),
            actual=classes[judged.outcome.targets[sample]],
        )


class Rows(QAbstractTableModel):
    """Table rows with prediction, actual class and probability in front of the columns."""

    def __init__(self, colors: Colored) -> None:
        super().__init__()
        self._colors = colors
        self.judged: Judged | None = None

    def show(self, judged: Judged | None) -> None:
        """Show other predictions."""
        self.beginResetModel()
        self.judged = judged
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.judged.rows) if self.judged else 0

    def columnCount(self, parent: Index | None = None) -> int:
        return 3 + len(self.judged.features) if self.judged else 0

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or not self.judged:
            return None
        if orientation == Qt.Orientation.Vertical:
            return int(self.judged.rows[section])
        names = (tr("predicted"), tr("actual"), tr("probability"))
        return (*names, *self.judged.features)[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not self.judged:
            return None
        sample = int(self.judged.rows[index.row()])
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(sample, index.column())
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 0:
            colors = self._colors()
            return QColor(colors.good if self.judged.right(sample) else colors.bad)
        return None

    def _text(self, sample: int, column: int) -> str:
        assert self.judged
        judged, classes = self.judged, self.judged.outcome.info.classes
        if column == 0:
            mark = "✓" if judged.right(sample) else "✗"
            return f"{mark} {classes[judged.predicted[sample]]}"
        if column == 1:
            return str(classes[judged.outcome.targets[sample]])
        if column == 2:
            return judged.probability(sample)
        return f"{judged.inputs[sample][column - 3]:.4g}"


class PredictionsPanel(Panel):
    """Predictions of the shown run, refreshed after every epoch; wrong ones first."""

    def __init__(self, session: Session, dock: Dock, outcomes: Outcomes) -> None:
        super().__init__(session, dock)
        self._outcomes = outcomes
        self.cell: Cell | None = None
        self.scatter: Scatter | None = None
        self.gallery = Gallery(lambda: session.theme.colors)
        self.table_rows = Rows(lambda: session.theme.colors)
        self._add_bar()
        self._stacked = QStackedWidget()
        self._add_views()
        self.rows.addWidget(self._stacked)
        outcomes.changed.connect(self.changed)
        session.cell_chosen.connect(self._choose_cell)

    def _add_bar(self) -> None:
        bar = QHBoxLayout()
        self.sort = self._combo("predictions.sort", tr("Order of the samples"))
        self.sort.addItem(tr("Most wrong first"), "wrong")
        self.sort.addItem(tr("Least sure first"), "unsure")
        self.sort.addItem(tr("In order"), "first")
        self.split = self._combo("predictions.split", tr("Which split is shown"))
        self.split.addItem(tr("Validation"), "val")
        self.split.addItem(tr("Test"), "test")
        self.all = named(
            QPushButton(tr("Show all")),
            "predictions.all",
            tr("Show all"),
            tr("Show all samples again"),
        )
        self.all.hide()
        self.sort.activated.connect(self.changed)
        self.split.activated.connect(lambda _: self._outcomes.look_at(self.split.currentData()))
        self.all.clicked.connect(lambda: self.session.cell_chosen.emit(None))
        for widget in (self.sort, self.split, self.all):
            bar.addWidget(widget)
        bar.addStretch(1)
        self.rows.addLayout(bar)

    @staticmethod
    def _combo(name: str, title: str) -> QComboBox:
        return named(QComboBox(), name, title)

    def _add_views(self) -> None:
        self._empty = Empty(
            "predictions",
            tr("After every epoch the predictions are shown here, wrong ones first."),
            self.session,
        )
        title = tr("Predictions vs. actuals")
        self.pictures = picture_list("predictions.gallery", title, self.session.theme, 48, 30)
        self.pictures.setModel(self.gallery)
        self.table = named(QTableView(), "predictions.table", title)
        self.table.setModel(self.table_rows)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)  # the arrows move in it, Tab leaves it
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().setDefaultSectionSize(24)
        for view in (self._empty, self.pictures, self.table):
            self._stacked.addWidget(view)

    def _choose_cell(self, cell: Cell | None) -> None:
        self.cell = cell
        self.changed()

    def draw(self) -> None:
        outcome = self._outcomes.current()
        self.split.setCurrentIndex(self.split.findData(self._outcomes.split))
        held = self.session.data.samples.get(self._outcomes.split)
        if outcome is None or held is None or len(held.targets) != len(outcome.targets):
            self._show_nothing()
            return
        rows = outcome.order(self.sort.currentData(), self.cell)
        self.info.setText(self._told(outcome, len(rows)))
        self.all.setVisible(self.cell is not None)
        self._show(outcome, rows, held)

    def _show_nothing(self) -> None:
        self.info.clear()
        self.all.setVisible(False)
        self._stacked.setCurrentWidget(self._empty)

    def _show(self, outcome: Outcome, rows: NDArray[np.int64], held: SamplesLoaded) -> None:
        judged = Judged(outcome, rows, held)
        if outcome.info.task == "regression":
            self._show_scatter(outcome, rows)
        elif outcome.info.is_image:
            self.gallery.show(judged)
            self._stacked.setCurrentWidget(self.pictures)
        else:
            self.table_rows.show(judged)
            self._stacked.setCurrentWidget(self.table)

    def _show_scatter(self, outcome: Outcome, rows: NDArray[np.int64]) -> None:
        if self.scatter is None:
            from workbench.ui.plots import Scatter

            self.scatter = Scatter("predictions.scatter", tr("Predictions vs. actuals"))
            self._stacked.addWidget(self.scatter)
        actual = outcome.targets[rows].astype("float64")
        predicted = outcome.predicted[rows].astype("float64")
        self.scatter.show_values(actual, predicted, self.session.theme.colors)
        self.scatter.setLabel("bottom", tr("actual {target}", target=outcome.info.target))
        self.scatter.setLabel("left", tr("predicted"))
        self._stacked.setCurrentWidget(self.scatter)

    def _told(self, outcome: Outcome, shown: int) -> str:
        if self.cell is not None:
            classes = outcome.info.classes
            actual, guessed = self.cell
            return tr(
                "{shown} × {actual}, predicted {guessed}",
                shown=shown,
                actual=classes[actual],
                guessed=classes[guessed],
            )
        if outcome.info.task == "regression":
            off = float(abs(outcome.predicted - outcome.targets).mean())
            return tr("off by {off} on average", off=f"{off:.4g}")
        wrong = int((outcome.predicted != outcome.targets).sum())
        return tr("{wrong} of {total} wrong", wrong=wrong, total=len(outcome.targets))
