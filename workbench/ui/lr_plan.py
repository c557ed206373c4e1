"""How lr will move over the run, drawn before it starts."""

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.core.events import Event
from workbench.core.shown import LrPlanned
from workbench.core.train import NoScheduler, TrainConfig
from workbench.ui.asking import Asking
from workbench.ui.card_text import put, small
from workbench.ui.naming import named
from workbench.ui.session import Session
from workbench.ui.text import tr

HIGH, LINE = 112, 15
Wanted = tuple[TrainConfig, int]


class LrPlan(QWidget):
    """Draws lr over the epochs of the open project's recipe; hidden where lr stays as it is.

    The engine tells it, by the schedule of a real run: asked when it has nothing else to do, since
    a second engine process would take seconds to start.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        named(self, "training.lr_plan")
        self._session = session
        self._asking = Asking(session, self._take, self)
        self._asked: Wanted | None = None
        self.plan: LrPlanned | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        session.document.changed.connect(self.refresh)
        session.all_ended.connect(self.refresh)
        session.theme.changed.connect(self.update)
        self._asking.changed.connect(self._tell)
        self.refresh()

    def sizeHint(self) -> QSize:
        return QSize(240, HIGH)

    def refresh(self) -> None:
        """Ask anew if the recipe is another one."""
        train = self._session.document.project.train
        moves = not isinstance(train.scheduler, NoScheduler) or train.warmup_steps > 0
        self.setVisible(moves)
        wanted = train, self._session.document.project.data.info().sizes["train"]
        if not moves or wanted == self._asked or self._session.busy or self._session.ending:
            return
        self._asked = wanted
        self._asking.ask("lr_plan.plan", *wanted)

    def _take(self, event: Event) -> None:
        if isinstance(event, LrPlanned):
            self.plan = event

    def _tell(self) -> None:
        if self._asking.fault:
            self.plan = None
        self.setAccessibleName(self._words())
        self.setToolTip(self._words())
        self.update()

    def _words(self) -> str:
        plan = self.plan
        if plan is None:
            return self._asking.fault or tr("lr over the run")
        lrs = plan.lrs
        told = tr(
            "lr over the run: it starts at {start:.3g}, is {high:.3g} at the most, and ends at "
            "{end:.3g}.",
            start=lrs[0],
            high=max(lrs),
            end=lrs[-1],
        )
        scheduler = self._session.document.project.train.scheduler
        return told + " " + tr("It falls when the loss stalls.") if scheduler.needs_loss else told

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colors = self._session.theme.colors
        muted, font = QColor(colors.muted), small(self.font())
        top = QRect(0, 0, self.width(), LINE)
        if self.plan is None:
            put(painter, top, self._words() if self._asking.fault else "", font, muted)
            return
        room = QRectF(1, LINE + 3, self.width() - 8, self.height() - 2 * LINE - 6)
        put(painter, top, f"lr {max(self.plan.lrs):.3g}", font, muted)
        painter.setPen(QPen(QColor(colors.border), 1))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colors.train), 1.5))
        painter.drawPolyline(self._line(self.plan, room))
        below = QRect(0, self.height() - LINE, self.width() - 8, LINE)
        put(painter, below, "0", font, muted)
        told = tr("{count} epochs", count=self.plan.total)
        put(painter, below, told, font, muted, Qt.AlignmentFlag.AlignRight)

    @staticmethod
    def _line(plan: LrPlanned, room: QRectF) -> QPolygonF:
        """lr as a line of stairs: it holds until the next step that changes it."""
        high = max(plan.lrs) or 1.0
        points = []
        ends = (*plan.epochs[1:], plan.total)
        for start, end, lr in zip(plan.epochs, ends, plan.lrs, strict=True):
            y = room.bottom() - lr / high * room.height()
            points += [
                QPointF(room.left() + place / plan.total * room.width(), y)
                for place in (start, end)
            ]
        return QPolygonF(points)
