"""What a network costs: work, memory and receptive field, per layer and in total.

Plain arithmetic on a walk, so that it follows every edit at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from workbench.core.layer import Shape, counted
from workbench.core.memory import Pass, by_stack
from workbench.core.project import Project
from workbench.core.sight import Sight, sights
from workbench.core.walk import Path, Step

FLOAT32 = 4  # bytes


@dataclass(frozen=True)
class Cost:
    """The figures of a layer; of a block, of all in it in all its rounds."""

    parameters: int
    multiply_adds: int
    """For one sample."""
    forward: int
    """Bytes alive at once while it runs in evaluation: what it gets and makes, and what blocks
    around it hold back."""
    saved: int
    """Bytes that it adds to what autograd keeps until the backward pass: its output, if this or a
    later layer needs it there, and what it keeps beside it."""
    sight: Sight
    """Its receptive field in the network's input."""


@dataclass(frozen=True)
class Costs:
    """The figures of a network for one batch; memory in bytes. The loss is not counted, nor what
    a kernel takes for itself while it runs."""

    layers: dict[Path, Cost]
    batch: int
    parameters: int
    multiply_adds: int
    inputs: int
    """The batch of inputs."""
    forward: int
    """The most activations that are alive at once in evaluation, the inputs included."""
    saved: int
    """Activations that are kept until the backward pass, the inputs where a layer keeps them."""
    weights: int
    gradients: int
    optimizer: int
    """What the optimizer keeps of each parameter beside its gradient."""

    @property
    def training(self) -> int:
        """All that training holds at the start of the backward pass."""
        return self.weights + self.gradients + self.optimizer + self.saved

    def texts(self, one: str = "parameter", many: str = "parameters") -> dict[str, str]:
        """The totals as short texts, for the sentences in which they are told; `one` and `many`
        are the words for parameters."""
        sizes = ("inputs", "forward", "saved", "weights", "gradients", "optimizer", "training")
        return {
            "batch": f"{self.batch:,}",
            "parameters": counted(self.parameters, one, many),
            "multiply_adds": amount(self.multiply_adds),
            **{name: size(getattr(self, name)) for name in sizes},
        }


SHORT = "{parameters} · {multiply_adds} multiply-adds · {training} to train at batch {batch}"
LONG = (
    "Batch of {batch}: {forward} of activations at once in evaluation; {training} to train: "
    "{saved} of activations kept for the backward pass, {weights} of parameters, {gradients} of "
    "gradients, {optimizer} of the optimizer."
)


def costs(
    steps: Sequence[Step], in_shape: Shape, batch: int, width: int = FLOAT32, states: int = 0
) -> Costs:
    """The costs of a walked network for batches of `batch` samples, with `width` bytes a number
    and an optimizer that keeps `states` numbers for each parameter."""
    stacks = by_stack(steps)
    one = Pass(batch, width)
    whole = one.run(stacks, in_shape)
    seen = sights(stacks)
    layers = {
        step.path: Cost(
            step.parameters,
            step.multiply_adds,
            one.accounts[step.path].alive,
            one.accounts[step.path].saved,
            seen[step.path],
        )
        for step in steps
        if step.path in seen and step.path in one.accounts
    }
    top = stacks.get((), ())
    parameters = sum(step.parameters for step in top)
    return Costs(
        layers=layers,
        batch=batch,
        parameters=parameters,
        multiply_adds=sum(step.multiply_adds for step in top),
        inputs=batch * width * prod(in_shape),
        forward=whole.alive,
        saved=whole.saved,
        weights=parameters * width,
        gradients=parameters * width,
        optimizer=parameters * width * states,
    )


def costs_of(project: Project, steps: Sequence[Step]) -> Costs:
    """The costs of a project's walked network with its data, batch size and optimizer."""
    info, train = project.data.info(), project.train
    batch = train.batch_length(info.sizes["train"])
    return costs(steps, info.shape, batch, states=train.optimizer.states)


def amount(number: float) -> str:
    """A count in short: `840`, `12.3 k`, `2.1 M`, `4.1 G`."""
    return _short(number, 1000, ("", "k", "M", "G", "T", "P")).strip()


def size(number: float) -> str:
    """Bytes in short: `512 B`, `12.0 kB`, `3.4 MB`; a kB has 1000."""
    return _short(number, 1000, ("B", "kB", "MB", "GB", "TB", "PB"))


def _short(number: float, base: int, units: Sequence[str]) -> str:
    rest = list(units)
    while number >= base - 0.5 and len(rest) > 1:
        number /= base
        rest.pop(0)
    digits = 0 if len(rest) == len(units) or number >= 99.95 else 1
    return f"{number:,.{digits}f} {rest[0]}"


def sight_text(sight: Sight, in_shape: Shape | None) -> str:
    """A receptive field: `5 × 5`, `whole input`, or a dash where there is nothing to be seen."""
    if sight is None:
        return "whole input"
    axes = [axis.size for axis in sight] or [1] * (len(in_shape or ()) - 1)
    return " × ".join(map(str, axes)) or "1"
