"""Real files of every format that sources read, written by their own means or byte by byte."""

import csv
import gzip
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from workbench.core.events import DatasetRecognized, Progress
from workbench.core.file_source import FileSource
from workbench.engine.sources import recognize

IDX = {"u1": 8, "i1": 9, "i2": 0xB, "i4": 0xC, "f4": 0xD, "f8": 0xE}


def opened(path: Path, kind: str = "", **options: Any) -> FileSource:
    """What a path is recognized as."""
    *before, last = recognize(path, kind, **options)
    assert isinstance(last, DatasetRecognized)
    assert isinstance(last.data, FileSource)
    assert all(isinstance(event, Progress) for event in before)
    return last.data


def table(
    path: Path,
    columns: dict[str, Iterable[Any]],
    delimiter: str = ",",
    encoding: str = "utf-8",
    header: bool = True,
) -> Path:
    rows = list(zip(*columns.values(), strict=True))
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([list(columns), *rows] if header else rows)
    return path


def parquet_table(path: Path, columns: dict[str, Sequence[Any]]) -> Path:
    parquet.write_table(pa.table(columns), path)
    return path


def idx(path: Path, array: np.ndarray) -> Path:
    """The format of MNIST's files; packed if the name ends in `.gz`."""
    array = np.asarray(array)
    array = array.astype(array.dtype.newbyteorder(">"))
    head = bytes([0, 0, IDX[array.dtype.str[1:]], array.ndim])
    content = head + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def images(count: int, *shape: int, seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return draw.integers(0, 256, (count, *shape), dtype=np.uint8)


def people(rows: int = 120, seed: int = 0) -> dict[str, list[Any]]:
    """Columns of every kind: a row number, names, numbers and categories with gaps, a class."""
    draw = np.random.default_rng(seed)
    age = draw.integers(1, 80, rows)
    port = draw.choice(["Cherbourg", "Queenstown", "Southampton"], rows)
    return {
        "id": list(range(1, rows + 1)),
        "name": [f"Doe, J. {number}" for number in range(rows)],
        "age": [("" if number % 7 == 3 else int(age[number])) for number in range(rows)],
        "sex": draw.choice(["female", "male"], rows).tolist(),
        "port": [("NA" if number % 11 == 5 else str(port[number])) for number in range(rows)],
        "fare": draw.uniform(5, 500, rows).round(2).tolist(),
        "survived": draw.integers(0, 2, rows).tolist(),
    }
