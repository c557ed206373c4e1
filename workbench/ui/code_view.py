"""An editor that shows Python to be read: colours, line numbers, marked lines."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import accumulate

from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String
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
QUOTES = ('"""', "'''")
EDGE = 8  # pixels between the numbers, their border and the text


class _Colours(QSyntaxHighlighter):
    """Colours line by line, so that a change costs the lines that it changes. The state of a line
    is the quote that is open at its end, as a place in `QUOTES`; -1 if none is."""

    def __init__(self, editor: QPlainTextEdit) -> None:
        super().__init__(editor)
        self._lexer = PythonLexer(stripnl=False)
        self.dress(dark=False)
        self.setDocument(editor.document())

    def dress(self, dark: bool) -> None:
        """Take other colours; `rehighlight` brings them in."""
        self._formats = {kind: _format(shades[dark], kind) for kind, shades in SHADES.items()}

    def highlightBlock(self, text: str) -> None:
        before = self.previousBlockState()
        opened = QUOTES[before] if before >= 0 else ""
        tokens = list(self._lexer.get_tokens_unprocessed(f"{opened}{text}\n"))
        for at, token, part in tokens:
            kind = next((each for each in reversed(token.split()) if each in self._formats), None)
            start = max(at - len(opened), 0)
            length = at - len(opened) + len(part) - start
            if kind and length > 0:
                self.setFormat(start, length, self._formats[kind])
        self.setCurrentBlockState(_open_quote(tokens))


def _open_quote(tokens: Sequence[tuple[int, object, str]]) -> int:
    """Which of `QUOTES` is still open behind a line: then its end is a part of a string."""
    if tokens[-1][1] not in String:
        return -1
    strings = (part for _, token, part in reversed(tokens) if token in String)
    return next((QUOTES.index(part[-3:]) for part in strings if part[-3:] in QUOTES), -1)


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


def _length(line: str) -> int:
    """How many places of a document a line takes: units of UTF-16."""
    return len(line.encode("utf-16-le")) // 2


class CodeView(QPlainTextEdit):
    """Python to be read; `line_clicked` carries the number of a line, from 0."""

    line_clicked = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__(readOnly=True, undoRedoEnabled=False)
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
        if self._theme.dark != self._dark:
            self._dark = self._theme.dark
            self._colours.dress(self._dark)
            self._colours.rehighlight()
        shown = self.toPlainText()
        if text != shown:
            at = self.verticalScrollBar().value()
            self._change(shown, text)
            self.verticalScrollBar().setValue(at)

    def _change(self, shown: str, text: str) -> None:
        """Bring the lines to those of `text`; only those that are others cost time."""
        before, after = shown.splitlines(keepends=True), text.splitlines(keepends=True)
        places = [0, *accumulate(map(_length, before))]
        cursor = QTextCursor(self.document())
        changes = SequenceMatcher(None, before, after).get_opcodes()
        for kind, first, end, new, new_end in reversed(changes):  # no change moves another
            if kind != "equal":
                cursor.beginEditBlock()  # one for each: all that lies in one is coloured anew
                cursor.setPosition(places[first])
                cursor.setPosition(places[end], QTextCursor.MoveMode.KeepAnchor)
                cursor.insertText("".join(after[new:new_end]))
                cursor.endEditBlock()

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
