"""Sequences in a folder: a text table each, with a row for each step of time."""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from workbench.catalog.datasets.columns import numbers
from workbench.catalog.datasets.splitting import SPLIT_WORDS
from workbench.catalog.datasets.table_facts import TableFacts, table_chunks
from workbench.catalog.datasets.text_table import (
    BLOCK,
    Dialect,
    encoding_of,
    first_signs,
    header_of,
    longest_line,
)
from workbench.core.data import Split
from workbench.core.errors import UserError

SUFFIXES = (".csv", ".tsv", ".tab")
LABELS = ("labels", "targets", "classes", "metadata")
"""Names of the table in the folder that says the target of each file."""


class SequenceFile(NamedTuple):
    """A file, the class that its folder says (empty if none), and its split if one is said."""

    path: Path
    label: str
    split: Split


def labels_file(folder: Path) -> Path | None:
    """The table in the folder that says the targets, if there is one."""
    named = (folder / f"{stem}{suffix}" for stem in LABELS for suffix in SUFFIXES)
    return next((path for path in named if path.is_file()), None)


def sequence_files(folder: Path) -> Iterator[SequenceFile]:
    """All sequences in the order of their names: beside a table of targets, or in a folder for
    each class, which may lie in folders for the splits.

    Raises:
        OSError: a folder can't be read.
    """
    labels = labels_file(folder)
    if labels:
        yield from (SequenceFile(path, "", "train") for path in _tables(folder) if path != labels)
        return
    folders = _folders(folder)
    splits = [path for path in folders if path.name.lower() in SPLIT_WORDS]
    if not any(SPLIT_WORDS[path.name.lower()] == "train" for path in splits):
        splits = []
    for split in splits or [folder]:
        called = SPLIT_WORDS[split.name.lower()] if splits else "train"
        for inner in _folders(split):
            yield from (SequenceFile(path, inner.name, called) for path in _tables(inner))


def _tables(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )


def _folders(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )


def longest_line_of(path: Path, dialect: Dialect) -> int:
    """Bytes of the longest line of a file that is read by the dialect of the first.

    Raises:
        UserError: it is no text, or in another encoding.
    """
    encoding = encoding_of(path)
    alike = encoding == dialect.encoding or (encoding, dialect.encoding) == ("utf-8", "utf-8-sig")
    if not alike and (dialect.encoding == "utf-16" or not _is_ascii(path)):
        raise UserError(
            "{path} is text in {encoding}, and the first sequence is in {first}. Save all of them "
            "in the same.",
            path=path,
            encoding=encoding,
            first=dialect.encoding,
        )
    return longest_line(path)


def check_decimal(path: Path, dialect: Dialect) -> None:
    """See that a file writes its numbers as the first one, whose dialect reads it: with a decimal
    comma `1.234` is more than a thousand.

    Raises:
        UserError: more of them have the other sign.
    """
    if dialect.delimiter == ",":  # then no number has a comma
        return
    signs = first_signs(path, dialect)
    other = "," if dialect.decimal == "." else "."
    if signs[other] > signs[dialect.decimal]:
        words = {".": "points", ",": "commas"}
        raise UserError(
            "{path} is written with decimal {other}, and the first sequence with decimal {own}. "
            "Save all of them alike.",
            path=path,
            other=words[other],
            own=words[dialect.decimal],
        )


def _is_ascii(path: Path) -> bool:
    with path.open("rb") as file:
        return all(block.isascii() for block in iter(partial(file.read, BLOCK), b""))


def read_sequence(path: Path, dialect: Dialect, columns: Sequence[str]) -> list[list[float]]:
    """The values of each of the columns, missing ones as NaN.

    Raises:
        UserError: a column is not there or holds words, or the file is damaged.
    """
    names = header_of(path, dialect)
    lacking = [column for column in columns if column not in names]
    if lacking:
        raise UserError(
            "{path} has no column {column!r}, which the first sequence has; all need the same.",
            path=path,
            column=lacking[0],
        )
    places = [names.index(column) for column in columns]
    read: list[list[float]] = [[] for _ in columns]
    for chunk in table_chunks(path, dialect, len(names)):
        for values, column, place in zip(read, columns, places, strict=True):
            try:
                found = numbers(chunk.columns[place], dialect.decimal)
            except ValueError as error:
                raise UserError(
                    "{path} has words in the column {column!r}, which holds numbers in the first "
                    "sequence.",
                    path=path,
                    column=column,
                ) from error
            values.extend(value if math.isfinite(value) else math.nan for value in found.tolist())
    return read


def targets_by_file(labels: Path, facts: TableFacts, target: str) -> dict[str, str]:
    """What the table of targets says of each file; the file is named in its first column.

    Raises:
        UserError: the table is damaged.
    """
    place = facts.place(target)
    found: dict[str, str] = {}
    for chunk in table_chunks(labels, facts.dialect, len(facts.columns)):
        pairs = zip(chunk.columns[0], chunk.columns[place], strict=True)
        found.update((Path(name.strip()).name, cell.strip()) for name, cell in pairs)
    return found
