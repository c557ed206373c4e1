"""Parquet tables as columns of text, through pyarrow where it is installed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.catalog.datasets.text_table import (
    CHUNK_BYTES,
    CHUNK_CELLS,
    CHUNK_ROWS,
    Chunk,
    check_width,
    unique_names,
)
from workbench.core.errors import UserError

if TYPE_CHECKING:
    from pyarrow import Array, DataType
    from pyarrow.parquet import ParquetFile

MARK = b"PAR1"


def is_parquet(path: Path) -> bool:
    """Whether the file begins as Parquet does."""
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK


def parquet_names(path: Path) -> list[str]:
    """The names of the columns.

    Raises:
        UserError: pyarrow is not installed, or the file is damaged.
    """
    with _opened(path) as table:
        names = list(table.schema_arrow.names)
    check_width(path, names)
    return unique_names(names)


def parquet_chunks(path: Path) -> Iterator[Chunk]:
    """All rows, some thousand at a time.

    Raises:
        UserError: see `parquet_names`.
    """
    size, done = path.stat().st_size, 0
    with _opened(path) as table:
        words = [field.name for field in table.schema_arrow if _is_words(field.type)]
    with _opened(path, words) as table:
        total = max(table.metadata.num_rows, 1)
        for batch in table.iter_batches(batch_size=_rows_at_once(table)):
            for columns in _pieces([_texts(column) for column in batch.columns]):
                done += len(columns[0])
                yield Chunk(columns, size * done // total)


def _pieces(columns: Sequence[Sequence[str]]) -> Iterator[Sequence[Sequence[str]]]:
    """Columns cut into runs of rows with about `CHUNK_BYTES` of text: a file holds a text once,
    however many rows say it."""
    rows = len(columns[0]) if columns else 0
    cells = max(1, sum(len(cell) for column in columns for cell in column))
    most = max(1, rows * CHUNK_BYTES // max(CHUNK_BYTES, cells))
    for start in range(0, rows, most):
        yield [column[start : start + most] for column in columns]


def _rows_at_once(table: "ParquetFile") -> int:
    """So many that neither their cells nor their bytes fill the memory: a cell takes some sixty
    bytes as text, beside what the file says of its row groups."""
    groups = [table.metadata.row_group(place) for place in range(table.metadata.num_row_groups)]
    widest: int = max(
        (group.total_byte_size // max(1, group.num_rows) for group in groups), default=0
    )
    cells: int = CHUNK_CELLS // max(1, table.metadata.num_columns)
    return max(1, min(CHUNK_ROWS, cells, CHUNK_BYTES // max(1, widest)))


def _is_words(kind: "DataType") -> bool:
    import pyarrow as pa

    return any(
        (
            pa.types.is_string(kind),
            pa.types.is_large_string(kind),
            pa.types.is_binary(kind),
            pa.types.is_large_binary(kind),
        )
    )


@contextmanager
def _opened(path: Path, words: Sequence[str] = ()) -> "Iterator[ParquetFile]":
    """The file; of the columns `words` each text is held once, as the file does."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise UserError(
            "{path} is a Parquet table, which pyarrow reads: install it by `pip install pyarrow`, "
            "or save the table as CSV.",
            path=path,
        ) from error
    try:
        with ParquetFile(path, read_dictionary=list(words)) as table:
            yield table
    except (pyarrow.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:  # the disk's own, told by the caller
            raise
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise UserError(
            "{path} is a damaged Parquet table: {reason}. Save it again.", path=path, reason=reason
        ) from error


def _texts(column: "Array") -> list[str]:
    """Cells as a CSV file would hold them; what is no plain value, as the name of its type."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        told = [*_texts(column.dictionary), ""]  # cells that say the same share one text
        return [told[place] for place in column.indices.fill_null(len(told) - 1).to_pylist()]
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [f"({kind})"] * len(column)
    texts: list[str] = column.cast(pa.string()).fill_null("").to_pylist()
    return texts
