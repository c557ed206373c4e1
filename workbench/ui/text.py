"""The one way in which the window gets its words: through Qt's translation."""

from typing import Any

from PySide6.QtCore import QCoreApplication

from workbench.core.errors import UserError


def tr(text: str, /, **values: Any) -> str:
    """`text` in the user's language, its `{fields}` filled with `values`."""
    translated = QCoreApplication.translate("workbench", text)
    return translated.format(**values) if values else translated


def capital(text: str) -> str:
    """`text` with a capital letter at its start; the rest as it is, since names keep theirs."""
    return text[:1].upper() + text[1:]


def sentence(error: UserError) -> str:
    """What a `UserError` says, in the user's language."""
    values = error.values.items()
    return tr(error.message, **{name: _told(value) for name, value in values})


def _told(value: Any) -> Any:
    return sentence(value) if isinstance(value, UserError) else value
