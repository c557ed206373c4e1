"""The Summary tab: the network as a table, with what each layer costs."""

from pathlib import Path as FilePath

from PySide6.QtCore import QModelIndex, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QWidget,
)

from workbench.core.costs import LONG
from workbench.core.errors import UserError
from workbench.core.files import write_atomically
from workbench.core.summary import COLUMNS, Row, csv_text, markdown, summary
from workbench.ui import dialogs
from workbench.ui.naming import named, styled
from workbench.ui.page import Page
from workbench.ui.pages.summary_table import SummaryTable
from workbench.ui.session import Session
from workbench.ui.stack import Stack
from workbench.ui.text import tr

WIDEST = 190  # pixels of a column before it is asked to
MEASURED = 40  # rows, from the first in sight: to measure all takes a millisecond a layer


class SummaryPage(Page):
    """A row for every layer; the row of the current layer is the table's current one."""

    def __init__(self, session: Session, stack: Stack) -> None:
        super().__init__(session, stack, "summary")
        self.table = SummaryTable(session.theme, stack, self)
        self.view = named(
            QTableView(),
            "summary.view",
            tr("The network as a table"),
            tr("Up and Down go through the layers; a row's layer is the selected one"),
        )
        self._dress(self.view)
        self.told = styled(named(QLabel(wordWrap=True), "summary.totals"), "muted")
        self.rows.addWidget(self._made_bar())
        self.rows.addWidget(self.view)
        self.rows.addWidget(self.told)
        self.setFocusProxy(self.view)
        self.view.selectionModel().currentChanged.connect(self._pick)

    def _dress(self, view: QTableView) -> None:
        view.setModel(self.table)
        view.verticalHeader().hide()
        view.verticalHeader().setDefaultSectionSize(26)
        view.setShowGrid(False)
        view.setIconSize(QSize(9, 9))
        view.setWordWrap(False)
        view.setTabKeyNavigation(False)  # Tab leaves the table
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        named(view.horizontalHeader(), "summary.header", tr("Columns of the summary"))
        view.horizontalHeader().setHighlightSections(False)
        view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        view.horizontalHeader().setMaximumSectionSize(600)
        view.horizontalHeader().setResizeContentsPrecision(MEASURED)
        view.horizontalHeader().setSectionsMovable(True)
        for name in ("Input", "Kernel"):  # behind the figures, which a narrow panel then shows
            place = view.horizontalHeader().visualIndex(COLUMNS.index(name))
            view.horizontalHeader().moveSection(place, len(COLUMNS) - 1)

    def _made_bar(self) -> QWidget:
        bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(0, 0, 0, 4)
        row.addStretch(1)
        copy = QPushButton(tr("Copy as Markdown"))
        named(copy, "summary.copy", tr("Copy the table as Markdown"))
        save = QPushButton(tr("Save as CSV…"))
        named(save, "summary.save", tr("Save the table for a spreadsheet"))
        copy.clicked.connect(self.copy)
        save.clicked.connect(self.save)
        row.addWidget(copy)
        row.addWidget(save)
        return bar

    def draw(self) -> None:
        costs = self.stack.costs
        rows = summary(self.stack.steps, costs, self.stack.data_info())
        if self.table.show_rows(rows):
            self._fit_columns()
        told = tr(LONG, **costs.texts())
        if any(step.fault for step in self.stack.steps):
            told = tr("Up to the fault: {told}", told=told)
        self.told.setText(told)
        self._show_current()

    def _fit_columns(self) -> None:
        """Give each column room for its head, for the first rows in sight and for the total."""
        header, last = self.view.horizontalHeader(), self.table.rowCount() - 1
        for column in range(self.table.columnCount()):
            total = self.view.sizeHintForIndex(self.table.index(last, column)).width()
            widths = (self.view.sizeHintForColumn(column), header.sectionSizeHint(column), total)
            self.view.setColumnWidth(column, min(max(widths) + 8, WIDEST))

    def _show_current(self) -> None:
        place = self.table.place_of(self.current)
        if place < 0:
            self.view.clearSelection()
        elif place != self.view.currentIndex().row() or not self.view.selectedIndexes():
            model = self.view.selectionModel()
            model.blockSignals(True)  # it is chosen already
            self.view.selectRow(place)
            model.blockSignals(False)
            self.view.viewport().update()
        if place >= 0:
            self.view.scrollTo(self.table.index(place, 0))

    def _pick(self, now: QModelIndex, before: QModelIndex) -> None:
        path = self.table.path_at(now.row())
        if path is not None and path != self.current:
            self.current = path
            self.picked.emit(path)

    def copy(self) -> None:
        """Put the table on the clipboard as Markdown."""
        QGuiApplication.clipboard().setText(markdown(self._rows()))
        self.session.said.emit(tr("The summary is on the clipboard, as Markdown."))

    def save(self) -> None:
        """Ask for a file and write the table to it."""
        suggested = f"{self.session.document.title}.csv"
        title = tr("Save summary")
        dialogs.ask_new_file(
            self.window(), "dialog.save_summary", title, "CSV (*.csv)", suggested, self._write
        )

    def _write(self, path: FilePath) -> None:
        try:
            write_atomically(path, csv_text(self._rows()).encode("utf-8-sig"))
        except UserError as error:
            self.session.failed.emit(error, False)
            return
        self.session.said.emit(tr("Saved {path}.", path=path))

    def _rows(self) -> list[Row]:
        return summary(self.stack.steps, self.stack.costs, self.stack.data_info())
