"""`Source`: what a choice is as Python, and the files that this Python reads."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Source(NamedTuple):
    """Statements without indentation, the imports that they need, and the files that they expect
    beside the program."""

    lines: tuple[str, ...]
    imports: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()


STANDARD = ("random", "pathlib")


def import_block(imports: Iterable[str]) -> list[str]:
    """Import statements in the order of isort: the standard library first, `from` behind."""
    chosen = sorted(set(imports), key=lambda line: (line.startswith("from "), line))
    standard = [line for line in chosen if line.split()[1] in STANDARD]
    others = [line for line in chosen if line not in standard]
    return [*standard, *([""] if standard and others else []), *others]
