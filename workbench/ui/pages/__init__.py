"""Other views of the network, beside its cards: one file each, `<name>.py` with `<Name>Page`."""

from importlib import import_module

from workbench.ui.page import Page
from workbench.ui.session import Session
from workbench.ui.stack import Stack

PAGES = ("diagram", "code", "summary", "checks")
"""In the order of the tabs; each is imported when it is first looked at."""


def make_page(name: str, session: Session, stack: Stack) -> Page:
    """The page of this name."""
    kind = getattr(import_module(f"{__name__}.{name}"), f"{name.capitalize()}Page")
    made: Page = kind(session, stack)
    return made
