"""What the engine tells of a trained model's space: where samples lie in it, and its boundaries."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.core.data import Split
from workbench.core.events import Event

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded(Event):
    """Where the first samples of a split lie, (n, 2) `points`, with the (n,) classes or values that
    are `predicted` for them; `method` is `pca` or `tsne`."""

    split: Split
    method: str
    points: "NDArray[Any]"
    predicted: "NDArray[Any]"
    explained: tuple[float, ...] = ()
    """The share of the variance that each axis of PCA explains."""
    width: int = 0
    """How many features there are in front of the last layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryFound(Event):
    """What a model of two inputs says on a grid, row by row from the lowest second input on:
    (rows, columns, classes) probabilities, or (rows, columns) values."""

    values: "NDArray[Any]"
    low: tuple[float, float]
    high: tuple[float, float]
    points: "NDArray[Any]"
    """(n, 2) samples of the training split, at the most as many as can be told apart."""
    targets: "NDArray[Any]"
    asked: "NDArray[Any]"
    """What it says of the points that were added: (m, classes) or (m,)."""


class Asked(NamedTuple):
    """A value that a sample needs: its range in the training split, or its categories."""

    name: str
    low: float
    high: float
    usual: float
    """The median; of categories the commonest one's place."""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFound(Event):
    """The values that a row of the model's table is made of."""

    fields: tuple[Asked, ...]
