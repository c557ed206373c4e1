"""Tables as text: their encoding and delimiter are found, and their rows read with bounds."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from workbench.catalog.datasets.header_row import WishedHeader, is_header, is_number
from workbench.core.errors import UserError
from workbench.core.file_source import changed
from workbench.core.spec import Spec

DELIMITERS = ",;\t|"
SAMPLE_BYTES = 1 << 18
BLOCK = 1 << 20
# What is held as text in one go; a cell takes some sixty bytes beside its characters.
CHUNK_ROWS, CHUNK_CELLS, CHUNK_BYTES = 8192, 1 << 18, 1 << 24
# No machine-made table has more; what has, is no table, and would fill the memory by one line.
LONGEST_LINE = 1 << 24
MOST_COLUMNS = 10_000
FLOAT = re.compile(r"[+-]?\d*([.,])\d+([eE][+-]?\d+)?")
# Else a quotation mark without an end swallows the rows behind it.
STRICT = True
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Dialect(Spec):
    """How the text of a table is to be read."""

    encoding: Annotated[str, Field(strict=True, max_length=40)]
    delimiter: Annotated[str, Field(strict=True, min_length=1, max_length=1)]
    decimal: Literal[".", ","] = "."
    header: bool = True
    longest: Annotated[int, Field(strict=True, ge=0)] = 0
    """Bytes of the longest line."""


class Chunk(NamedTuple):
    """Some rows of a table as columns of text, and how many bytes were read so far."""

    columns: Sequence[Sequence[str]]
    done: int


def dialect_of(path: Path, header: WishedHeader = "auto") -> Dialect:
    """How the file is written, by its bytes and the shape of its first rows.

    Raises:
        UserError: it is empty, or no text.
    """
    encoding = encoding_of(path)
    lines = _sampled(path, encoding)
    if not any(line.strip() for line in lines):
        raise _empty(path)
    delimiter = max(DELIMITERS, key=lambda sign: _evenness(lines, sign))
    rows = [row for row in _parsed(lines, delimiter) if any(row)]
    return Dialect(
        encoding=encoding,
        delimiter=delimiter,
        decimal=_decimal(rows, delimiter),
        header=is_header(rows) if header == "auto" else header == "yes",
        longest=longest_line(path),
    )


def _empty(path: Path) -> UserError:
    return UserError("{path} is empty: there are no rows to train on.", path=path)


def encoding_of(path: Path) -> str:
    """UTF-8 or UTF-16 by its mark, UTF-8 where all bytes are such, else cp1252 as of Excel."""
    with path.open("rb") as file:
        start = file.read(4)
        mark = next((name for bom, name in MARKS.items() if start.startswith(bom)), "")
        file.seek(0)
        decoder = codecs.getincrementaldecoder(mark or "utf-8")()
        try:
            while block := file.read(BLOCK):
                if b"\0" in block and mark != "utf-16":
                    raise UserError(
                        "{path} is no text: it holds zero bytes. Save it as CSV in UTF-8.",
                        path=path,
                    )
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            if mark:
                raise _wrong_encoding(path, mark) from error
            return "cp1252"
    return mark or "utf-8"


def longest_line(path: Path) -> int:
    """In bytes, at least; a file without any line break must not fill the memory.

    Raises:
        UserError: it is longer than that of any table.
    """
    longest = current = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            *whole, rest = block.replace(b"\r", b"\n").split(b"\n")
            if whole:
                longest = max(longest, current + len(whole[0]), *map(len, whole))
                current = 0
            current += len(rest)
            if max(longest, current) > LONGEST_LINE:
                raise UserError(
                    "{path} has a line of more than {most} bytes: that is no table.",
                    path=path,
                    most=f"{LONGEST_LINE:,}",
                )
    return max(longest, current)


def _wrong_encoding(path: Path, encoding: str) -> UserError:
    return UserError(
        "{path} is no text in {encoding}: some of its bytes mean nothing there. Save it as UTF-8.",
        path=path,
        encoding=encoding,
    )


def _sampled(path: Path, encoding: str) -> list[str]:
    """The first whole lines."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(sample)
    lines = text.splitlines(keepends=True)
    return lines[:-1] if len(sample) == SAMPLE_BYTES and len(lines) > 1 else lines


