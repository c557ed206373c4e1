"""An editor that shows Python to be read: colours, line numbers, marked lines."""

from collections.abc import Sequence

from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Token
from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from workbench.ui.theme import Theme

# Light and dark; each has a contrast of at least 4.5 to 1 on its field.
SHADES = {
    Keyword: ("#a3309f", "#d891ef"),
    Name.Builtin: ("#8a5a00", "#e5c07b"),
    Name.Builtin.Pseudo: ("#5d6673", "#9aa3ae"),  # self, on every line
    Name.Class: ("#8a5a00", "#e5c07b"),
    Name.Function: ("#1f5fc4", "#7cb7ff"),
    String: ("#2b7a2b", "#98c379"),
    Number: ("#a8480a", "#e39a64"),
    Operator.Word: ("#a3309f", "#d891ef"),
    Comment: ("#5d6673", "#9aa3ae"),
}
EDGE = 8  # pixels between the numbers, their border and the text


class _Colours(QSyntaxHighlighter):
    """Colours a text that pygments has read as a whole; a block takes the tokens of its line."""

    def __init__(self, editor: QPlainTextEdit) -> None:
        super().__init__(editor)
        self._lines: list[list[tuple[int, int, QTextCharFormat]]] = []
        self.setDocument(editor.document())

    def read(self, text: str, dark: bool) -> None:
        """Take a text; it is to be shown next."""
        formats = {kind: _format(shades[dark], kind) for kind, shades in SHADES.items()}
        self._lines = [[]]
        column = 0
        for token, part in PythonLexer(stripnl=False).get_tokens(text):
            kind = next((each for each in reversed(token.split()) if each in formats), Token)
            for number, piece in enumerate(part.split("\n")):
                if number:
                    self._lines.append([])
                    column = 0
                if kind in formats and piece:
                    self._lines[-1].append((column, len(piece), formats[kind]))
                column += len(piece)

    def highlightBlock(self, text: str) -> None:
        number = self.currentBlock().blockNumber()
        for start, length, shade in self._lines[number] if number < len(self._lines) else ():
            self.setFormat(start, length, shade)


def _format(shade: str, kind: object) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QColor(shade))
    if kind is Comment:
        made.setFontItalic(True)
    return made


class _Numbers(QWidget):
    """The line numbers, at the left of the text."""

    def __init__(self, view: "CodeView") -> None:
        super().__init__(view)
        self.setObjectName("code.numbers")
        self._view = view

    def sizeHint(self) -> QSize:
        return QSize(self._view.numbers_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._view.paint_numbers(event.rect())


class CodeView(QPlainTextEdit):
    """Python to be read; `line_clicked` carries the number of a line, from 0."""

    line_clicked = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__(readOnly=True)
        self._theme = theme
        self._marked: tuple[int, ...] = ()
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setStyleHint(QFont.StyleHint.Monospace)
        self.setFont(font)
        self.setProperty("code", True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        # so that it can be read and chosen from without a mouse
        flag = Qt.TextInteractionFlag
        self.setTextInteractionFlags(flag.TextSelectableByMouse | flag.TextSelectableByKeyboard)
        self._numbers = _Numbers(self)
        self._colours = _Colours(self)
        self._dark: bool | None = None
        self.blockCountChanged.connect(lambda _: self._place_numbers())
        self.updateRequest.connect(self._scroll_numbers)

    def show_code(self, text: str) -> None:
        """Show a text; the place in sight stays."""
        if text == self.toPlainText() and self._theme.dark == self._dark:
            return
        self._dark = self._theme.dark
        self._colours.read(text, self._dark)
        at = self.verticalScrollBar().value()
        if text == self.toPlainText():
            self._colours.rehighlight()
        else:
            self.setPlainText(text)
        self.verticalScrollBar().setValue(at)

    def mark(self, lines: Sequence[int]) -> None:
        """Mark lines, and see that the first of them is in sight if they are others than before."""
        if tuple(lines) != self._marked and lines:
            self._bring(lines[0])
        self._marked = tuple(lines)
        shade = QColor(self._theme.colors.accent)
        shade.setAlpha(40)
        self.setExtraSelections([self._selection(line, shade) for line in lines])
        self._numbers.update()

    @property
    def marked(self) -> tuple[int, ...]:
        """The lines that are marked."""
        return self._marked

    def _bring(self, line: int) -> None:
        first = self.firstVisibleBlock().blockNumber()
        shown = max(1, self.viewport().height() // self.fontMetrics().lineSpacing())
        seen = range(first, first + shown - 1)
        if line not in seen:
            self.verticalScrollBar().setValue(max(0, line - shown // 3))

    def _selection(self, line: int, shade: QColor) -> QTextEdit.ExtraSelection:
        selection = QTextEdit.ExtraSelection()
        selection.format.setBackground(shade)
        selection.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        selection.cursor = QTextCursor(self.document().findBlockByNumber(line))
        return selection

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and not self.textCursor().hasSelection():
            self.line_clicked.emit(self.cursorForPosition(event.position().toPoint()).blockNumber())

    # -- the numbers

    def numbers_width(self) -> int:
        """Room for the largest number, in pixels."""
        digits = max(2, len(str(self.blockCount())))
        return 2 * EDGE + self.fontMetrics().horizontalAdvance("9") * digits

    def _place_numbers(self) -> None:
        width = self.numbers_width()
        self.setViewportMargins(width, 0, 0, 0)
        inner = self.contentsRect()
        self._numbers.setGeometry(QRect(inner.left(), inner.top(), width, inner.height()))

    def _scroll_numbers(self, rect: QRect, by: int) -> None:
        if by:
            self._numbers.scroll(0, by)
        else:
            self._numbers.update(0, rect.y(), self._numbers.width(), rect.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_numbers()

    def paint_numbers(self, rect: QRect) -> None:
        """Paint the numbers of the lines that meet `rect`."""
        painter = QPainter(self._numbers)
        painter.setFont(self.font())
        colors = self._theme.colors
        block = self.firstVisibleBlock()
        width = self._numbers.width() - EDGE
        while block.isValid():
            place = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if place.top() > rect.bottom():
                break
            is_marked = block.blockNumber() in self._marked
            painter.setPen(QColor(colors.accent if is_marked else colors.muted))
            line = QRect(0, round(place.top()), width, round(place.height()))
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(line, right, str(block.blockNumber() + 1))
            block = block.next()
        painter.end()
