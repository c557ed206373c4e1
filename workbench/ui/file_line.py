"""A line for the path of a file, with a button that chooses one."""

from pathlib import Path

from PySide6.QtGui import QResizeEvent

from workbench.ui.line import Line
from workbench.ui.naming import named, sign_button
from workbench.ui.text import tr


class FileLine(Line):
    """A path, typed or chosen; `filters` are those of a file dialog: `Weights (*.pth)`."""

    def __init__(self, name: str, filters: str) -> None:
        super().__init__()
        self._name, self._filters = name, filters
        self._choose = named(sign_button("…"), f"{name}.choose", tr("Choose a file"))
        self._choose.setParent(self)
        self._choose.clicked.connect(self._ask)

    def _ask(self) -> None:
        from workbench.ui import dialogs

        title = tr("Choose a file")
        dialogs.ask_file(self, f"{self._name}.dialog", title, tr(self._filters), self._take)

    def _take(self, path: Path) -> None:
        self.setText(str(path))
        self.editingFinished.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = self._choose.sizeHint().width()
        self._choose.setGeometry(self.width() - width - 1, 1, width, self.height() - 2)
        self.setTextMargins(0, 0, width, 0)
