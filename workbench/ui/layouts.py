"""Where the docks stand: the three layouts of the View menu."""

import zlib
from collections.abc import Iterable
from itertools import pairwise

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QMainWindow

from workbench.ui.dock import Dock

ABOVE = ("data", "palette", "network", "layer", "training")
BELOW = ("loss", "accuracy", "predictions", "confusion")
SPACE = ("embedding", "boundary")
SHOWN = {
    "build": ABOVE,
    "train": (*ABOVE, *BELOW),
    "evaluate": ("runs", "loss", "accuracy", "predictions", "confusion"),
}
WIDTHS = {"data": 236, "palette": 164, "network": 520, "layer": 268}
BELOW_WIDTHS = {"loss": 290, "accuracy": 290, "predictions": 400, "confusion": 250}

ABOVE_SHARES = {"train": ("network", 0.63), "evaluate": ("runs", 0.54)}
"""Which panel stands above the curves, and how much of the height it takes."""


def version(docks: Iterable[str]) -> int:
    """What a kept layout is marked with: one that lacks a panel would leave it lying over others,
    so a layout of other panels is not taken."""
    return zlib.crc32(" ".join(docks).encode()) & 0x7FFFFFFF


def arrange(window: QMainWindow, docks: dict[str, Dock], layout: str) -> None:
    """Put every panel in its place, and show those of the layout."""
    for dock in docks.values():
        window.removeDockWidget(dock)
        dock.setFloating(False)
    orientation = Qt.Orientation.Horizontal
    for names, area in (
        (ABOVE[:4], Qt.DockWidgetArea.TopDockWidgetArea),
        (BELOW, Qt.DockWidgetArea.BottomDockWidgetArea),
    ):
        window.addDockWidget(area, docks[names[0]])
        for left, right in pairwise(names):
            window.splitDockWidget(docks[left], docks[right], orientation)
    window.tabifyDockWidget(docks["layer"], docks["training"])
    window.tabifyDockWidget(docks["network"], docks["runs"])
    for name in SPACE:
        window.tabifyDockWidget(docks["predictions"], docks[name])
    for name, dock in docks.items():
        dock.setVisible(name in SHOWN[layout])
    docks["layer"].raise_()
    docks["network"].raise_()
    # docks take their shares only once they stand, and the window has its size
    QTimer.singleShot(0, window, lambda: _share_out(window, docks, layout))


def _share_out(window: QMainWindow, docks: dict[str, Dock], layout: str) -> None:
    for widths in (WIDTHS, BELOW_WIDTHS):
        shown = {name: width for name, width in widths.items() if name in SHOWN[layout]}
        found = [docks[name] for name in shown]
        if found:
            window.resizeDocks(found, list(shown.values()), Qt.Orientation.Horizontal)
    if layout in ABOVE_SHARES:
        above, share = ABOVE_SHARES[layout]
        heights = [round(window.height() * part) for part in (share, 1 - share)]
        window.resizeDocks([docks[above], docks["loss"]], heights, Qt.Orientation.Vertical)
