"""Light and dark: two palettes on Fusion, since other styles ignore a forced scheme."""

from dataclasses import dataclass, fields
from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from workbench.core.places import resource


@dataclass(frozen=True)
class Colors:
    """The colours of one theme, as `#rrggbb`."""

    window: str
    panel: str
    card: str
    field: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    train: str
    val: str
    good: str
    bad: str
    warn: str
    fault: str
    offer: str
    hover: str
    plot_axis: str


LIGHT = Colors(
    window="#f1f3f5",
    panel="#ffffff",
    card="#ffffff",
    field="#ffffff",
    border="#dde1e6",
    text="#1c2128",
    muted="#5d6673",
    accent="#d9481c",
    on_accent="#ffffff",
    train="#d9481c",
    val="#2f6fdd",
    good="#1a7f4b",
    bad="#c62f36",
    warn="#9a6700",
    fault="#fde0e0",
    offer="#e4eefc",
    hover="#f3f5f8",
    plot_axis="#5d6673",
)
DARK = Colors(
    window="#1b1d21",
    panel="#22252a",
    card="#2b2f36",
    field="#2b2f36",
    border="#3a3f47",
    text="#e8eaed",
    muted="#9aa3ae",
    accent="#ff7a45",
    on_accent="#1b1d21",
    train="#ff7a45",
    val="#5b9bff",
    good="#4cc38a",
    bad="#ff6b70",
    warn="#e3b341",
    fault="#4a2427",
    offer="#23344f",
    hover="#30353c",
    plot_axis="#9aa3ae",
)

CATEGORIES = {
    "Input": "#8a93a0",
    "Convolution": "#4c8bf5",
    "Activation": "#f2a33a",
    "Pooling": "#36b48b",
    "Linear": "#9b6cf0",
    "Normalization": "#3aa6c9",
    "Regularization": "#d9609a",
    "Reshape": "#7d8f69",
    "Recurrent": "#d97757",
    "Attention": "#c25bd6",
    "Embedding": "#5fa8a0",
    "Backbones": "#3f6fb0",
    "Blocks": "#5f7285",
}


class Theme(QObject):
    """The theme in force; `changed` comes after palette and style sheet are set."""

    changed = Signal()

    def __init__(self, mode: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.mode = mode
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)
        self.use(mode)

    @property
    def dark(self) -> bool:
        """Whether the colours are the dark ones."""
        if self.mode == "system":
            return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return self.mode == "dark"

    @property
    def colors(self) -> Colors:
        """The colours in force."""
        return DARK if self.dark else LIGHT

    def use(self, mode: str) -> None:
        """Switch to `system`, `light` or `dark`."""
        self.mode = mode
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setStyle("Fusion")
        app.setPalette(_palette(self.colors))
        app.setStyleSheet(_style_sheet(self.colors))
        self.changed.emit()

    def _system_changed(self) -> None:
        if self.mode == "system":
            self.use(self.mode)

    def category(self, name: str) -> QColor:
        """The colour of a layer category."""
        return QColor(CATEGORIES.get(name, "#8a93a0"))


def _palette(colors: Colors) -> QPalette:
    role = QPalette.ColorRole
    shades = {
        role.Window: colors.window,
        role.WindowText: colors.text,
        role.Base: colors.field,
        role.AlternateBase: colors.hover,
        role.Text: colors.text,
        role.PlaceholderText: colors.muted,
        role.Button: colors.field,
        role.ButtonText: colors.text,
        role.BrightText: colors.bad,
        role.Highlight: colors.accent,
        role.HighlightedText: colors.on_accent,
        role.ToolTipBase: colors.card,
        role.ToolTipText: colors.text,
        role.Link: colors.val,
        role.Mid: colors.border,
    }
    palette = QPalette()
    for which, shade in shades.items():
        palette.setColor(which, QColor(shade))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(colors.muted))
    return palette


def _style_sheet(colors: Colors) -> str:
    text = resource("style.qss").read_text(encoding="utf-8")
    return Template(text).substitute(
        {field.name: getattr(colors, field.name) for field in fields(colors)},
        icons=resource("icons", "dark" if colors is DARK else "light").as_posix(),
    )
