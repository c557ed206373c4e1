"""From the columns of a table to numbers: what each feature of the network is made of."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from workbench.catalog.datasets.columns import Column
from workbench.core.raw import Feature

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ONE_HOT = 32
"""A category with more values is one column of integers: their place in the alphabet."""
Categories = Literal["one-hot", "integers"]
Missing = Literal["mean", "most frequent", "own column", "drop rows"]


def features_of(
    columns: Sequence[Column], categories: Categories, missing: Missing
) -> list[Feature]:
    """The features that columns become, in their order."""
    return [
        feature
        for place, column in enumerate(columns)
        for feature in _features(place, column, categories, own=missing == "own column")
    ]


def _features(place: int, column: Column, categories: Categories, own: bool) -> Iterator[Feature]:
    name, values = column.name, column.values
    if column.holds == "number" or (len(values) > 2 and categories == "integers"):
        yield Feature(name, place)
    elif len(values) <= 2:  # one column says it all
        yield Feature(f"{name}={values[-1]}", place, code=len(values) - 1)
    elif len(values) <= MOST_ONE_HOT:
        for code, value in enumerate(values):
            yield Feature(f"{name}={value}", place, code=code)
    else:
        yield Feature(name, place)
    if own and column.missing:
        yield Feature(f"{name} is missing", place, lacks=True)


def stand_ins(raw: "NDArray[Any]", columns: Sequence[Column], missing: Missing) -> "NDArray[Any]":
    """What takes the place of a missing value in each column, (columns,), from training rows
    `raw` (n, columns) with NaN: the mean of numbers, the most frequent category.

    With an own column for what is missing, a category is none of the known ones there.
    """
    import numpy as np

    found = np.zeros(len(columns), dtype=np.float32)
    for place, column in enumerate(columns):
        values = raw[:, place][~np.isnan(raw[:, place])]
        if column.holds == "category" and missing == "own column":
            found[place] = -1
        elif len(values) and column.holds == "number" and missing != "most frequent":
            found[place] = values.mean(dtype=np.float64)
        elif len(values):
            different, times = np.unique(values, return_counts=True)
            found[place] = different[times.argmax()]
    return found


def encoded(
    raw: "NDArray[Any]", features: Sequence[Feature], instead: "NDArray[Any]"
) -> "NDArray[Any]":
    """Rows `raw` (n, columns) of values and codes, NaN where missing, as (n, features)."""
    import numpy as np

    made = np.empty((len(raw), len(features)), dtype=np.float32)
    for number, feature in enumerate(features):
        column = raw[:, feature.place]
        lacking = np.isnan(column)
        if feature.lacks:
            made[:, number] = lacking
            continue
        filled = np.where(lacking, instead[feature.place], column)
        made[:, number] = filled if feature.code is None else filled == feature.code
    return made
