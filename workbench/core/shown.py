"""What the engine tells of what somebody looks at: samples, prepared or counted, and a plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.core.data import Split
from workbench.core.events import Event

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplesFound(Event):
    """Some samples of a split as their files hold them; `rows` says which."""

    split: Split
    total: int
    """How many there are that could be shown."""
    rows: "NDArray[Any]"
    inputs: "NDArray[Any]"
    targets: "NDArray[Any]"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplesPrepared(Event):
    """Samples (n, ...) before, and (draws, n, ...) uint8 behind the transforms, to be looked at."""

    before: "NDArray[Any]"
    after: "NDArray[Any]"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSummary:
    """One column of a table, or the target: how its values lie in the training split."""

    name: str
    counts: Sequence[int]
    """Of the bins, from low to high; or of the categories, as `labels` names them."""
    low: float = 0.0
    high: float = 0.0
    mean: float = 0.0
    std: float = 0.0
    missing: int = 0
    labels: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnsSummed(Event):
    """The columns of a table, its target first."""

    columns: tuple[ColumnSummary, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableHead(Event):
    """The first rows of a table as they are written, column by column."""

    columns: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraysTold(Event):
    """The arrays of a file: name, shape and type of each."""

    arrays: tuple[tuple[str, tuple[int, ...], str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LrPlanned(Event):
    """lr over a run that is not started yet: from each of `epochs` on, counted in epochs from 0 to
    `total`, it is what `lrs` says there, up to the next one."""

    epochs: tuple[float, ...]
    lrs: tuple[float, ...]
    total: int
