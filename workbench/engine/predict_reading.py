"""How an exported `predict.py` reads raw samples from files, as text."""

from collections.abc import Iterator

from workbench.catalog.datasets.image_folder import ImageFolder
from workbench.catalog.datasets.image_source import FITTED, PIXELS
from workbench.catalog.datasets.sequences import Sequences
from workbench.catalog.datasets.table import Table
from workbench.catalog.datasets.table_texts import (
    MISSING_CONSTANT,
    WITH_COMMA,
    encoded_text,
    numbers_text,
)
from workbench.catalog.datasets.text_table import Dialect
from workbench.core.data import DatasetSpec
from workbench.core.project import Project
from workbench.core.raw import Encoding
from workbench.core.source import Source, literal

READ_IMAGE = '''
def read(path):
    """The images (n, {shape}) in a file: a picture, or an array in .npy."""
    if path.suffix == ".npy":
        return np.load(path).reshape(-1, {shape})
    return {pixels}[None]
'''
READ_TABLE = '''
def read(path):
    """The rows of a table (n, columns), NaN where a value is missing."""
    with open(path, encoding="{encoding}", newline="") as file:
        rows = {rows}
    cells = [{cells} for name in COLUMNS]
    columns = {numbers}
    values = np.column_stack(columns).astype(np.float32)
    values[~np.isfinite(values)] = np.nan
    return values
'''
READ_VALUES = '''
def read(path):
    """The samples (n, {shape}) in a file: an array in .npy, or {csv}."""
    if path.suffix == ".npy":
        return np.load(path).astype(np.float32).reshape(-1, {shape})
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = {rows}
    values = np.array(rows, dtype=np.float32)
    return {values}
'''
LAST_STEPS = '''
def last_steps(values):
    """The last {length} rows of a sequence; zeros stand in front of a shorter one."""
    values = values[-{length}:]
    return np.pad(values, (({length} - len(values), 0), (0, 0)))
'''
READ_ARRAY = '''
def read(path):
    """The samples (n, {shape}) in an array in .npy."""
    return np.load(path).reshape(-1, {shape})
'''
ANY_TABLE = Dialect(encoding="utf-8", delimiter=",")
"""How a table is written where the training rows came from Parquet."""


def reading(project: Project, encoding: Encoding | None) -> Source:
    """The function `read(path)`, which gives raw samples as an array, with what it uses."""
    data = project.data
    if isinstance(data, Table) and encoding:
        return _of_table(data, encoding)
    info = data.source_info()
    if info.is_image and info.shape[0] in (1, 3) and 1.0 < info.full_scale <= 255.0:
        return _of_images(data)
    if len(info.shape) <= 2:
        return _of_values(data)
    return Source((), functions=(READ_ARRAY.format(shape=_listed(info.shape)),))


def _listed(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))


def _of_images(data: DatasetSpec) -> Source:
    """Pictures of any size as bytes of the shape and range that the network knows."""
    info = data.source_info()
    channels, height, width = info.shape
    found, scale = "pixels(path)", info.full_scale
    if scale != 255.0:
        found = f"(pixels(path) * ({scale:g} / 255)).round().astype(np.uint8)"
    fit = data.fit if isinstance(data, ImageFolder) else "crop"
    pixels = PIXELS.format(
        channels=channels,
        height=height,
        width=width,
        longest=2 * max(height, width),
        mode="L" if channels == 1 else "RGB",
        fitted=FITTED[fit].format(sides=(width, height)),
        axes="[None]" if channels == 1 else ".transpose(2, 0, 1)",
    )
    read = READ_IMAGE.format(shape=_listed(info.shape), pixels=found)
    return Source((), ("from PIL import Image, ImageOps",), functions=(pixels, read))


def _of_values(data: DatasetSpec) -> Source:
    """Rows of numbers, or a sequence of them."""
    info = data.source_info()
    constants: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    rows, values = "[row for row in csv.reader(file) if row]", "values"
    if info.features:
        constants = (f"FEATURES = {literal(list(info.features))}",)
        rows = "[[row[name] for name in FEATURES] for row in csv.DictReader(file)]"
    if len(info.shape) == 2:
        values = f"values[None, -{info.shape[0]}:]"
    if isinstance(data, Sequences):
        functions = (LAST_STEPS.format(length=info.shape[0]),)
        values = "last_steps(values)[None]"
    what = "a sequence in CSV" if len(info.shape) == 2 else "rows in CSV"
    read = READ_VALUES.format(shape=_listed(info.shape), csv=what, rows=rows, values=values)
    return Source((), ("import csv",), functions=(*functions, read), constants=constants)


def _of_table(table: Table, encoding: Encoding) -> Source:
    """Rows of columns by their names, texts of categories and all that means a missing value."""
    dialect = table.facts.dialect or ANY_TABLE
    comma, words = dialect.decimal == ",", any(column.values for column in encoding.columns)
    encodes = any(f.code is not None or f.lacks for f in encoding.features)
    functions = (
        *([WITH_COMMA] if comma else []),
        numbers_text(words, True, comma),
        encoded_text(encoding.features, encodes, True, False),
        _read_table(dialect, words),
    )
    constants = (MISSING_CONSTANT, *_places(table, encoding))
    return Source((), ("import csv", "import math", "import re"), (), functions, constants)


def _read_table(dialect: Dialect, words: bool) -> str:
    sign = "" if dialect.delimiter == "," else f", delimiter={literal(dialect.delimiter)}"
    rows, cell = f"list(csv.DictReader(file{sign}))", 'row[name] or ""'
    if not dialect.header:
        rows, cell = f"[row for row in csv.reader(file{sign}) if row]", "row[PLACES[name]]"
    return READ_TABLE.format(
        encoding="utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding,
        rows=rows,
        cells=f"[{cell} for row in rows]",
        numbers=f"list(map(numbers, cells{', COLUMNS.values()' if words else ''}))",
    )


def _places(table: Table, encoding: Encoding) -> Iterator[str]:
    """Where columns stand that have no names in the file."""
    if table.facts.dialect and not table.facts.dialect.header:
        places = (f"{literal(c.name)}: {table.facts.place(c.name)}" for c in encoding.columns)
        yield f"PLACES = {{{', '.join(places)}}}"
