"""`Dock`: the frame of a panel, with a title bar of our own. It stands before its panel does."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from workbench.ui.naming import named, sign_button
from workbench.ui.text import tr


class Info(QLabel):
    """A line at the right of a title bar; where it is too narrow its end is left out, not its
    beginning: figures without their first digits would be wrong ones."""

    def paintEvent(self, event: QPaintEvent) -> None:
        text = self.text()
        if "<" in text or self.fontMetrics().horizontalAdvance(text) <= self.width():
            super().paintEvent(event)
            return
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, self.width())
        painter, role = QPainter(self), self.foregroundRole()
        align = self.alignment()
        self.style().drawItemText(painter, self.rect(), align, self.palette(), True, shown, role)


class Dock(QDockWidget):
    """What moves, floats, closes and is remembered; empty until a panel is made for it."""

    def __init__(self, name: str, title: str, purpose: str) -> None:
        super().__init__(title)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setToolTip(purpose)
        self.info = named(Info(), "panelInfo")
        self.corner = QHBoxLayout()
        self.setTitleBarWidget(self._title_bar(title))
        self.setWidget(named(QFrame(), "panelBody"))

    def _title_bar(self, title: str) -> QWidget:
        bar = named(QFrame(), "panelTitle")
        row = QHBoxLayout(bar)
        row.setContentsMargins(10, 7, 6, 5)
        row.setSpacing(6)
        self._name = named(QLabel(title), "panelName")
        self.info.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.info.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self._name)
        row.addWidget(self.info, 1)
        row.addLayout(self.corner)
        close = named(
            sign_button("✕"),
            f"{self.objectName()}.close",
            tr("Close {panel}", panel=title),
            tr("Close this panel; View brings it back"),
        )
        close.clicked.connect(self.close)
        row.addWidget(close)
        return bar

    def set_title(self, title: str) -> None:
        """Change the name in the title bar."""
        self._name.setText(title)
        self.setWindowTitle(title)


def made_docks() -> dict[str, Dock]:
    """The docks of all panels by name, in the order of the View menu."""
    rows = (
        ("data", tr("Data"), tr("The samples, their split and preparation")),
        (
            "palette",
            tr("Layers"),
            tr("Double-click a layer to add it behind the selected one, or drag it into place"),
        ),
        ("network", tr("Network"), tr("The layers, first to last")),
        ("layer", tr("Layer"), tr("The selected layer and its arguments")),
        ("training", tr("Training"), tr("How the network is trained")),
        ("loss", tr("Loss"), tr("What training makes small")),
        (
            "accuracy",
            tr("Accuracy"),
            tr("The share that is right, or how far off a regression is"),
        ),
        (
            "predictions",
            tr("Predictions vs. actuals"),
            tr("What the network says of samples that it was not trained on"),
        ),
        (
            "confusion",
            tr("Confusion"),
            tr("Rows are actual classes, columns predicted ones; click a cell to see its samples"),
        ),
        (
            "embedding",
            tr("Embedding"),
            tr("How the network lays the samples out, in two dimensions"),
        ),
        ("boundary", tr("Decision boundary"), tr("What the network says of every place, live")),
        ("runs", tr("Runs"), tr("All that was ever trained, to be found, opened and compared")),
    )
    return {name: Dock(name, title, purpose) for name, title, purpose in rows}
