"""Samples as they are outside: rows of a table before its columns become features."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from workbench.core.data import Samples, Split


class Feature(NamedTuple):
    """One number that the network gets of each row."""

    name: str
    place: int
    """Which of the columns it is made of."""
    code: int | None = None
    """1 where the category is this one; None for the value itself."""
    lacks: bool = False
    """1 where the value is missing."""


class RawColumn(NamedTuple):
    """A column that features are made of: numbers, or categories told by their place in `values`
    from 0; NaN where a value is missing."""

    name: str
    values: tuple[str, ...] = ()


class Encoding(NamedTuple):
    """How rows of raw columns become features."""

    columns: tuple[RawColumn, ...]
    features: tuple[Feature, ...]
    instead: tuple[float, ...]
    """What takes the place of a missing value in each column."""


class RawSamples(NamedTuple):
    """Samples before they are encoded: `inputs` are (n, columns) float32."""

    encoding: Encoding
    splits: "Mapping[Split, Samples]"
