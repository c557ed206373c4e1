"""The Network panel: the cards of the layers, and other views of them in tabs."""

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QLabel, QTabWidget, QVBoxLayout, QWidget

from workbench.core.costs import LONG, SHORT
from workbench.core.walk import Path
from workbench.ui.cards import Cards
from workbench.ui.checks import counts_text
from workbench.ui.dock import Dock
from workbench.ui.edits import Edits
from workbench.ui.find import FindBar
from workbench.ui.naming import named, styled
from workbench.ui.page import Page
from workbench.ui.pages import PAGES, make_page
from workbench.ui.panel import Panel
from workbench.ui.session import Session
from workbench.ui.stack import Stack
from workbench.ui.stack_view import StackView
from workbench.ui.text import tr


class NetworkPanel(Panel):
    """Shows and edits the network; `layer_chosen` carries the path of the current layer, () for
    the input and None for no layer."""

    layer_chosen = Signal(object)

    def __init__(self, session: Session, dock: Dock) -> None:
        super().__init__(session, dock)
        self.stack = Stack(session.document)
        self.view = StackView(self.stack)
        cards = Cards(session.theme, self.view)
        self.view.setItemDelegate(cards)
        self.rows.setContentsMargins(8, 2, 8, 8)
        self.find_bar = FindBar(self.stack, self.view)
        self.rows.addWidget(self._made_tabs())
        self.edits = Edits(session, self.stack, self.view)
        cards.fix_chosen.connect(self.edits.fix)
        cards.folded.connect(self.view.fold)
        cards.offers_wanted.connect(self.view.show_menu)
        self.view.fix_chosen.connect(self.edits.fix)
        self.view.current_told.connect(self._tell)
        self.stack.dropped.connect(self.view.select)
        self.stack.refreshed.connect(self._recount)
        self.stack.checks.changed.connect(self._recount)
        # rows that come or go above the current one move it without a word of currentChanged
        self.stack.refreshed.connect(lambda: self._tell(self.view.currentIndex()))
        self.view.selectionModel().currentChanged.connect(lambda now, _: self._tell(now))
        session.theme.changed.connect(self.view.viewport().update)
        self.stack.rowsInserted.connect(self._unfold)
        self.view.expandAll()
        self._recount()

    def _made_tabs(self) -> QTabWidget:
        self.tabs = named(
            QTabWidget(documentMode=True),
            "network.tabs",
            tr("Views of the network"),
            tr("The layers as cards, as a diagram, as code and as a table"),
        )
        tip = tr("Left and right choose how the network is shown")
        named(self.tabs.tabBar(), "network.tabs.bar", tr("Views of the network"), tip)
        cards = QWidget()
        column = QVBoxLayout(cards)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.find_bar)
        column.addWidget(self.view)
        tip = tr(
            "Double-click one in Layers, press Ctrl+L, paste code or JSON, or start from a template"
        )
        self.empty = styled(named(QLabel(wordWrap=True), "network.empty", "", tip), "muted")
        self.empty.setText(tr("No layers yet. {how}.", how=tip))
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.empty)
        self.tabs.addTab(cards, tr("Layers"))
        self._holders: dict[QWidget, str] = {}
        self._pages: dict[str, Page] = {}
        for name, title in zip(PAGES, _titles(), strict=True):
            holder = QWidget()
            QVBoxLayout(holder).setContentsMargins(0, 0, 0, 0)
            self._holders[holder] = name
            self.tabs.addTab(holder, title)
        self.tabs.currentChanged.connect(self._fill_tab)
        return self.tabs

    def _fill_tab(self) -> None:
        """Make the page in view when it is first looked at: a start needs none of them."""
        holder = self.tabs.currentWidget()
        name = self._holders.pop(holder, "")
        if not name:
            return
        page = self._pages[name] = make_page(name, self.session, self.stack)
        page.choose(self._path_of(self.view.currentIndex()))
        page.picked.connect(lambda path: self.view.select([path]))
        self.layer_chosen.connect(page.choose)
        layout = holder.layout()
        assert layout
        layout.addWidget(page)
        holder.setFocusProxy(page)

    def show_tab(self, name: str) -> None:
        """Bring a page, or the cards by the name `layers`, to the front."""
        self.dock.show()
        self.tabs.setCurrentIndex(("layers", *PAGES).index(name))
        (self.view if name == "layers" else self.tabs.currentWidget()).setFocus()

    def page(self, name: str) -> Page:
        """Bring a page to the front, to do something with it."""
        self.show_tab(name)
        return self._pages[name]

    def _path_of(self, index: QModelIndex) -> Path | None:
        step = self.stack.step(index)
        is_input = index.isValid() and not index.parent().isValid() and step is None
        return step.path if step else () if is_input else None

    def _tell(self, index: QModelIndex) -> None:
        self.layer_chosen.emit(self._path_of(index))

    def _unfold(self, parent: QModelIndex, first: int, last: int) -> None:
        self.view.expand(parent)
        for row in range(first, last + 1):
            self.view.expandRecursively(self.stack.index(row, 0, parent))

    def _recount(self) -> None:
        told = tr(SHORT, **self.stack.costs.texts(tr("parameter"), tr("parameters")))
        if any(step.fault for step in self.stack.steps):  # what stands behind it has no shapes
            told = tr("up to the fault: {told}", told=told)
        found = counts_text(self.stack.checks)
        self.info.setText(f"{told} · {found}" if found else told)
        self.info.setToolTip(tr(LONG, **self.stack.costs.texts()))
        self.empty.setVisible(not self.stack.steps)
        number = len(self.stack.checks.found)
        title = tr("Checks ({number})", number=number) if number else tr("Checks")
        self.tabs.setTabText(1 + PAGES.index("checks"), title)
        self.view.scheduleDelayedItemsLayout()  # a card grows when it tells a fault


def _titles() -> tuple[str, ...]:
    return tr("Diagram"), tr("Code"), tr("Summary"), tr("Checks")
