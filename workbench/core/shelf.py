"""`Shelf`: the classes that can be chosen from, by name, fetched only when they are asked for."""

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")

_to_fetch: list[Callable[[], None]] = []


def fetch_when_asked(fetch: Callable[[], None]) -> None:
    """Have `fetch`, which imports more choices, called once some shelf lacks what is asked for.

    So a window starts as fast with a catalogue of hundreds: it imports what its project names.
    """
    _to_fetch.append(fetch)


def _fetch() -> None:
    while _to_fetch:
        _to_fetch.pop()()


class Shelf(Mapping[str, type[K]], Generic[K]):
    """Classes by name. Looking through it fetches all of them first, in an order that does not
    depend on which was imported before: by module, then as they stand there."""

    def __init__(self) -> None:
        self._held: dict[str, type[K]] = {}

    def put(self, name: str, kind: type[K]) -> None:
        """Add a class."""
        self._held[name] = kind

    def __getitem__(self, name: str) -> type[K]:
        if name not in self._held:
            _fetch()
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        _fetch()
        return iter(sorted(self._held, key=lambda name: self._held[name].__module__))

    def __len__(self) -> int:
        _fetch()
        return len(self._held)
