"""Sequences as Python: what `Sequences.read` does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.catalog.datasets.image_source import (
    folders_by_split,
    given_by_folder,
    parted_by_folder,
    splits_constant,
)
from workbench.catalog.datasets.sequence_files import SUFFIXES, labels_file
from workbench.catalog.datasets.table_texts import FILLED, MISSING_CONSTANT, WITH_COMMA
from workbench.core.source import Source, literal

if TYPE_CHECKING:
    from workbench.catalog.datasets.sequences import Sequences

READ_SEQUENCE = '''
def read_sequence(path):
    """The steps of a sequence, gaps as before, padded in front with zeros to LENGTH."""
    with open(path, encoding={encoding}, newline="") as file:
        rows = [row for row in csv.reader(file{delimiter}, strict=True) if row]
{places}
    values = [[number(row[place]) for place in places] for row in rows]
    sequence = np.zeros((LENGTH, len(places)), dtype=np.float32)
    if values:
        values = np.nan_to_num(filled(np.array(values)))[-LENGTH:]
        sequence[LENGTH - len(values) :] = values
    return sequence
'''
BY_HEADER = """\
    names = [name.strip() for name in rows.pop(0)]
    places = [names.index(name) for name in COLUMNS]"""
UNIQUE = '''
def unique(given):
    """Names of columns, numbered where they repeat or lack."""
    found = {}
    for place, name in enumerate(given, 1):
        wanted = name[:200] or f"column {place}"
        numbered = (f"{wanted} ({number})" for number in range(2, len(given) + 2))
        found[next(free for free in (wanted, *numbered) if free not in found)] = None
    return list(found)
'''
MADE_NAME = re.compile(r"column \d+|.* \(\d+\)|.{200}", re.DOTALL)
"""What a name may be that the header of a file does not say."""
NUMBER = '''
def number(cell):
    """A cell as a number, NaN where there is none."""
    missing = MISSING.fullmatch(cell.strip())
    value = math.nan if missing else {read}
    return value if abs(value) <= 3e38 else math.nan
'''
READ_TARGETS = '''
def read_targets():
    """The target of each file by its name, as its table says."""
    with open(LABELS, encoding={encoding}, newline="") as file:
        rows = [row for row in csv.reader(file{delimiter}, strict=True) if row]{behind}
    return {{Path(row[0].strip()).name: row[{place}].strip() for row in rows}}
'''


def sequence_source(data: "Sequences") -> Source:
    """The lines, and what they use."""
    return Source(
        tuple(_lines(data)),
        (
            "import csv",
            "import math",
            "from pathlib import Path",
            "import numpy as np",
            "import re",
        ),
        functions=tuple(_functions(data)),
        constants=tuple(_constants(data)),
        given=given_by_folder(data.facts.counts),
    )


def _constants(data: "Sequences") -> Iterator[str]:
    facts, root = data.facts, Path(data.path)
    info = data.source_info()
    yield f"DATA = Path({literal(data.path)})"
    if facts.labels:
        yield f"LABELS = DATA / {literal((labels_file(root) or root / 'labels.csv').name)}"
    elif folders := folders_by_split(root):
        yield splits_constant(folders)
    yield f"SUFFIXES = {literal(SUFFIXES)}"
    yield f"COLUMNS = {literal(list(info.features))}"
    yield f"LENGTH = {info.shape[0]}"
    if info.classes:
        numbers = data.predicted.holds == "number"
        told = f"[{', '.join(info.classes)}]" if numbers else literal(list(info.classes))
        yield f"CLASSES = {told}"
    yield MISSING_CONSTANT


def _functions(data: "Sequences") -> Iterator[str]:
    dialect, table = data.facts.dialect, data.facts.labels
    comma = dialect.decimal == ","
    if comma or _told_with_comma(data):
        yield WITH_COMMA
    yield NUMBER.format(read="with_comma(cell.strip())" if comma else "float(cell)")
    yield FILLED
    places = BY_HEADER
    if dialect.header and any(map(MADE_NAME.fullmatch, data.source_info().features)):
        yield UNIQUE
        places = BY_HEADER.replace(
            "[name.strip() for name in rows.pop(0)]",
            "unique([name.strip() for name in rows.pop(0)])",
        )
    if not dialect.header:  # then they are called column 1, column 2
        numbers = [int(name.rpartition(" ")[2]) - 1 for name in data.source_info().features]
        places = f"    places = {numbers}"
    yield READ_SEQUENCE.format(
        encoding=literal(dialect.encoding), delimiter=_sign(dialect.delimiter), places=places
    )
    if table and table.dialect:
        yield READ_TARGETS.format(
            encoding=literal(table.dialect.encoding),
            delimiter=_sign(table.dialect.delimiter),
            behind="[1:]" if table.dialect.header else "",
            place=table.place(data.predicted.name),
        )


def _told_with_comma(data: "Sequences") -> bool:
    """Whether targets are numbers with a decimal comma."""
    labels = data.facts.labels
    comma = bool(labels and labels.dialect and labels.dialect.decimal == ",")
    return comma and data.predicted.holds == "number"


def _sign(delimiter: str) -> str:
    return "" if delimiter == "," else f", delimiter={literal(delimiter)}"


def _lines(data: "Sequences") -> Iterator[str]:
    facts, info = data.facts, data.source_info()
    read = "with_comma" if _told_with_comma(data) else "float"
    folders = folders_by_split(Path(data.path)) if facts.labels is None else {}
    pattern = "[!.]*" if facts.labels else "[!.]*/[!.]*/[!.]*" if folders else "[!.]*/[!.]*"
    yield f'paths = sorted(DATA.glob("{pattern}"))'
    beside = " and path != LABELS" if facts.labels else ""
    yield f"files = [path for path in paths if path.suffix.lower() in SUFFIXES{beside}]"
    if folders:
        yield "files = [path for path in files if path.parts[-3] in SPLITS]"
    yield "inputs = np.stack([read_sequence(path) for path in files])"
    if facts.labels:
        yield "told = read_targets()"
        yield "told = [told.get(path.name) or told[path.stem] for path in files]"
    else:
        yield "told = [path.parts[-2] for path in files]"
    if not info.classes:
        yield f"targets = np.array([{read}(value) for value in told], dtype=np.float32)"
    elif data.predicted.holds == "number":
        yield f"targets = [CLASSES.index({read}(value)) for value in told]"
        yield "targets = np.array(targets, dtype=np.int64)"
    else:
        yield "targets = np.array([CLASSES.index(value) for value in told], dtype=np.int64)"
    if folders:
        yield "parts = np.array([SPLITS[path.parts[-3]] for path in files])"
        yield from parted_by_folder(facts.counts)
