"""`Source`: what a choice is as Python, and the files that this Python reads."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from workbench.core.data import Split


class Source(NamedTuple):
    """Statements without indentation, and what they need around them."""

    lines: tuple[str, ...]
    imports: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    """Files that are expected beside the program."""
    functions: tuple[str, ...] = ()
    """Texts of functions that the statements call, each behind those that it calls."""
    constants: tuple[str, ...] = ()
    """Assignments at the top of the program."""
    given: "tuple[Split, ...]" = ("train",)
    """Of data: the splits that the lines make. `inputs` and `targets` are those to train on, of
    which the others are taken; with all three given they are `train_inputs`, `train_targets`."""
    encoded: tuple[str, ...] = ()
    """Of data: statements behind the split, from values as they are read to what is learned."""


def prefix(split: "Split", given: "Sequence[Split]") -> str:
    """What the names of inputs and targets of a split begin with in the lines of a source."""
    return "" if split == "train" and len(given) < 3 else f"{split}_"


def import_block(imports: Iterable[str]) -> list[str]:
    """Import statements in the order of isort: the standard library first, `from` behind."""
    chosen = sorted(_joined(imports), key=lambda line: (line.startswith("from "), line.lower()))
    standard = [line for line in chosen if _package(line) in sys.stdlib_module_names]
    others = [line for line in chosen if line not in standard]
    return [*standard, *([""] if standard and others else []), *others]


def _package(line: str) -> str:
    return line.split()[1].partition(".")[0]


def _joined(imports: Iterable[str]) -> Iterator[str]:
    """Each statement once, those `from` the same module as one."""
    named: dict[str, set[str]] = {}
    for line in set(imports):
        start, separator, names = line.partition(" import ")
        if separator:
            named.setdefault(start, set()).update(names.split(", "))
        else:
            yield line
    for start, found in named.items():
        yield f"{start} import {', '.join(sorted(found))}"


def literal(value: object) -> str:
    """A value as Python, texts in double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        inner = ", ".join(map(literal, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
    return repr(value)


def beside(file: Path) -> str:
    """The path of a file beside the program, as Python."""
    return f"Path(__file__).with_name({literal(file.name)})"


def unique(texts: Iterable[str]) -> list[str]:
    """Each text once, where it comes first."""
    return list(dict.fromkeys(texts))
