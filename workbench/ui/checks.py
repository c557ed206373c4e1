"""`Checks`: what the rules find in the open project, kept up to date behind every edit."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.core.layer import counted
from workbench.core.rule import SEVERITIES, Finding, Remedy, Severity
from workbench.core.walk import Path, Step
from workbench.ui.document import Document
from workbench.ui.text import capital, tr


class Checks(QObject):
    """Runs the rules once after any number of edits; before `start`, which comes once the window
    is painted, there are no findings."""

    changed = Signal()

    def __init__(self, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self.found: list[Finding] = []
        self._at: dict[Path, list[Finding]] = {}
        self._steps: Sequence[Step] = ()
        self._on = False
        self._soon = QTimer(self, interval=0, singleShot=True)
        self._soon.timeout.connect(self._run)

    def start(self) -> None:
        """Begin to look: the rules and all the layers that they know are imported now."""
        self._on = True
        self._soon.start()

    def look_at(self, steps: Sequence[Step]) -> None:
        """Take the walk of the project as it is now."""
        self._steps = steps
        if self._on:
            self._soon.start()

    def _run(self) -> None:
        from workbench.core.rule import findings

        self.found = findings(self._document.project, self._steps)
        self._at = {}
        for finding in self.found:
            if isinstance(finding.place, tuple):
                self._at.setdefault(finding.place, []).append(finding)
        self.changed.emit()

    def at(self, step: Step) -> list[Finding]:
        """What is to be marked on a layer's card; a fault that it tells anyway is left out."""
        found = self._at.get(step.path, [])
        return [each for each in found if not (step.fault and each.severity == "problem")]

    def apply(self, finding: Finding, number: int) -> None:
        """Mend a finding by the remedy of that number."""
        remedy = finding.remedies[number]
        with self._document.bounded():
            self._document.edit(remedy_label(remedy), remedy.project)

    def count(self, severity: Severity) -> int:
        """How many findings are of a severity."""
        return sum(finding.severity == severity for finding in self.found)


def remedy_label(remedy: Remedy) -> str:
    """What a remedy does, as buttons, menus and the undo list tell it."""
    return capital(tr(remedy.label, **remedy.values))


def finding_text(finding: Finding) -> str:
    """What was found, in the user's language."""
    return f"{finding.subject} {tr(finding.message, **finding.values)}".lstrip()


def finding_told(finding: Finding) -> str:
    """A finding in one line: how much it matters, what it is and why."""
    told = f"{severity_text(finding.severity)}: {finding_text(finding)}"
    return f"{told} {tr(finding.rule.reason)}"


def severity_text(severity: Severity) -> str:
    """The name of a severity."""
    return {"problem": tr("Problem"), "warning": tr("Warning"), "hint": tr("Hint")}[severity]


def counts_text(checks: Checks) -> str:
    """`1 problem · 2 warnings`; empty if nothing was found."""
    names = {
        "problem": (tr("problem"), tr("problems")),
        "warning": (tr("warning"), tr("warnings")),
        "hint": (tr("hint"), tr("hints")),
    }
    numbers = ((checks.count(each), names[each]) for each in SEVERITIES)
    return " · ".join(counted(number, *words) for number, words in numbers if number)
