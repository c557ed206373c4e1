"""The view of a diagram: zoom, pan, fold, and a way through it by keys."""

from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QToolTip

from workbench.core.walk import Path
from workbench.ui.naming import named
from workbench.ui.pages.diagram_layout import Diagram, Item, beside
from workbench.ui.pages.diagram_paint import Look, outline_text, paint_diagram
from workbench.ui.text import tr

SMALLEST, LARGEST, NOTCH = 0.05, 4.0, 1.2
READABLE = 0.6  # what would be smaller is scrolled along the flow


class DiagramView(QAbstractScrollArea):
    """Shows one diagram. Drag to pan, Ctrl+wheel or + and - to zoom, 0 to see all, arrows to go
    along the flow and across it, Enter or a double click to fold a block."""

    picked = Signal(object)
    """The path of a layer that was clicked, or () for the input."""
    folded = Signal(object)
    """The path of a block to be folded or unfolded."""

    def __init__(self) -> None:
        super().__init__()
        tip = tr("Drag to move, Ctrl and wheel to zoom, arrow keys to go from layer to layer")
        named(self, "diagram.view", tr("The network as a diagram"), tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.viewport().setMouseTracking(True)
        self.scale = 1.0
        self.is_fitted = True
        self._diagram: Diagram | None = None
        self._look: Look | None = None
        self._tips: dict[Path, str] = {}
        self._pressed: QPoint | None = None
        self._dragging = False
        self._marked: Path | None = None

    @property
    def diagram(self) -> Diagram | None:
        """What is shown."""
        return self._diagram

    def show_diagram(self, diagram: Diagram, look: Look, tips: dict[Path, str]) -> None:
        """Show a diagram; place and zoom stay as they are, unless all of it was in view."""
        self._diagram, self._look, self._tips = diagram, look, tips
        self.setAccessibleDescription(outline_text(look))
        if self.is_fitted:
            self.fit()
        self._set_ranges()
        self.mark(look.current)

    def mark(self, path: Path | None) -> None:
        """Mark the layer at a path, and bring it into sight if it is another one."""
        if not self._diagram or not self._look:
            return
        if path != self._marked:
            self._marked = path
            self._look = replace(self._look, current=path)
            self._bring_into_view(self._diagram.of(path))
        self.viewport().update()

    # -- zoom and place

    def fit(self, whole: bool = False) -> None:
        """Zoom so that all of it is seen; of a long network, if not `whole`, all that is side by
        side, so that it can be read."""
        if not self._diagram:
            return
        room = self.viewport().size()
        ratios = room.width() / self._diagram.width, room.height() / self._diagram.height
        across = ratios[0] if self._diagram.direction == "down" else ratios[1]
        least = min(ratios)
        self.scale = min(1.0, least if whole or least >= READABLE else max(READABLE, across))
        self.is_fitted = True
        self._set_ranges()
        self.viewport().update()

    def zoom(self, by: float, around: QPointF | None = None) -> None:
        """Zoom by a factor; what is at `around`, a place of the viewport, stays there."""
        place = around or QPointF(self.viewport().rect().center())
        point = self._to_diagram(place)
        self.scale = min(LARGEST, max(SMALLEST, self.scale * by))
        self.is_fitted = False
        self._set_ranges()
        moved = point * self.scale + self._origin() - place
        self.horizontalScrollBar().setValue(round(self.horizontalScrollBar().value() + moved.x()))
        self.verticalScrollBar().setValue(round(self.verticalScrollBar().value() + moved.y()))
        self.viewport().update()

    def _set_ranges(self) -> None:
        if not self._diagram:
            return
        whole = QSizeF(self._diagram.width, self._diagram.height) * self.scale
        room = self.viewport().size()
        for bar, long, seen in (
            (self.horizontalScrollBar(), whole.width(), room.width()),
            (self.verticalScrollBar(), whole.height(), room.height()),
        ):
            bar.setRange(0, max(0, round(long - seen)))
            bar.setPageStep(seen)
            bar.setSingleStep(40)

    def _origin(self) -> QPointF:
        """Where the diagram's corner is in the viewport: what is smaller stands in the middle."""
        if not self._diagram:
            return QPointF()
        room = self.viewport().size()
        x = max(0.0, (room.width() - self._diagram.width * self.scale) / 2)
        y = max(0.0, (room.height() - self._diagram.height * self.scale) / 2)
        return QPointF(x - self.horizontalScrollBar().value(), y - self.verticalScrollBar().value())

    def _to_diagram(self, place: QPointF) -> QPointF:
        return (place - self._origin()) / self.scale

    def place_of(self, path: Path) -> QPoint:
        """The middle of a layer in the viewport; of a frame, its title."""
        item = self._diagram.of(path) if self._diagram else None
        assert item
        x, y = item.box.middle
        point = QPointF(x, item.box.y + 8 if item.kind == "frame" else y)
        return (point * self.scale + self._origin()).toPoint()

    def _bring_into_view(self, item: Item | None) -> None:
        if item is None:
            return
        room = self.viewport().rect()
        corner = QPointF(item.box.x, item.box.y) * self.scale + self._origin()
        width, height = (side * self.scale for side in (item.box.width, item.box.height))
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() + _needed(corner.x(), width, room.width()))
        down.setValue(down.value() + _needed(corner.y(), height, room.height()))

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.is_fitted:
            self.fit()
        self._set_ranges()

    def sizeHint(self) -> QSize:
        return QSize(420, 520)

    # -- drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._diagram or not self._look:
            return
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(self._look.theme.colors.window))
        origin = self._origin()
        painter.translate(origin)
        painter.scale(self.scale, self.scale)
        seen = QRectF(event.rect()).translated(-origin)
        shown = QRectF(seen.topLeft() / self.scale, seen.size() / self.scale)
        paint_diagram(painter, self._diagram, self._look, shown)

    # -- mouse

    def _item_at(self, place: QPointF) -> Item | None:
        point = self._to_diagram(place)
        return self._diagram.at(point.x(), point.y()) if self._diagram else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._dragging = event.position().toPoint(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        place = event.position().toPoint()
        way = place - self._pressed
        if not self._dragging and way.manhattanLength() < QApplication.startDragDistance():
            return
        self._dragging, self._pressed = True, place
        self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - way.x())
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() - way.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        item = self._item_at(event.position())
        if self._pressed is not None and not self._dragging and item:
            self.picked.emit(item.path)
        self._pressed = None
        self.viewport().unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        item = self._item_at(event.position())
        if item and item.path:
            self.folded.emit(item.path)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(NOTCH ** (event.angleDelta().y() / 120), event.position())
            event.accept()
            return
        super().wheelEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            item = self._item_at(QPointF(event.pos()))
            QToolTip.showText(
                event.globalPos(), self._tips.get(item.path, "") if item else "", self
            )
            return True
        return super().viewportEvent(event)

    # -- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, keys = event.key(), Qt.Key
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            event.ignore()
        elif key in (keys.Key_Plus, keys.Key_Equal):
            self.zoom(NOTCH)
        elif key == keys.Key_Minus:
            self.zoom(1 / NOTCH)
        elif key == keys.Key_0:
            self.fit()
        elif key in (keys.Key_Return, keys.Key_Enter) and self._look and self._look.current:
            self.folded.emit(self._look.current)
        elif not self._go(key):
            super().keyPressEvent(event)

    def _go(self, key: int) -> bool:
        """Pick the layer that an arrow key leads to."""
        if not self._diagram or not self._look:
            return False
        keys, down = Qt.Key, self._diagram.direction == "down"
        along = (
            {keys.Key_Down: 1, keys.Key_Up: -1} if down else {keys.Key_Right: 1, keys.Key_Left: -1}
        )
        across = (
            {keys.Key_Right: 1, keys.Key_Left: -1} if down else {keys.Key_Down: 1, keys.Key_Up: -1}
        )
        ends = {keys.Key_Home: 0, keys.Key_End: -1}
        order = sorted(item.path for item in self._diagram.items if item.kind != "join")
        current = self._look.current if self._look.current in order else ()
        found: Path | None = None
        if key in along:
            found = order[min(max(order.index(current) + along[Qt.Key(key)], 0), len(order) - 1)]
        elif key in across:
            found = beside(self._diagram, current, across[Qt.Key(key)])
        elif key in ends:
            found = order[ends[Qt.Key(key)]]
        else:
            return False
        if found is not None and found != current:
            self.picked.emit(found)
        return True


def _needed(start: float, size: float, room: int) -> int:
    """How far to scroll so that a part is in sight, with a little around it."""
    air = min(24.0, max(0.0, (room - size) / 2))
    if start < air:
        return round(start - air)
    if start + size > room - air:
        return round(min(start - air, start + size - room + air))
    return 0
