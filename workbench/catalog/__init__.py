"""What can be chosen: importing this package puts every choice on its shelf."""

import importlib
import pkgutil


def _walk() -> None:
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)


_walk()
