"""Names as people type them: any case, with or without `_`, `-` and spaces."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from workbench.core.errors import UserError

T = TypeVar("T")


def named(wanted: str, known: Mapping[str, T], lacking: str) -> T:
    """What is known by that name; `lacking` begins the complaint: `There is no template`.

    Raises:
        UserError: there is none; the sentence has the closest name and all names.
    """
    by_plain = {_plain(name): name for name in known}
    if wanted in known:
        return known[wanted]
    if _plain(wanted) in by_plain:
        return known[by_plain[_plain(wanted)]]
    close = get_close_matches(_plain(wanted), by_plain, n=1, cutoff=0.5)
    guess = f" (did you mean {by_plain[close[0]]}?)" if close else ""
    raise UserError(
        "{lacking} {wanted!r}{guess}; known are {known}.",
        lacking=lacking,
        wanted=wanted,
        guess=guess,
        known=", ".join(known),
    )


def known(wanted: str, among: Mapping[str, object]) -> bool:
    """Whether something has that name."""
    return _plain(wanted) in map(_plain, among)


def _plain(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "").replace(" ", "")
