"""Samples as pictures, and lists of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem

from workbench.ui.naming import named
from workbench.ui.theme import Theme

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IMAGE = Qt.ItemDataRole.UserRole
CAPTION = Qt.ItemDataRole.UserRole + 1
"""A list of (text, colour, bold) pieces."""


def picture(sample: NDArray[np.uint8], full_scale: float) -> QImage:
    """A sample (channels, height, width) as an image; grey if it has one channel."""
    import numpy as np  # not at the start: there is a picture only once samples are loaded

    if full_scale != 255:
        sample = (sample.astype(np.float32) * (255 / full_scale)).clip(0, 255).astype(np.uint8)
    if len(sample) == 3:
        packed = np.ascontiguousarray(sample.transpose(1, 2, 0))
        form = QImage.Format.Format_RGB888
    else:
        packed = np.ascontiguousarray(sample[0])[:, :, None]
        form = QImage.Format.Format_Grayscale8
    height, width, channels = packed.shape
    # copy: the image must not look into an array that Python may free
    return QImage(packed.data, width, height, width * channels, form).copy()


KEEP = Qt.AspectRatioMode.KeepAspectRatio


class PictureDelegate(QStyledItemDelegate):
    """Paints IMAGE, and CAPTION below it."""

    def __init__(self, theme: Theme, size: int, caption: int, parent: QListView) -> None:
        super().__init__(parent)
        self._theme, self._size, self._caption = theme, size, caption

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        width = self._size + 8 if not self._caption else max(self._size + 8, 98)
        return QSize(width, self._size + 6 + self._caption)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        image: QImage = index.data(IMAGE)
        rect: QRect = option.rect
        left = rect.center().x() - self._size // 2
        square = QRect(left, rect.top() + 2, self._size, self._size)
        place = QRect(square.topLeft(), image.size().scaled(square.size(), KEEP))
        place.moveCenter(square.center())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, image)
        if self._caption:
            self._paint_caption(painter, rect, index.data(CAPTION) or [])
        painter.restore()

    def _paint_caption(
        self, painter: QPainter, rect: QRect, pieces: list[tuple[str, str, bool]]
    ) -> None:
        """One line a piece, in the middle below the picture, shortened to fit: a probability
        stands at its end, so that letters go out of the middle."""
        font = painter.font()
        font.setPixelSize(11)
        top = rect.top() + self._size + 3
        for text, color, bold in pieces:
            font.setBold(bold)
            painter.setFont(font)
            painter.setPen(color)
            line = QRect(rect.left() + 2, top, rect.width() - 4, 14)
            shown = painter.fontMetrics().elidedText(
                text, Qt.TextElideMode.ElideMiddle, line.width()
            )
            painter.drawText(line, int(Qt.AlignmentFlag.AlignCenter), shown)
            top += 14


class PictureList(QListView):
    """Asks for little height: it takes what its panel leaves, and scrolls."""

    def sizeHint(self) -> QSize:
        return QSize(120, 84)


def picture_list(name: str, title: str, theme: Theme, size: int, caption: int = 0) -> QListView:
    """A list of pictures that wraps to the width of its panel."""
    view = named(PictureList(), name, title)
    view.setViewMode(QListView.ViewMode.IconMode)
    view.setResizeMode(QListView.ResizeMode.Adjust)
    view.setMovement(QListView.Movement.Static)
    view.setUniformItemSizes(True)
    view.setSpacing(1)
    view.setItemDelegate(PictureDelegate(theme, size, caption, view))
    return view
