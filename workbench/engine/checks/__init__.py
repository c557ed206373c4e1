"""Parts of the data check: each is a generator of findings on loaded samples."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.core.data import DatasetInfo, DatasetSpec, Samples, Split
from workbench.core.data_check import MOST_NAMED

Place = tuple[Split, int]
"""A sample by its split and its row there."""


class Subject(NamedTuple):
    """What is checked: a dataset, what it says of itself, and its samples."""

    data: DatasetSpec
    info: DatasetInfo
    splits: Mapping[Split, Samples]
    names: Mapping[Split, Sequence[str]] = MappingProxyType({})
    """What the samples are called, if they have names."""

    def name(self, place: Place) -> str:
        """A sample by its file, or as `train 12`."""
        split, row = place
        known = self.names.get(split)
        return known[row] if known else f"{split} {row}"


def sample_names(subject: Subject, places: Sequence[Place]) -> tuple[str, ...]:
    """What the first of some samples are called."""
    return tuple(subject.name(place) for place in places[:MOST_NAMED])


def column_name(info: DatasetInfo, column: int) -> str:
    """What a column is called; by its number where it has no name."""
    return info.features[column] if column < len(info.features) else f"column {column + 1}"


def flat(inputs: NDArray[Any]) -> NDArray[Any]:
    """Samples (n, ...) as rows (n, values)."""
    return inputs.reshape(len(inputs), int(np.prod(inputs.shape[1:])))
