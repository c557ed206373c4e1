"""Names of widgets: one for code and tests, one for screen readers, and a tooltip."""

from typing import TypeVar

from PySide6.QtWidgets import QToolButton, QWidget

W = TypeVar("W", bound=QWidget)


def named(widget: W, name: str, title: str = "", tip: str = "") -> W:
    """Give a widget its object name, accessible name and tooltip; gives the widget back.

    The tooltip is the title where no `tip` says more.
    """
    widget.setObjectName(name)
    widget.setAccessibleName(title)
    widget.setToolTip(tip or title)
    return widget


def styled(widget: W, role: str) -> W:
    """Give a widget a role that the style sheet knows: heading, muted, fault, formula, primary."""
    widget.setProperty(role, True)
    return widget


def sign_button(sign: str) -> QToolButton:
    """A small flat button that shows a sign."""
    button = QToolButton()
    button.setText(sign)
    return button
