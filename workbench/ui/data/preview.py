"""Samples before and behind the transforms, side by side."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from workbench.core.shown import SamplesPrepared
from workbench.ui.pictures import picture
from workbench.ui.text import tr
from workbench.ui.theme import Theme

DRAWS = 3
HEAD, GAP = 16, 6
SMALL, LARGE = 24, 72


class Preview(QWidget):
    """A row for each sample: as it is, then as training draws it, several times."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("data.preview")
        self.setAccessibleName(tr("Samples before and behind the transforms"))
        self.setToolTip(
            tr("Left: as in the file. Right: as training gets it, drawn anew each time")
        )
        self._theme = theme
        self.images: list[list[QImage]] = []

    def show_samples(self, shown: SamplesPrepared, full_scale: float) -> None:
        """Show samples (n, c, h, w) and their draws (draws, n, c, h, w)."""
        self.images = [
            [picture(before, full_scale), *(picture(draw[row], 255.0) for draw in shown.after)]
            for row, before in enumerate(shown.before)
        ]
        self.setFixedHeight(HEAD + len(self.images) * (self._side + GAP))
        self.update()

    @property
    def _side(self) -> int:
        """As wide as four of them fit, and in a low panel low enough for what stands below."""
        across = (self.width() - 3 * GAP - 18) // (1 + DRAWS)
        window = self.window().height()
        return max(SMALL, min(LARGE, across, window // 17))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.images:
            return
        painter = QPainter(self)
        painter.setPen(QColor(self._theme.colors.muted))
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        side = self._side
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        painter.drawText(QRect(0, 0, side + 18, HEAD), flags, tr("Before"))
        painter.drawText(QRect(side + 18, 0, self.width(), HEAD), flags, tr("In training"))
        for row, images in enumerate(self.images):
            top = HEAD + row * (side + GAP)
            for place, image in enumerate(images):
                left = place * (side + GAP) + (12 if place else 0)
                self._paint(painter, image, QRect(left, top, side, side))
            arrow = QRect(side, top, 18, side)
            painter.drawText(arrow, int(Qt.AlignmentFlag.AlignCenter), "→")

    @staticmethod
    def _paint(painter: QPainter, image: QImage, room: QRect) -> None:
        """The image as large as fits, in its own proportions."""
        size = image.size().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        smooth = image.width() > room.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        place = QRect(room.topLeft(), size)
        place.moveCenter(room.center())
        painter.drawImage(place, image)
