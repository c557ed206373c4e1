"""Offers to mend a fault in words, and the menu that lists them."""

from collections.abc import Callable, Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from workbench.core.layer import Fix, counted, shape_text
from workbench.core.repair import Offer
from workbench.ui.text import capital, tr


def fix_label(fix: Fix) -> str:
    """What a fix does, as a button, a menu and the undo list tell it."""
    return capital(tr(fix.label, **fix.values))


def outcome(offer: Offer) -> str:
    """What comes of an offer: `→ 64 × 7 × 7 · +1,290 parameters`."""
    told = f"→ {shape_text(offer.out_shape)} · {_change(offer.parameters)}"
    if offer.faults:
        left = counted(offer.faults, tr("problem"), tr("problems"))
        told += " · " + tr("leaves {problems}", problems=left)
    return told


def _change(parameters: int) -> str:
    if not parameters:
        return tr("no more parameters")
    told = counted(abs(parameters), tr("parameter"), tr("parameters"))
    return f"{'+' if parameters > 0 else '−'}{told}"


def offer_text(offer: Offer) -> str:
    """An offer with what comes of it, in one line."""
    return f"{fix_label(offer.fix)} {outcome(offer)}"


def add_offers(menu: QMenu, offers: Sequence[Offer], take: Callable[[int], object]) -> None:
    """List offers at the top of a menu; `take` gets the number of the chosen one."""
    first = menu.actions()[0] if menu.actions() else None
    for number, offer in enumerate(offers):
        # what stands behind a tab is set in the column of the shortcuts
        action = QAction(f"{fix_label(offer.fix)}\t{outcome(offer)}", menu)
        action.setObjectName(f"fix.{number}")
        action.setToolTip(offer_text(offer))
        action.triggered.connect(lambda _=False, number=number: take(number))
        menu.insertAction(first, action) if first else menu.addAction(action)
    if first and offers:
        menu.insertSeparator(first)
