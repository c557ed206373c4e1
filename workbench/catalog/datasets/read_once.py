"""What was read last of files that take long to parse: another split does not read it again."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.core.events import Progress

R = TypeVar("R", bound="tuple[NDArray[Any], ...]")

KEPT_BYTES = 256 << 20
"""What is larger is read again: it would lie in memory beside the samples made of it."""
_kept: list[tuple[object, Any]] = []


def read_once(
    asked: object, reading: "Generator[Progress, None, R]"
) -> "Generator[Progress, None, R]":
    """The arrays that `reading` gives, or gave the last time, if it was `asked` for the same: that
    says the files, with their facts, and what of them. Nobody may write to them."""
    if not _kept or _kept[0][0] != asked:
        forget_read()
        arrays = yield from reading
        for array in arrays:
            array.flags.writeable = False
        if sum(array.nbytes for array in arrays) > KEPT_BYTES:
            return arrays
        _kept[:] = [(asked, arrays)]
    kept: R = _kept[0][1]
    return kept


def forget_read() -> None:
    """Let it go, so that files are read again."""
    _kept.clear()
