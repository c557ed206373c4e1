"""Parameters that are not those of the network: each beside the network's, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workbench.core.fit_report import OUTCOMES, FitReport, Outcome
from workbench.ui.naming import named, styled
from workbench.ui.text import tr

NAME = "dialog.fit"
SIGNS: dict[Outcome, tuple[str, str]] = {
    "missing": ("○", "missing in the file"),
    "unexpected": ("+", "in the file only"),
    "reshaped": ("≠", "another shape"),
    "matched": ("✓", "matched"),
}


class FitDialog(QDialog):
    """Shows the report; `load` takes what fits."""

    def __init__(
        self, parent: QWidget, path: Path, report: FitReport, load: Callable[[], object]
    ) -> None:
        super().__init__(parent)
        self.setObjectName(NAME)
        self.setWindowTitle(tr("Load model"))
        self.resize(680, 440)
        self._report, self._load = report, load
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 14, 16, 14)
        self._column.setSpacing(8)
        heading = QLabel(tr("{name} does not fit the whole network", name=path.name))
        heading.setTextFormat(Qt.TextFormat.PlainText)
        self._column.addWidget(styled(named(heading, f"{NAME}.heading"), "heading"))
        self._column.addWidget(named(QLabel(self._counts(), wordWrap=True), f"{NAME}.counts"))
        self.table = self._made_table()
        self._column.addWidget(self.table, 1)
        self._add_notes()
        self._add_buttons()

    def _counts(self) -> str:
        counts = self._report.counts
        told = [f"{SIGNS[o][0]} {counts[o]:,} {tr(SIGNS[o][1])}" for o in OUTCOMES if counts[o]]
        return "   ".join(told)

    def _made_table(self) -> QTableWidget:
        rows = self._report.rows
        table = QTableWidget(len(rows), 4)
        named(table, f"{NAME}.table", tr("Parameters"), tr("Each tensor of file and network"))
        table.setHorizontalHeaderLabels(
            [tr("Parameter"), tr("In the file"), tr("In the network"), tr("Outcome")]
        )
        for number, row in enumerate(rows):
            sign, words = SIGNS[row.outcome]
            cells = (row.name, row.came or "–", row.needed or "–", f"{sign} {tr(words)}")
            for place, text in enumerate(cells):
                table.setItem(number, place, QTableWidgetItem(text))
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(24)
        table.resizeColumnsToContents()
        table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        return table

    def _add_notes(self) -> None:
        notes = [
            tr(
                "What fits can be loaded alone: the rest of the network then starts afresh, as "
                "training would start it."
            )
        ]
        if not self._report.counts["matched"]:
            notes = [tr("Open or build the network that it was saved from, and load it again.")]
        if self._report.prefix:
            notes.append(
                tr("{prefix} was taken off the front of its names.", prefix=self._report.prefix)
            )
        if len(self._report.rows) < sum(self._report.counts.values()):
            notes.append(tr("Only the first rows of each outcome are shown."))
        label = QLabel(" ".join(notes), wordWrap=True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        self._column.addWidget(styled(named(label, f"{NAME}.note"), "muted"))

    def _add_buttons(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        cancel = buttons.button(QDialogButtonBox.StandardButton.Cancel)
        named(cancel, f"{NAME}.cancel", cancel.text(), tr("Keep the present model"))
        load = styled(QPushButton(tr("Load What Fits")), "primary")
        named(load, f"{NAME}.load", tr("Load What Fits"), tr("Take the matched parameters alone"))
        load.setEnabled(self._report.counts["matched"] > 0)
        buttons.addButton(load, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._column.addWidget(buttons)

    def done(self, result: int) -> None:
        """Close."""
        super().done(result)
        self.deleteLater()

    def accept(self) -> None:
        """Load what fits."""
        super().accept()
        self._load()
