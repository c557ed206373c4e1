"""What can be chosen: importing this package lets every shelf find all that belongs on it."""

import importlib
import pkgutil

from workbench.core.shelf import fetch_when_asked


def _walk() -> None:
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)


fetch_when_asked(_walk)
