"""Figures of the steps of training: left on the device, read back in bursts, summed per epoch."""

from typing import NamedTuple

import torch
from torch import Tensor

from workbench.core.data import DatasetInfo
from workbench.core.errors import Diverged
from workbench.core.events import Metrics
from workbench.core.train import LossSpec


class Told(NamedTuple):
    """What a step said: `metrics` are means over its `samples`."""

    step: int
    lr: float
    samples: int
    metrics: Metrics


class _Untold(NamedTuple):
    step: int
    lr: float
    output: Tensor
    targets: Tensor
    loss: Tensor


class Figures:
    """`loss` and `accuracy` (or `mae`) of the steps of an epoch."""

    def __init__(self, loss: LossSpec, info: DatasetInfo) -> None:
        self._loss, self._info = loss, info
        self._untold: list[_Untold] = []
        self.sums: dict[str, float] = {}
        """Over the samples of this epoch that were read back, and `samples`, their number."""

    def add(self, step: int, lr: float, output: Tensor, targets: Tensor, loss: Tensor) -> None:
        """Keep what a step at `lr` gave, without waiting for the device."""
        self._untold.append(_Untold(step, lr, output.detach(), targets, loss.detach()))

    def read(self) -> list[Told]:
        """The figures of the steps since the last reading, fetched in one go."""
        untold, self._untold = self._untold, []
        if not untold:
            return []
        losses = torch.stack([step.loss for step in untold]).tolist()
        sizes = [len(step.targets) for step in untold]
        name, figures = self._measured(untold, sizes)
        rows = zip(untold, sizes, losses, figures, strict=True)
        told = [
            Told(step.step, step.lr, size, {"loss": loss, name: f}) for step, size, loss, f in rows
        ]
        for step in told:  # all at once: who reads them may stop in the middle
            self._sum_up(step)
        return told

    def _measured(self, untold: list[_Untold], sizes: list[int]) -> tuple[str, list[float]]:
        outputs = torch.cat([step.output for step in untold]).float()
        targets = torch.cat([step.targets for step in untold])
        values = self._loss.probabilities(outputs, self._info)
        if self._info.task == "classification":
            classes = targets if targets.ndim == 1 else targets.argmax(1)  # of mixed samples
            name, each = "accuracy", (values.argmax(1) == classes).float()
        else:
            name, each = "mae", (values - targets).abs()
        return name, torch.stack([part.mean() for part in torch.split(each, sizes)]).tolist()

    def _sum_up(self, told: Told) -> None:
        for name, mean in told.metrics.items():
            self.sums[name] = self.sums.get(name, 0.0) + mean * told.samples
        self.sums["samples"] = self.sums.get("samples", 0) + told.samples

    def epoch_means(self) -> Metrics:
        """The means over the samples of the epoch, which ends with this."""
        sums, self.sums = self.sums, {}
        samples = sums.pop("samples", 0.0)
        return {name: total / samples for name, total in sums.items()} if samples else {}


def not_finite(step: int) -> Diverged:
    """The sentence for a loss that diverged."""
    return Diverged(
        "The loss stopped being a finite number at step {step}. Lower lr, or normalize the data, "
        "and train again.",
        step=step,
    )
