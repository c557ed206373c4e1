"""Where the docks stand: the three layouts of the View menu."""

from itertools import pairwise

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QMainWindow

from workbench.ui.panel import Panel

ABOVE = ("data", "palette", "network", "layer", "training")
BELOW = ("loss", "accuracy", "predictions", "confusion")
SHOWN = {
    "build": ABOVE,
    "train": (*ABOVE, *BELOW),
    "evaluate": ("loss", "accuracy", "predictions", "confusion"),
}
WIDTHS = {"data": 236, "palette": 164, "network": 520, "layer": 268}
BELOW_WIDTHS = {"loss": 290, "accuracy": 290, "predictions": 400, "confusion": 250}


def arrange(window: QMainWindow, panels: dict[str, Panel], layout: str) -> None:
    """Put every panel in its place, and show those of the layout."""
    for panel in panels.values():
        window.removeDockWidget(panel)
        panel.setFloating(False)
    orientation = Qt.Orientation.Horizontal
    for names, area in (
        (ABOVE[:4], Qt.DockWidgetArea.TopDockWidgetArea),
        (BELOW, Qt.DockWidgetArea.BottomDockWidgetArea),
    ):
        window.addDockWidget(area, panels[names[0]])
        for left, right in pairwise(names):
            window.splitDockWidget(panels[left], panels[right], orientation)
    window.tabifyDockWidget(panels["layer"], panels["training"])
    for name, panel in panels.items():
        panel.setVisible(name in SHOWN[layout])
    panels["layer"].raise_()
    # docks take their shares only once they stand, and the window has its size
    QTimer.singleShot(0, window, lambda: _share_out(window, panels, layout))


def _share_out(window: QMainWindow, panels: dict[str, Panel], layout: str) -> None:
    for widths in (WIDTHS, BELOW_WIDTHS):
        shown = {name: width for name, width in widths.items() if name in SHOWN[layout]}
        docks = [panels[name] for name in shown]
        if docks:
            window.resizeDocks(docks, list(shown.values()), Qt.Orientation.Horizontal)
    if layout == "train":
        shares = [round(window.height() * share) for share in (0.6, 0.4)]
        docks = [panels["network"], panels["loss"]]
        window.resizeDocks(docks, shares, Qt.Orientation.Vertical)
