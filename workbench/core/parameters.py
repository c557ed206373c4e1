"""The parameters of a class that several modules share: what differs between their calls."""

import re
from collections.abc import Sequence


class Parameters:
    """Collects the numbers in which the sources of `count` modules differ, one name for each."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._values: dict[tuple[str, ...], str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, in order."""
        return tuple(self._values.values())

    def calls(self) -> list[list[str]]:
        """The arguments that each module is made with."""
        return [[values[number] for values in self._values] for number in range(self._count)]

    def unified(self, sources: Sequence[str], positional: Sequence[str]) -> str:
        """One source for all: numbers that differ become parameters, named as the arguments
        are; `positional` names those without a keyword."""
        if len(set(sources)) == 1:
            return sources[0]
        parts = [re.split(r"(?<![\w.])(\d+)(?![\w.])", source) for source in sources]
        if len({tuple(each[::2]) for each in parts}) > 1:
            raise ValueError(f"calls of one class differ in more than numbers: {sources}")
        unified = ""
        for number, values in enumerate(zip(*parts, strict=True)):
            alike = number % 2 == 0 or len(set(values)) == 1
            unified += values[0] if alike else self._name(values, unified, positional)
        return unified

    def _name(self, values: tuple[str, ...], before: str, positional: Sequence[str]) -> str:
        if values not in self._values:
            keyword = re.search(r"(\w+)=[(\[\d, ]*$", before)
            place = before.count(",") - before.count(", *[")
            given = positional[place] if place < len(positional) else "size"
            self._values[values] = self._fresh(keyword[1] if keyword else given)
        return self._values[values]

    def _fresh(self, wanted: str) -> str:
        name, number = wanted, 2
        while name in self._values.values():
            name, number = f"{wanted}_{number}", number + 1
        return name
