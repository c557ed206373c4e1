"""The values of the recipe, for TensorBoard's table of runs."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from workbench.core.project import Project

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


def hparams_of(project: Project) -> dict[str, str | float | bool]:
    """Plain values of recipe and data, under the paths that `--set` takes."""
    told: dict[str, str | float | bool] = {}
    for part in ("train", "data"):
        told |= _flat(getattr(project, part).model_dump(mode="json"), part)
    return told


def _flat(value: Any, path: str) -> dict[str, str | float | bool]:
    if isinstance(value, Mapping):
        parts = [_flat(each, f"{path}.{key}") for key, each in value.items()]
        return {name: each for part in parts for name, each in part.items()}
    return {path: value} if isinstance(value, str | float | int) else {}


class HParams:
    """`add_hparams`, in the run's own file and in two parts: the values while the run is young, so
    that a run that is killed has them too, and how it ended. `add_hparams` would open a second
    file and log every metric a second time."""

    def __init__(self, project: Project) -> None:
        self._values = hparams_of(project)
        self._end: Any = None

    @property
    def begun(self) -> bool:
        """Whether the values were told."""
        return self._end is not None

    def begin(self, writer: "SummaryWriter", tags: Iterable[str]) -> None:
        """Tell the values, and the scalars by which runs are compared."""
        from torch.utils.tensorboard.summary import hparams

        experiment, start, self._end = hparams(  # type: ignore[no-untyped-call]
            self._values, dict.fromkeys(tags, 0.0)
        )
        for summary in (experiment, start):
            writer._get_file_writer().add_summary(summary)  # type: ignore[no-untyped-call]

    def end(self, writer: "SummaryWriter") -> None:
        """Tell that the run is over."""
        if self.begun:
            writer._get_file_writer().add_summary(self._end)  # type: ignore[no-untyped-call]
