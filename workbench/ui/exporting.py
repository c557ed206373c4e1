"""Model > Export: the formats, how far the work is, and what the comparison outside said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
)

from workbench.core.errors import UserError
from workbench.core.events import Event, Exported, Progress
from workbench.core.export_formats import EXPORT_FORMATS, ExportFormat
from workbench.ui import dialogs
from workbench.ui.naming import named, styled
from workbench.ui.pace import Pace
from workbench.ui.text import sentence, tr

if TYPE_CHECKING:
    from workbench.engine.remote import Stream
    from workbench.ui.main_window import MainWindow
    from workbench.ui.session import Session

WORK = "exporting.export"


class ExportDialog(QDialog):
    """Writes the model in hand; closed while it works, it leaves nothing behind."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setObjectName("dialog.export")
        self.setWindowTitle(tr("Export model"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(560)
        self._session: Session = window.session
        self._stream: Stream | None = None
        self._pace = Pace()
        self.choices: list[QRadioButton] = []
        self.told = named(QLabel(wordWrap=True), "dialog.export.told", tr("Result"))
        self.told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bar = named(QProgressBar(), "dialog.export.progress", tr("Progress"))
        self.write = styled(QPushButton(tr("Export…")), "primary")
        tip = tr("Choose a name, and write the model in this format")
        named(self.write, "dialog.export.write", tr("Export…"), tip)
        self.write.clicked.connect(self._ask)
        self.write.setDefault(True)
        self._arrange()
        self._show(
            tr(
                "Each file is run outside this program, over all test samples, and kept "
                "only if it predicts the same."
            )
        )
        self.finished.connect(self._stop)

    # -- what is seen

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(4)
        column.addWidget(QLabel(self._promise(), wordWrap=True))
        for each in EXPORT_FORMATS.values():
            column.addSpacing(8)
            self._add(column, each)
        column.addSpacing(12)
        column.addWidget(self.told)
        column.addWidget(self.bar)
        column.addSpacing(8)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._close = buttons.button(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.write, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def _promise(self) -> str:
        info = self._session.document.project.data.source_info()
        given = tr("raw pictures") if info.is_image else tr("raw rows")
        if not info.is_image and len(info.shape) > 1:
            given = tr("raw sequences")
        made = tr("probabilities") if info.task == "classification" else tr("values")
        return tr(
            "The preparation of the data goes with the model: {given} in, {made} out.",
            given=given,
            made=made,
        )

    def _add(self, column: QVBoxLayout, each: ExportFormat) -> None:
        choice = QRadioButton(each.title)
        named(choice, f"dialog.export.{each.name}", each.title, tr(each.summary))
        choice.setProperty("format", each.name)
        choice.setChecked(not self.choices)
        self.choices.append(choice)
        column.addWidget(choice)
        line = styled(QLabel(tr(each.summary), wordWrap=True), "muted")
        line.setIndent(22)
        column.addWidget(line)

    def _show(self, text: str, fault: bool = False) -> None:
        """A word on how it stands, and what can be done now."""
        busy = self._stream is not None
        self.told.setProperty("fault", fault)
        self.told.style().unpolish(self.told)
        self.told.style().polish(self.told)
        self.told.setText(text)
        self.bar.setVisible(busy)
        self.write.setEnabled(not busy)
        for choice in self.choices:
            choice.setEnabled(not busy)
        word = tr("Cancel") if busy else tr("Close")
        self._close.setText(word)
        tip = tr("End the export; nothing of it is kept") if busy else tr("Close")
        named(self._close, "dialog.export.close", word, tip)

    # -- what is done

    @property
    def _chosen(self) -> ExportFormat:
        (name,) = (choice.property("format") for choice in self.choices if choice.isChecked())
        return EXPORT_FORMATS[name]

    def _ask(self) -> None:
        chosen, title = self._chosen, self._session.document.title
        filters = f"{chosen.title} (*{chosen.suffix})" if chosen.suffix else ""
        suggested = f"{title}{chosen.suffix or '-model'}"
        name = "dialog.export_file"
        dialogs.ask_new_file(self, name, tr("Export model"), filters, suggested, self._begin)

    def _begin(self, path: Path) -> None:
        session = self._session
        arguments = (session.document.project, session.weights, self._chosen.name, path)
        self._stream = session.engines.remote(WORK, *arguments)
        self.bar.setMaximum(0)
        self._show(tr("Starting…"))
        session.start(self._stream, self._take, self._end)

    def _take(self, events: list[Event]) -> None:
        if self._stream is None:  # it was cancelled; a word was still on its way
            return
        for event in events:
            if isinstance(event, Progress):
                self.told.setText(self._pace.told(event))
                self.bar.setMaximum(event.total)
                self.bar.setValue(event.done)
            elif isinstance(event, Exported):
                self._stream = None
                self._show(_result(event))
                self._session.said.emit(tr("Saved {path}.", path=event.path))

    def _end(self, error: Exception | None) -> None:
        if error and not isinstance(error, UserError):
            self._session.failed.emit(error, False)
        if self._stream is None:
            return
        self._stream = None
        self._show(sentence(error) if isinstance(error, UserError) else str(error), fault=True)

    def _stop(self) -> None:
        if self._stream:
            self._stream.stop()
            self._stream = None
            self._session.said.emit(tr("The export was cancelled."))


def _result(event: Exported) -> str:
    return tr(
        "Saved {path}. Run outside on {samples} {split} samples, it predicts {equal} of them as "
        "here; the largest difference is {largest}.",
        path=event.path,
        samples=f"{event.samples:,}",
        split=event.split,
        equal=f"{event.equal:.2%}".replace(".00%", "%"),
        largest=f"{event.largest:.2g}",
    )


def export_model(window: MainWindow) -> None:
    """Ask how to export the model in hand."""
    ExportDialog(window).open()