def _parsed(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """The first rows, as far as they can be parsed: the reader of all rows tells the fault."""
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(islice(csv.reader(lines, delimiter=delimiter), 1000))
    return rows


def _evenness(lines: Sequence[str], delimiter: str) -> tuple[float, float, int]:
    """How well a delimiter parts the lines: the share of rows with the most frequent number of
    cells, where that is more than one; then the share of numbers among cells, since a decimal
    comma parts as evenly as a delimiter; then that number of cells."""
    rows = [row for row in _parsed(lines, delimiter) if row]
    width, times = next(iter(Counter(map(len, rows)).most_common(1)), (0, 0))
    if width < 2:
        return (0.0, 0.0, 0)
    cells = [cell for row in rows for cell in row]
    return (times / len(rows), sum(map(is_number, cells)) / len(cells), width)


def _decimal(rows: Sequence[Sequence[str]], delimiter: str) -> Literal[".", ","]:
    """The sign that more numbers are written with; a comma can't be both sign and delimiter."""
    signs = _signs(rows)
    return "," if delimiter != "," and signs[","] > signs["."] else "."


def _signs(rows: Sequence[Sequence[str]]) -> Counter[str]:
    """How many numbers are written with a point, and how many with a comma."""
    found = [FLOAT.fullmatch(cell.strip()) for row in rows for cell in row]
    return Counter(match[1] for match in found if match)


def first_signs(path: Path, dialect: Dialect) -> Counter[str]:
    """How many numbers of the first rows have a decimal point, and how many a comma."""
    return _signs(_parsed(_sampled(path, dialect.encoding), dialect.delimiter))


def header_of(path: Path, dialect: Dialect) -> list[str]:
    """The names of the columns: never empty, never twice the same.

    Raises:
        UserError: there are too many columns, or the file can't be read.
    """
    first = next(_rows(path, dialect), [])
    if not first:
        raise _empty(path)
    check_width(path, first)
    return unique_names([cell.strip() if dialect.header else "" for cell in first])


def check_width(path: Path, names: Sequence[str]) -> None:
    """Refuse what has more columns than any table of people's.

    Raises:
        UserError: there are more than `MOST_COLUMNS`.
    """
    if len(names) > MOST_COLUMNS:
        raise UserError(
            "{path} has {count} columns; more than {most} can't be opened.",
            path=path,
            count=f"{len(names):,}",
            most=f"{MOST_COLUMNS:,}",
        )


def unique_names(given: Sequence[str]) -> list[str]:
    """Names of columns: short, never empty and never twice the same."""
    unique: dict[str, None] = {}
    for place, name in enumerate(given, 1):
        wanted = name[:200] or f"column {place}"
        numbered = (f"{wanted} ({number})" for number in range(2, len(given) + 2))
        unique[next(free for free in (wanted, *numbered) if free not in unique)] = None
    return list(unique)


def chunks(path: Path, dialect: Dialect, width: int) -> Iterator[Chunk]:
    """All rows behind the header, some thousand at a time, each with `width` cells.

    Raises:
        UserError: a row has more or fewer cells, or can't be read; the sentence has its line.
    """
    most = max(1, min(CHUNK_ROWS, CHUNK_CELLS // width, CHUNK_BYTES // max(1, dialect.longest)))
    with path.open("rb") as raw, TextIOWrapper(raw, dialect.encoding, newline="") as text:
        reader = csv.reader(text, delimiter=dialect.delimiter, strict=STRICT)
        rows = islice(filter(None, reader), int(dialect.header), None)
        try:
            while held := _taken(rows, most):
                if set(map(len, held)) != {width}:
                    raise _fault(path, dialect, width)
                yield Chunk(list(zip(*held, strict=True)), raw.tell())
        except (UnicodeDecodeError, csv.Error) as error:
            raise _fault(path, dialect, width) from error


def _taken(rows: Iterator[list[str]], most: int) -> list[list[str]]:
    """The next rows: `most`, or as many as hold `CHUNK_BYTES` of text; a quoted cell with line
    breaks is longer than any line."""
    held: list[list[str]] = []
    size = 0
    for row in islice(rows, most):
        held.append(row)
        size += sum(map(len, row))
        if size >= CHUNK_BYTES:
            break
    return held


def _fault(path: Path, dialect: Dialect, width: int) -> UserError:
    """What is wrong with a table that could not be read: row by row, which is slower."""
    try:
        for _ in _rows(path, dialect, width):
            pass
    except UserError as error:
        return error
    return changed(path)


def _rows(path: Path, dialect: Dialect, width: int = 0) -> Iterator[list[str]]:
    """Each row that is not blank.

    Raises:
        UserError: a row has not `width` cells, or can't be read; the sentence has its line.
    """
    with path.open("rb") as raw, TextIOWrapper(raw, dialect.encoding, newline="") as text:
        reader = csv.reader(text, delimiter=dialect.delimiter, strict=STRICT)
        start = 1
        try:
            for row in reader:
                if row and width and len(row) != width:
                    raise _ragged(path, start, len(row), width)
                start = reader.line_num + 1
                if row:
                    yield row
        except UnicodeDecodeError as error:
            raise _wrong_encoding(path, dialect.encoding) from error
        except csv.Error as error:
            raise UserError(
                "{path}, line {line}: {reason}. A quotation mark may lack its end; mend the row.",
                path=path,
                line=start,
                reason=error,
            ) from error


def _ragged(path: Path, line: int, cells: int, width: int) -> UserError:
    return UserError(
        "{path}, line {line} has {cells} cells where the first row has {width}. Mend the row, or "
        "put cells that hold the delimiter into quotation marks.",
        path=path,
        line=line,
        cells=cells,
        width=width,
    )
