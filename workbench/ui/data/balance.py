"""The bars of class balance, and the bar of the splits."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from workbench.core.data import SPLITS, Split
from workbench.ui.text import tr
from workbench.ui.theme import Theme

SPLIT_NAMES: dict[Split, str] = {"train": "Training", "val": "Validation", "test": "Test"}


class Balance(QWidget):
    """A bar for each class, as high as its number of samples in a split."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("data.balance")
        self._theme = theme
        self._counts: tuple[int, ...] = ()
        self._names: tuple[str, ...] = ()
        self.setFixedHeight(56)

    def show_counts(self, counts: tuple[int, ...], names: tuple[str, ...], split: Split) -> None:
        """Show the numbers of samples of the classes `names`."""
        self._counts, self._names = counts, names
        told = ", ".join(f"{name}: {count:,}" for name, count in zip(names, counts, strict=True))
        self.setToolTip(told.replace(", ", "\n"))
        title = tr(SPLIT_NAMES[split])
        self.setAccessibleName(tr("{split} samples per class: {told}", split=title, told=told))
        self.setVisible(bool(counts))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colors = self._theme.colors
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        room = self.height() - 18
        width = self.width() / max(len(self._counts), 1)
        metrics = painter.fontMetrics()
        named = all(metrics.horizontalAdvance(name) + 4 <= width for name in self._names)
        numbered = metrics.horizontalAdvance(str(len(self._names))) + 2 <= width
        for place, (count, name) in enumerate(zip(self._counts, self._names, strict=True)):
            high = round((room - 12) * count / max(*self._counts, 1))
            left = round(place * width)
            bar = QRect(left + 2, room - high, max(round(width) - 4, 1), high)
            painter.fillRect(bar, QColor(colors.val))
            painter.setPen(QColor(colors.muted))
            number = f"{count:,}"
            if metrics.horizontalAdvance(number) + 4 <= width:
                above = QRect(left, room - high - 12, round(width), 12)
                painter.drawText(above, int(Qt.AlignmentFlag.AlignCenter), number)
            label = QRect(left, room + 2, round(width), 15)
            text = name if named else str(place) if numbered else ""
            painter.drawText(label, int(Qt.AlignmentFlag.AlignCenter), text)


class Shares(QWidget):
    """One bar, parted as the samples are into training, validation and test."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("data.shares")
        self._theme = theme
        self._sizes: dict[Split, int] = {}
        self.setFixedHeight(38)

    def show_sizes(self, sizes: dict[Split, int]) -> None:
        """Show the sizes of the splits."""
        self._sizes = sizes
        total = max(sum(sizes.values()), 1)
        told = "\n".join(
            f"{tr(SPLIT_NAMES[split])}: {sizes[split]:,} ({sizes[split] / total:.0%})"
            for split in SPLITS
        )
        self.setToolTip(told)
        self.setAccessibleName(told.replace("\n", ", "))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colors = self._theme.colors
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        total, left, after = max(sum(self._sizes.values()), 1), 0, 0
        for split, color in zip(SPLITS, (colors.train, colors.val, colors.good), strict=True):
            share = self._sizes.get(split, 0) / total
            width = round(self.width() * share)
            painter.fillRect(QRect(left, 2, max(width - 2, 0), 14), QColor(color))
            left += width
            after = self._paint_word(painter, after, QColor(color), f"{split} {share:.0%}")

    def _paint_word(self, painter: QPainter, left: int, color: QColor, text: str) -> int:
        """A mark of a part's colour with its name and share; gives where the next one begins.
        A small part has no room for them below itself."""
        painter.fillRect(QRect(left, 23, 7, 7), color)
        painter.setPen(QColor(self._theme.colors.muted))
        width = painter.fontMetrics().horizontalAdvance(text)
        painter.drawText(QRect(left + 11, 19, width + 2, 15), int(Qt.AlignmentFlag.AlignLeft), text)
        return left + width + 23
