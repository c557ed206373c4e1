"""Raw samples out of files that a model is asked about: pictures, tables, sequences, arrays."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.catalog.datasets.columns import MISSING, listed, numbers
from workbench.catalog.datasets.header_row import WishedHeader
from workbench.catalog.datasets.image_decoding import Rule, Unreadable, pixels
from workbench.catalog.datasets.image_folder import ImageFolder
from workbench.catalog.datasets.parquet import is_parquet, parquet_names
from workbench.catalog.datasets.sequences import Sequences
from workbench.catalog.datasets.table import Table
from workbench.catalog.datasets.table_facts import table_chunks
from workbench.catalog.datasets.text_table import Dialect, dialect_of, header_of
from workbench.catalog.datasets.windows import filled_in_order
from workbench.core.data import DatasetInfo, DatasetSpec
from workbench.core.errors import UserError
from workbench.core.file_source import readable
from workbench.core.raw import Encoding, RawColumn

Values = NDArray[Any]


def read_inputs(path: Path, data: DatasetSpec, encoding: Encoding | None) -> Values:
    """The samples of a file as `data` has them before preparation, (n, *shape) or (n, columns).

    Raises:
        UserError: it can't be read, or its samples are not such as the model knows.
    """
    info = data.source_info()
    with readable(path):
        if path.suffix.lower() == ".npy":
            shape = (len(encoding.columns),) if encoding else info.shape
            return _array(path, shape, info)
        if info.is_image:
            return _picture(path, data, info)
        columns = encoding.columns if encoding else tuple(map(RawColumn, info.features))
        if not columns:
            raise UserError(
                "{path}: the columns of {data} have no names. Give it an array in .npy.",
                path=path,
                data=info.title,
            )
        rows = _rows(path, columns, data)
    return rows if len(info.shape) == 1 or encoding else _sequence(path, rows, data, info)


def _array(path: Path, shape: tuple[int, ...], info: DatasetInfo) -> Values:
    try:
        found = np.load(path, allow_pickle=False, mmap_mode="r")
    except (ValueError, EOFError) as error:
        raise UserError("{path} is no array that numpy.save wrote.", path=path) from error
    if found.shape == shape:
        found = found[None]
    if found.shape[1:] != shape or found.dtype.kind not in "uif":
        raise UserError(
            "{path} holds {dtype} of {came}; the model takes numbers of (n, {needed}).",
            path=path,
            dtype=found.dtype,
            came=found.shape,
            needed=", ".join(map(str, shape)),
        )
    as_bytes = info.is_image and found.dtype == np.uint8
    return np.array(found, dtype=np.uint8 if as_bytes else np.float32)


def _picture(path: Path, data: DatasetSpec, info: DatasetInfo) -> Values:
    channels, height, width = info.shape
    if channels not in (1, 3):
        raise UserError(
            "{path}: the model takes images of {channels} channels. Give them as an array in .npy.",
            path=path,
            channels=channels,
        )
    rule = Rule(channels, height, width, data.fit if isinstance(data, ImageFolder) else "crop")
    found = pixels(str(path), rule)
    if isinstance(found, Unreadable):
        raise UserError("{path} can't be read: {reason}.", path=path, reason=found.reason)
    if info.full_scale == 255.0:
        return found[None]
    scaled = found[None] * (info.full_scale / 255)
    return scaled.round().astype(np.uint8) if info.full_scale > 1.0 else scaled.astype(np.float32)


# -- tables


def _rows(path: Path, columns: Sequence[RawColumn], data: DatasetSpec) -> Values:
    """The columns of a table by their names, NaN where a value is missing."""
    dialect = None if is_parquet(path) else _dialect(path, data)
    names = header_of(path, dialect) if dialect else parquet_names(path)
    lacking = [column.name for column in columns if column.name not in names]
    if lacking:
        raise UserError(
            "{path} has no column {name!r}, which the model needs; it has {known}.",
            path=path,
            name=lacking[0],
            known=listed(names),
        )
    parts = [
        np.column_stack(
            [_parsed(path, chunk.columns[names.index(c.name)], c, dialect) for c in columns]
        )
        for chunk in table_chunks(path, dialect, len(names))
    ]
    if not parts:
        raise UserError("{path} has no rows.", path=path)
    rows = np.concatenate(parts).astype(np.float32)
    rows[~np.isfinite(rows)] = np.nan
    return rows


def _dialect(path: Path, data: DatasetSpec) -> Dialect:
    """How the file is written; few rows may not tell a decimal comma, so training's holds."""
    known = data.facts.dialect if isinstance(data, Table | Sequences) else None
    header: WishedHeader = "yes" if known is None or known.header else "no"
    found = dialect_of(path, header)
    return found.replace(decimal=known.decimal) if known else found


def _parsed(path: Path, cells: Sequence[str], column: RawColumn, dialect: Dialect | None) -> Values:
    if not column.values:
        try:
            return numbers(cells, dialect.decimal if dialect else ".")
        except ValueError as error:
            raise UserError(
                "{path} has words in the column {name!r}, which holds numbers.",
                path=path,
                name=column.name,
            ) from error
    codes = {**dict.fromkeys(MISSING, np.nan), **_places(column)}
    unknown = next((cell for cell in cells if cell.strip() not in codes), None)
    if unknown is not None:
        raise UserError(
            "{path} has {value!r} in the column {name!r}; the model knows {known}. Leave the cell "
            "empty if it is not known.",
            path=path,
            value=unknown[:80],
            name=column.name,
            known=listed(column.values),
        )
    return np.array([codes[cell.strip()] for cell in cells])


def _places(column: RawColumn) -> dict[str, float]:
    return {value: float(place) for place, value in enumerate(column.values)}


def _sequence(path: Path, rows: Values, data: DatasetSpec, info: DatasetInfo) -> Values:
    """The last steps of a table as one sample."""
    length = info.shape[0]
    if len(rows) < length and not isinstance(data, Sequences):
        raise UserError(
            "{path} has {count} rows; the model takes {length} that follow each other.",
            path=path,
            count=len(rows),
            length=length,
        )
    filled: Values = np.nan_to_num(filled_in_order(rows))[-length:]
    return np.pad(filled, ((length - len(filled), 0), (0, 0)))[None]
