"""What training says: small frozen values that cross the pipe and are kept as JSON lines."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from workbench.core.data import DatasetSpec, Split
from workbench.core.errors import UserError
from workbench.core.model import ModelSpec
from workbench.core.project import Project

if TYPE_CHECKING:
    from numpy.typing import NDArray

Metrics = Mapping[str, float]
"""`loss` and the metrics of the task (`accuracy` as a fraction, or `mae`) by name."""


# json.dumps would make an encoder for each line: there is a line for each step.
_JSON = json.JSONEncoder(ensure_ascii=False)


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The base of everything that a Job reports."""

    def to_json(self) -> str:
        """One line of `events.jsonl`, also what `--json` prints."""
        kind: Any = type(self)
        told = {name: getattr(self, name) for name in _names(kind)}
        return _JSON.encode({"event": kind.__name__, **told})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """Training begins, or goes on after `step` steps where a run is resumed.

    Whatever was told of later steps before a resume is void.
    """

    run: str
    device: str
    threads: int
    parameters: int
    samples: int
    batch_size: int
    steps_per_epoch: int
    epochs: int
    step: int = 0
    tuning: Mapping[str, Any] = field(default_factory=dict)
    """How its steps are carried out, and why so: the fields of the engine's `Tuning`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCompleted(Event):
    """One optimizer step; `step` and `epoch` count from 1, `seconds` since the run began."""

    step: int
    epoch: int
    seconds: float
    samples: int
    metrics: Metrics
    lr: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeChanged(Event):
    """A person changed the recipe while it was trained: it holds from behind `step` on."""

    step: int
    lr: float
    epochs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochCompleted(Event):
    """All training samples were seen once more, and the validation split was measured."""

    epoch: int
    step: int
    seconds: float
    samples_per_second: float
    train: Metrics
    val: Metrics
    best: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointSaved(Event):
    """The run can be resumed from `path` in its folder."""

    path: str
    epoch: int
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFailed(Event):
    """Something of the run could not be written, or a damaged checkpoint was passed over; training
    goes on, `reason` is a sentence."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionsSaved(Event):
    """Predictions of a whole split lie at `path` in the run folder, an `.npz` of three arrays.

    `probabilities` (n, classes), or (n,) predicted values for regression; `targets` (n,);
    `losses` (n,), each sample's own loss. Rows are in the order of the split.
    """

    path: str
    split: Split
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCompleted(Event):
    """Training is over; `test` holds the metrics of the best weights, if it was not stopped."""

    reason: Literal["completed", "early", "stopped", "failed"]
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    test: Metrics
    fault: str = ""
    """Why it failed, in the sentence that was told; `kind` is the class of that error."""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Event):
    """A long thing other than training says how far it is; `total` 0 means unknown."""

    text: str
    done: int = 0
    total: int = 0
    bytes: bool = False
    """Whether it counts bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LrTried(Event):
    """A step of the range test was made at `lr`: its loss, and the mean of those up to it, in which
    the last ones count most."""

    step: int
    lr: float
    loss: float
    smoothed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LrFound(Event):
    """The range test is over: where the loss fell most steeply, or None if it never fell."""

    lr: float | None
    diverged: bool
    """Whether it ended since the loss grew, not at the largest lr."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDescribed(Event):
    """What the data panel shows, measured on the loaded samples."""

    sizes: Mapping[Split, int]
    class_counts: Mapping[Split, tuple[int, ...]]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    sample_inputs: "NDArray[Any]"
    sample_targets: "NDArray[Any]"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplesLoaded(Event):
    """All samples of a split, in its order, to be shown."""

    split: Split
    inputs: "NDArray[Any]"
    targets: "NDArray[Any]"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRecognized(Event):
    """A file or folder was opened: `data` is the dataset that it holds, with what was found."""

    data: DatasetSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesFound(Event):
    """The devices that training can use, `cpu` first, each with a name for people."""

    devices: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSaved(Event):
    """A model was written to `path`."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted(Event):
    """What a model says of a sample (from 1) of a file: a class with the probabilities of all, or
    a value in the unit of the target."""

    file: str
    sample: int
    predicted: str | float
    probabilities: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported(Event):
    """A model was exported to `path`, and its predictions compared with those of this program:
    `largest` is the largest difference, `equal` the share of samples with the same prediction."""

    path: str
    format: str
    split: Split
    samples: int
    largest: float
    equal: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRead(Event):
    """Code was read: its network, and in sentences what it could not say or says otherwise."""

    model: ModelSpec
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLoaded(Event):
    """A model was read: its weights lie cleaned at `weights`; `model` is its network."""

    source: str
    weights: str
    model: ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleLoaded(Event):
    """A model bundle was read: a project of its own, and its weights, cleaned at `weights`."""

    source: str
    weights: str
    project: Project
    metrics: Mapping[str, Metrics]
    """By split, as they were when it was saved."""


KEPT = (
    RunStarted,
    StepCompleted,
    RecipeChanged,
    EpochCompleted,
    CheckpointSaved,
    WriteFailed,
    PredictionsSaved,
    RunCompleted,
)
_KINDS = {kind.__name__: kind for kind in KEPT}


def event_from_json(line: str, where: str = "events.jsonl") -> Event:
    """The event that a line of `events.jsonl` tells; `where` names the file in errors.

    Raises:
        UserError: the line is no event, or one of a newer program.
    """
    try:
        content: dict[str, Any] = json.loads(line)
        kind = _KINDS[content.pop("event")]
        names = {each.name for each in fields(kind)}
        return kind(**{name: value for name, value in content.items() if name in names})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(
            "{where}: {line!r} is not an event of a run.", where=where, line=line[:80]
        ) from error
