"""The Data panel: what the data are, and tabs of samples, columns, preparation, split and check."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QTabBar,
)

from workbench.ui.data.check import CheckPart
from workbench.ui.data.columns import ColumnsPart
from workbench.ui.data.part import Part
from workbench.ui.data.preparing import PreparePart
from workbench.ui.data.samples import SamplesPart
from workbench.ui.data.split import SplitPart
from workbench.ui.dock import Dock
from workbench.ui.naming import named, styled
from workbench.ui.panel import Panel
from workbench.ui.panels.layer import scrolled
from workbench.ui.session import Session
from workbench.ui.text import sentence, tr


class DataPanel(Panel):
    """What the project's data are, and the buttons to choose others."""

    def __init__(self, session: Session, dock: Dock) -> None:
        super().__init__(session, dock)
        self._heading = styled(named(QLabel(wordWrap=True), "data.heading"), "heading")
        self._sizes = styled(named(QLabel(wordWrap=True), "data.sizes"), "muted")
        self._state = named(QLabel(wordWrap=True), "data.state")
        self._busy = named(QProgressBar(maximum=0), "data.busy", tr("Loading"))
        tip = tr("End loading or downloading; nothing of a download is kept")
        self.cancel = named(QPushButton(tr("Cancel")), "data.cancel", tr("Cancel"), tip)
        self.cancel.clicked.connect(session.cancel_data)
        self.samples, self.columns = SamplesPart(session), ColumnsPart(session)
        self.prepare, self.split = PreparePart(session), SplitPart(session)
        self.check = CheckPart(session)
        self.parts: tuple[Part, ...] = (
            self.samples,
            self.columns,
            self.prepare,
            self.split,
            self.check,
        )
        self.tabs = named(QTabBar(), "data.tabs", tr("Views of the data"))
        self.tabs.setProperty("narrow", True)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setDrawBase(False)
        self._stack = QStackedWidget()
        self._lay_out()
        self.tabs.currentChanged.connect(self._turn)
        self.check.asking.changed.connect(self._show_badge)
        self.check.asking.changed.connect(self._show_state)
        self.check.alarmed.connect(lambda: self.show_part(self.check))
        session.data_changed.connect(self.changed)
        session.document.changed.connect(self.changed)

    def _lay_out(self) -> None:
        for part in self.parts:
            self.tabs.addTab(part.title)
            self._stack.addWidget(scrolled(part))
        self.rows.addWidget(self._heading)
        self.rows.addWidget(self._sizes)
        busy = QHBoxLayout()
        busy.addWidget(self._busy, 1)
        busy.addWidget(self.cancel)
        self.rows.addLayout(busy)
        self.rows.addWidget(self._state)
        self.rows.addWidget(self.tabs)
        self.rows.setSpacing(5)
        self.rows.addWidget(self._stack, 1)
        self.rows.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.choose = named(
            QPushButton(tr("Choose data")),
            "data.choose",
            tr("Choose data"),
            tr("Train on other data"),
        )
        self.open = named(
            QPushButton(tr("Open…")),
            "data.open",
            tr("Open"),
            tr("Train on a file of your own; or drop a file or folder on the window"),
        )
        self.download = named(
            QPushButton(tr("Download…")),
            "data.download",
            tr("Download"),
            tr("Fetch the files from the internet; asks first"),
        )
        self.download.hide()
        for button in (self.choose, self.open, self.download):
            row.addWidget(button)
        row.addStretch(1)
        return row

    def set_menu(self, menu: QMenu) -> None:
        """Give the Choose button its list of datasets."""
        self.choose.setMenu(menu)

    def show_part(self, part: Part) -> None:
        """Turn to a tab."""
        self.tabs.setCurrentIndex(self.parts.index(part))

    def _turn(self, index: int) -> None:
        self._stack.setCurrentIndex(index)
        self._show_state()
        self.parts[index].draw()

    def _show_badge(self) -> None:
        count = self.check.badge
        title = self.check.title + (f" {count}" if count else "")
        self.tabs.setTabText(self.parts.index(self.check), title)
        self.tabs.setTabToolTip(
            self.parts.index(self.check), tr("What is wrong with the data, and what to do")
        )

    def _show_state(self) -> None:
        """What is being loaded, or why it can't be; where the check tells that, it is enough."""
        view = self.session.data
        at_check = self.parts[self.tabs.currentIndex()] is self.check
        error = None if at_check and self.check.has_errors else view.error
        self._state.setText(view.loading or (sentence(error) if error else ""))
        self._state.setProperty("fault", error is not None)
        self._state.style().polish(self._state)
        self._state.setVisible(bool(self._state.text()))

    def draw(self) -> None:
        data, view = self.session.document.project.data, self.session.data
        info, told = data.source_info(), view.described
        self._heading.setText(info.title)
        self._heading.setTextFormat(Qt.TextFormat.PlainText)
        self.info.setText(tr(info.origin))
        sizes = told.sizes if told else info.sizes
        self._sizes.setText(
            tr(
                "{train} train · {val} validation · {test} test",
                train=f"{sizes['train']:,}",
                val=f"{sizes['val']:,}",
                test=f"{sizes['test']:,}",
            )
        )
        self._busy.setVisible(bool(view.loading))
        self.cancel.setVisible(bool(view.loading) and not view.cancelled)
        done, total = (view.progress.done, view.progress.total) if view.progress else (0, 0)
        self._busy.setMaximum(min(total, 1000))  # 0 moves without end
        self._busy.setValue(round(1000 * done / total) if total > 1000 else done)
        self._show_state()
        self.download.setVisible(data.downloadable and view.error is not None)
        for index, part in enumerate(self.parts):
            self.tabs.setTabVisible(index, part.shown_for(info))
        self._show_badge()
        self.parts[self.tabs.currentIndex()].draw()
