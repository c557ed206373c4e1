"""The Checks tab: what the rules found, why it matters, and what mends it."""

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QLabel, QListView, QMenu

from workbench.core.rule import Finding
from workbench.ui.checks import remedy_label
from workbench.ui.findings import FINDING, Findings, Index, Rows
from workbench.ui.naming import named, styled
from workbench.ui.page import Page
from workbench.ui.session import Session
from workbench.ui.stack import Stack
from workbench.ui.text import tr


class ChecksPage(Page):
    """The findings as a list; Enter mends the current one, the Menu key lists the ways."""

    def __init__(self, session: Session, stack: Stack) -> None:
        super().__init__(session, stack, "checks")
        self._drawing = False
        self.model = Findings(stack.checks, self)
        self.view = _View(self.model, Rows(session.theme, self))
        self.nothing = styled(named(QLabel(tr("Nothing is amiss.")), "checks.nothing"), "muted")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.rows.addWidget(self.view, 1)
        self.rows.addWidget(self.nothing, 1)
        self.setFocusProxy(self.view)
        self.view.setItemDelegate(self.view.painter_of_rows)
        self.view.painter_of_rows.fix_chosen.connect(self.mend)
        self.view.selectionModel().currentChanged.connect(lambda now, _: self._show(now))
        self.view.clicked.connect(self._show)
        stack.checks.changed.connect(self.changed)

    def draw(self) -> None:
        self.model.refresh()
        some = self.model.rowCount() > 0
        self.view.setVisible(some)
        self.nothing.setVisible(not some)
        if some and not self.view.currentIndex().isValid():
            self._drawing = True  # a first current row is no choice of a layer
            self.view.setCurrentIndex(self.model.index(0))
            self._drawing = False

    def mend(self, finding: Finding, number: int) -> None:
        """Take the remedy of that number."""
        self.stack.checks.apply(finding, number)

    def _show(self, index: Index) -> None:
        """Select the card of the layer that a finding is about."""
        finding: Finding | None = index.data(FINDING)
        if self._drawing:
            return
        if finding and any(step.path == finding.place for step in self.stack.steps):
            self.picked.emit(finding.place)


class _View(QListView):
    def __init__(self, model: Findings, rows: Rows) -> None:
        super().__init__()
        self.painter_of_rows = rows
        self.setModel(model)
        tip = tr("Enter mends the current finding; the Menu key lists all ways to mend it")
        named(self, "checks.view", tr("What the check before training found"), tip)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        finding: Finding | None = self.currentIndex().data(FINDING)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and finding and finding.remedies:
            self.painter_of_rows.fix_chosen.emit(finding, 0)
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        finding: Finding | None = index.data(FINDING)
        if finding:
            middle = self.viewport().mapToGlobal(self.visualRect(index).center())
            self._show_menu(finding, middle if by_key else event.globalPos())

    def _show_menu(self, finding: Finding, at: QPoint) -> None:
        menu = named(QMenu(self), "checks.menu", tr("Ways to mend it"))
        for number, remedy in enumerate(finding.remedies):
            action = menu.addAction(remedy_label(remedy))
            action.setObjectName(f"checks.fix.{number}")
            action.triggered.connect(
                lambda _=False, n=number: self.painter_of_rows.fix_chosen.emit(finding, n)
            )
        if not finding.remedies:
            menu.addAction(tr("No fix by one click")).setEnabled(False)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.scheduleDelayedItemsLayout()  # sentences wrap anew
        return super().event(event)
