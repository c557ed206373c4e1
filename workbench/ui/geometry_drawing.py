"""The drawing of a sliding window, with the numbers of one layer."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.core.layer import shape_text
from workbench.ui.card_text import small
from workbench.ui.geometry import Geometry, Sliding
from workbench.ui.naming import named
from workbench.ui.text import tr
from workbench.ui.theme import Theme

LARGEST, BETWEEN, CAPTION, EDGE = 17.0, 34.0, 18.0, 2.0


class GeometryDrawing(QWidget):
    """Shows the window over its input and the cell of the output that it makes; of a transposed
    convolution, the input and the window that it spreads."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        named(self, "layer.geometry")
        self._theme = theme
        self._geometry: Geometry | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self.update)
        self.hide()

    def show_geometry(self, geometry: Geometry | None) -> None:
        """Draw another window, or nothing."""
        self.setVisible(geometry is not None)
        if geometry and geometry != self._geometry:
            self._geometry = geometry
            self.setAccessibleName(geometry.words())
            self.setToolTip(geometry.words())
            self.updateGeometry()
        self.update()

    def _cells(self) -> tuple[float, float]:
        """Cells side by side in both grids, and one below the other in the higher of them."""
        geometry = self._geometry
        if geometry is None:
            return 1.0, 1.0
        rows, columns = geometry.rows, geometry.columns
        return columns.shown + columns.coarse_shown, max(rows.shown, rows.coarse_shown)

    def _cell(self, width: float) -> float:
        across, _ = self._cells()
        return min(LARGEST, (width - BETWEEN - 2 * EDGE) / across)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(self._cell(width) * self._cells()[1] + 2 * CAPTION + 2 * EDGE)

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(240))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 60)

    def paintEvent(self, event: QPaintEvent) -> None:
        geometry = self._geometry
        if geometry is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = (self.height() - 2 * CAPTION - 2 * EDGE) / self._cells()[1]
        cell = min(self._cell(self.width()), room)
        fine = QSize(geometry.columns.shown, geometry.rows.shown)
        coarse = QSize(geometry.columns.coarse_shown, geometry.rows.coarse_shown)
        left, right = (coarse, fine) if geometry.is_transposed else (fine, coarse)
        high = max(left.height(), right.height()) * cell
        first = self._grid(left, cell, EDGE, high)
        second = self._grid(right, cell, first.right() + BETWEEN, high)
        self._paint_side(painter, first, cell, not geometry.is_transposed, tr("Input"))
        self._paint_side(painter, second, cell, geometry.is_transposed, tr("Output"))
        self._paint_way(painter, first, second)

    def _grid(self, cells: QSize, cell: float, left: float, high: float) -> QRectF:
        top = EDGE + CAPTION + (high - cells.height() * cell) / 2
        return QRectF(left, top, cells.width() * cell, cells.height() * cell)

    def _paint_side(
        self, painter: QPainter, grid: QRectF, cell: float, is_fine: bool, title: str
    ) -> None:
        assert self._geometry
        rows, columns = self._geometry.rows, self._geometry.columns
        down, right = (round(side / cell) for side in (grid.height(), grid.width()))
        for row in range(down):
            for column in range(right):
                corner = grid.topLeft() + QPointF(column * cell, row * cell)
                square = QRectF(corner.x(), corner.y(), cell, cell).adjusted(0.5, 0.5, -0.5, -0.5)
                paint = self._paint_fine if is_fine else self._paint_coarse
                paint(painter, square, (rows, row), (columns, column))
        if is_fine:
            self._paint_window(painter, grid, cell)
        self._paint_texts(painter, grid, is_fine, title)

    def _paint_fine(
        self,
        painter: QPainter,
        square: QRectF,
        down: tuple[Sliding, int],
        over: tuple[Sliding, int],
    ) -> None:
        colors = self._theme.colors
        added = any(axis.is_padding(cell) for axis, cell in (down, over))
        covered = all(axis.is_covered(cell) for axis, cell in (down, over))
        line = Qt.PenStyle.DotLine if added else Qt.PenStyle.SolidLine
        painter.setPen(QPen(QColor(colors.muted if added else colors.border), 1, line))
        ground = QColor(colors.accent)
        ground.setAlpha(70 if added else 120)
        plain = QColor(Qt.GlobalColor.transparent) if added else QColor(colors.hover)
        painter.setBrush(ground if covered else plain)
        painter.drawRect(square)

    def _paint_coarse(
        self,
        painter: QPainter,
        square: QRectF,
        down: tuple[Sliding, int],
        over: tuple[Sliding, int],
    ) -> None:
        colors = self._theme.colors
        is_it = all(axis.place == cell for axis, cell in (down, over))
        painter.setPen(QPen(QColor(colors.accent if is_it else colors.border), 1))
        painter.setBrush(QColor(colors.accent if is_it else colors.hover))
        painter.drawRect(square)

    def _paint_window(self, painter: QPainter, grid: QRectF, cell: float) -> None:
        """The frame of the window, and dashed where the one in front of it stands."""
        assert self._geometry
        rows, columns = self._geometry.rows, self._geometry.columns
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for back, style in ((1, Qt.PenStyle.DashLine), (0, Qt.PenStyle.SolidLine)):
            if back > columns.place:
                continue
            corner = QPointF((columns.place - back) * columns.stride, rows.place * rows.stride)
            size = QPointF(columns.reach, rows.reach) * cell
            window = QRectF(grid.topLeft() + corner * cell, grid.topLeft() + corner * cell + size)
            painter.setPen(QPen(QColor(self._theme.colors.accent), 1.6, style))
            painter.drawRect(window.intersected(grid))

    def _paint_texts(self, painter: QPainter, grid: QRectF, is_fine: bool, title: str) -> None:
        assert self._geometry
        axes = self._geometry.axes
        sizes = tuple(axis.fine if is_fine else axis.coarse for axis in axes)
        cut = any(
            (axis.shown < axis.padded) if is_fine else (axis.coarse_shown < axis.coarse)
            for axis in axes
        )
        painter.setFont(small(self.font()))
        painter.setPen(QColor(self._theme.colors.muted))
        metrics = painter.fontMetrics()
        size = shape_text(sizes) + (" …" if cut else "")
        for text, top in ((title, grid.top() - CAPTION), (size, grid.bottom() + 1)):
            wide = metrics.horizontalAdvance(text)
            x = min(max(grid.center().x() - wide / 2, 0.0), max(0.0, self.width() - wide))
            painter.drawText(QPointF(x, top + CAPTION - 5), text)

    def _paint_way(self, painter: QPainter, first: QRectF, second: QRectF) -> None:
        painter.setPen(QPen(QColor(self._theme.colors.muted), 1.3))
        y = first.center().y()
        start, tip = QPointF(first.right() + 8, y), QPointF(second.left() - 8, y)
        painter.drawLine(start, tip)
        for wing in (-3.5, 3.5):
            painter.drawLine(tip, tip + QPointF(-4.5, wing))
