"""The tab of the data check: what was found, what to do, and a button where a click does it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from workbench.core.data import DatasetSpec
from workbench.core.data_check import DataChecked, Finding
from workbench.core.events import Event
from workbench.core.file_source import FileSource
from workbench.ui.asking import Asking
from workbench.ui.data.part import Part
from workbench.ui.naming import named, styled
from workbench.ui.session import Session
from workbench.ui.text import tr

SIGNS = {"error": "✕", "warning": "⚠", "note": "•"}
WORDS = {"error": "Error", "warning": "Warning", "note": "Note"}


class CheckPart(Part):
    """Runs by itself once the user's own files are loaded, and for any data by the button."""

    alarmed = Signal()
    """A check that ran by itself found an error."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "check_tab", tr("Check"))
        self.checked: DataChecked | None = None
        self._by_itself = False
        self._of: DatasetSpec | None = None
        self.asking = Asking(session, self._answered, self)
        self.asking.changed.connect(self._show_state)
        self.state = styled(named(QLabel(wordWrap=True), "data.check_state"), "muted")
        self.again = named(
            QPushButton(tr("Check data")),
            "data.check",
            tr("Check data"),
            tr("Look for copies, wrong labels, empty columns and more"),
        )
        self.again.clicked.connect(self._begin_or_stop)
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self.rows.addWidget(self.state)
        self.rows.addLayout(self._list)
        self.rows.addWidget(self.again)
        self.rows.addStretch(1)
        session.data_changed.connect(self.follow)
        self._show_state()

    def follow(self) -> None:
        """Forget what was found of other data; check the user's own once they are loaded."""
        if self._of is not None and self._of != self._checkable:
            self.asking.stop()
            self._of = self.checked = None
            self._show_findings()
        view = self.session.data
        loaded = view.described is not None or view.error is not None
        if loaded and self._of is None and isinstance(self.data, FileSource):
            self.begin(by_itself=True)

    def begin(self, by_itself: bool = False) -> None:
        """Check the project's data."""
        self._by_itself = by_itself
        self._of, self.checked = self._checkable, None
        self._show_findings()
        self.asking.ask("data_check.check", self._of)

    @property
    def _checkable(self) -> DatasetSpec:
        """The data without their transforms: the check looks at samples as they are in the files,
        so it neither begins again nor alarms anew for a transform."""
        return self.data.replace(prepare=())

    @property
    def has_errors(self) -> bool:
        """Whether something was found that must be mended."""
        found = self.checked.findings if self.checked else ()
        return any(finding.severity == "error" for finding in found)

    def _begin_or_stop(self) -> None:
        if self.asking.busy:
            self.asking.stop()
        else:
            self.begin()

    def _answered(self, event: Event) -> None:
        if isinstance(event, DataChecked):
            self.checked = event
            self._show_findings()
            if self._by_itself and self.has_errors:
                self.alarmed.emit()

    def draw(self) -> None:
        self._show_state()

    def _show_state(self) -> None:
        self.again.setText(tr("Cancel") if self.asking.busy else tr("Check data"))
        text = self.asking.text()
        if not text and self.checked:
            text = tr(
                "Nothing wrong was found in {count} samples.", count=f"{self.checked.samples:,}"
            )
            if self.checked.findings:
                text = ""
        elif not text:
            text = tr("Looks for copies across splits, wrong labels, empty columns and more.")
        self.state.setText(text)
        self.state.setVisible(bool(text))

    def _show_findings(self) -> None:
        for card in self.findChildren(QFrame, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if card.property("finding"):
                self._list.removeWidget(card)
                card.deleteLater()
        for number, finding in enumerate(self.checked.findings if self.checked else ()):
            self._list.addWidget(self._card(number, finding))
        self._show_state()

    def _card(self, number: int, finding: Finding) -> QWidget:
        card = named(QFrame(), f"data.finding.{number}")
        card.setProperty("finding", finding.severity)
        column = QVBoxLayout(card)
        column.setContentsMargins(9, 6, 9, 7)
        column.setSpacing(3)
        word = f"{SIGNS[finding.severity]} {tr(WORDS[finding.severity])}"
        head = QLabel(f"{word} · {tr(finding.message, **finding.values)}", wordWrap=True)
        named(head, f"{card.objectName()}.message")
        advice = styled(QLabel(tr(finding.advice, **finding.values), wordWrap=True), "muted")
        column.addWidget(head)
        column.addWidget(advice)
        if finding.where:
            column.addWidget(self._places(finding, card.objectName()))
        if finding.fix:
            column.addWidget(self._button(finding, card.objectName()))
        return card

    @staticmethod
    def _places(finding: Finding, name: str) -> QLabel:
        more = finding.count - len(finding.where)
        shown = "\n".join(finding.where[:4]) + (" …" if len(finding.where) > 4 else "")
        label = styled(named(QLabel(shown, wordWrap=True), f"{name}.where"), "formula")
        rest = "\n" + tr("and {count} more", count=f"{more:,}") if more > 0 else ""
        label.setToolTip("\n".join(finding.where) + rest)
        return label

    def _button(self, finding: Finding, name: str) -> QPushButton:
        label = tr(finding.fix_label, **finding.values)
        button = named(QPushButton(label), f"{name}.fix", label)
        fix = finding.fix
        assert fix is not None
        # Transforms may have come or gone since the check.
        button.clicked.connect(lambda: self.edit(label, fix.replace(prepare=self.data.prepare)))
        return button

    @property
    def badge(self) -> int:
        """How many findings are worse than good to know."""
        findings = self.checked.findings if self.checked else ()
        return sum(finding.severity != "note" for finding in findings)
