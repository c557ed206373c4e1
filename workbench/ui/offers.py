"""Offers to mend a fault in words, and the menu that lists them."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from workbench.core.layer import Fix, counted, shape_text
from workbench.core.repair import Offer
from workbench.core.walk import Step
from workbench.ui.checks import Checks, finding_told, remedy_label
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
    # what stands behind a tab is set in the column of the shortcuts
    texts = [f"{fix_label(offer.fix)}\t{outcome(offer)}" for offer in offers]
    tips = list(map(offer_text, offers))
    _add(menu, texts, tips, [partial(take, number) for number in range(len(offers))])


def add_remedies(menu: QMenu, checks: Checks, step: Step) -> None:
    """List what mends the findings at a layer at the top of a menu."""
    ways = [(f, n) for f in checks.at(step) for n in range(len(f.remedies))]
    texts = [remedy_label(finding.remedies[number]) for finding, number in ways]
    tips = [finding_told(finding) for finding, _ in ways]
    _add(menu, texts, tips, [partial(checks.apply, *way) for way in ways])


def _add(
    menu: QMenu,
    texts: Sequence[str],
    tips: Sequence[str],
    acts: Sequence[Callable[[], object]],
) -> None:
    first = menu.actions()[0] if menu.actions() else None
    for text, tip, act in zip(texts, tips, acts, strict=True):
        action = QAction(text, menu)
        action.setObjectName("fix")
        action.setToolTip(tip)
        action.triggered.connect(lambda _=False, act=act: act())
        menu.insertAction(first, action) if first else menu.addAction(action)
    if first and texts:
        menu.insertSeparator(first)
