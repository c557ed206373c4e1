"""How to train, as values: loss, optimizer, and the rest of the recipe."""

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, SerializeAsAny

from workbench.core.data import DatasetInfo
from workbench.core.errors import UserError
from workbench.core.layer import Fix, LayerSpec, Shape, ShapeError, shape_text
from workbench.core.source import Source
from workbench.core.spec import Fraction, Number, Size, Spec

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler


class LossSpec(Spec, shelf=True):
    """A loss of `torch.nn`, and what it wants of the network and the targets."""

    summary: ClassVar[str]
    """One sentence on what it measures."""
    takes_probabilities: ClassVar[bool] = False
    """Whether targets may be class probabilities (n, classes), as mixed samples have them."""

    def out_shape(self, info: DatasetInfo) -> Shape:
        """The output shape that the network must have for this loss on this data.

        Raises:
            UserError: the loss does not suit the task.
        """
        raise NotImplementedError

    def check(self, last: LayerSpec, out_shape: Shape, info: DatasetInfo) -> None:
        """See that the network ends in the shape that the loss wants.

        Raises:
            ShapeError: it does not; the fix replaces `last`.
        """
        wanted = self.out_shape(info)
        if out_shape != wanted:
            raise ShapeError(
                "gives {came}; {loss} on {data} needs {wanted}.",
                fixes=self._fixes(last, wanted),
                came=shape_text(out_shape),
                loss=self.kind,
                data=info.title,
                wanted=shape_text(wanted),
            )

    def _fixes(self, last: LayerSpec, wanted: Shape) -> list[Fix]:
        if "out_features" not in type(last).model_fields or len(wanted) != 1:
            return []
        mended = last.replace(out_features=wanted[0])
        return [Fix("set out_features={size}", (mended,), size=wanted[0])]

    def criterion(self) -> "nn.Module":
        """The `torch.nn` module; it averages over the batch."""
        raise NotImplementedError

    def prepare(self, targets: "Tensor", info: DatasetInfo) -> "Tensor":
        """Targets (n,) in the form that `criterion` takes."""
        raise NotImplementedError

    def probabilities(self, output: "Tensor", info: DatasetInfo) -> "Tensor":
        """Network output (n, outputs) as probabilities (n, classes); values (n,) for regression."""
        raise NotImplementedError

    def arguments(self) -> dict[str, Any]:
        """The arguments of its `torch.nn` constructor, defaults left out."""
        fields = type(self).model_fields.items()
        given = {name: getattr(self, name) for name, field in fields}
        return {name: given[name] for name, field in fields if given[name] != field.default}

    def source(self) -> str:
        """The call that makes `criterion`, as Python."""
        told = ", ".join(f"{name}={value!r}" for name, value in self.arguments().items())
        return f"nn.{self.kind}({told})"

    def targets_source(self, targets: str, info: DatasetInfo, mixed: bool = False) -> str:
        """What `prepare` does, as an expression of Python; `mixed` targets are probabilities."""
        return targets

    def probabilities_source(self, output: str, info: DatasetInfo) -> str:
        """What `probabilities` does, likewise."""
        raise NotImplementedError

    def predicted_source(self, output: str, info: DatasetInfo) -> str:
        """The class, or the value, that the output of the network stands for, likewise."""
        raise NotImplementedError


class OptimizerSpec(Spec, shelf=True):
    """An optimizer of `torch.optim`; `lr` is told beside it, since every optimizer has one."""

    summary: ClassVar[str]
    fused_on: ClassVar[tuple[str, ...]] = ()
    """The devices for which torch has its fused form, which takes one pass over the parameters."""
    with_closure: ClassVar[bool] = False
    """Whether a step measures its batch several times, by a function that it is given."""
    several: ClassVar[bool] = False
    """Whether it is made of several of torch's, each for other parameters."""

    @property
    def states(self) -> int:
        """How many numbers it keeps for each parameter, beside the gradient."""
        return 0

    def make(self, model: "nn.Module", lr: float, fused: bool = True) -> "Optimizer":
        """The optimizer over the parameters of `model`, in its fused form if it has one."""
        raise NotImplementedError

    def source(self, lr: float, fused: bool = True) -> Source:
        """What `make` does: lines that make `optimizer` of the parameters of `model`, or the
        `optimizers` that it is of."""
        raise NotImplementedError


class SchedulerSpec(Spec, shelf=True):
    """A learning-rate scheduler of `torch.optim.lr_scheduler`; epochs count where torch counts
    calls of `step`, unless `every_step`."""

    summary: ClassVar[str]
    every_step: ClassVar[bool] = False
    """Whether it moves lr after every step, not after every epoch."""
    needs_length: ClassVar[bool] = False
    """Whether it fits itself to the number of epochs."""
    needs_loss: ClassVar[bool] = False
    """Whether it is told the loss of the epoch (validation, else training)."""

    def source(self, lr: float, epochs: str, steps_per_epoch: str) -> str:
        """The call that makes it of `optimizer`, as Python; empty if lr stays as it is."""
        return ""

    def make(
        self, optimizer: "Optimizer", epochs: int, steps_per_epoch: int
    ) -> "LRScheduler | None":
        """The scheduler for a run of this length; None if lr stays as it is."""
        raise NotImplementedError


class NoScheduler(SchedulerSpec):
    """lr stays as it is."""

    summary: ClassVar[str] = "lr stays as it is."

    @property
    def label(self) -> str:
        return "None"

    def make(
        self, optimizer: "Optimizer", epochs: int, steps_per_epoch: int
    ) -> "LRScheduler | None":
        return None


class TrainConfig(Spec):
    """The recipe: everything about training that is neither network nor data."""

    loss: SerializeAsAny[LossSpec] = Field(title="Loss", description="What training makes small.")
    optimizer: SerializeAsAny[OptimizerSpec] = Field(
        title="Optimizer", description="How a step follows from the gradient."
    )
    scheduler: SerializeAsAny[SchedulerSpec] = Field(
        default_factory=NoScheduler, title="Scheduler", description="How lr changes over the run."
    )
    lr: Annotated[Number, Field(gt=0.0, le=1000.0)] = Field(
        default=0.001, title="lr", description="Learning rate: the length of a step."
    )
    batch_size: Size | Literal["all"] = Field(
        default=64,
        title="Batch size",
        description="Samples per step: 1 is one sample, all is the whole training set.",
    )
    epochs: Size = Field(
        default=10, title="Epochs", description="How often training sees every sample."
    )
    seed: int = Field(
        default=0,
        strict=True,
        ge=0,
        le=2**32 - 1,
        title="Seed",
        description="The same seed gives the same run: first weights, batches and dropout.",
    )
    device: Annotated[str, Field(strict=True, pattern=r"^(cpu|mps|cuda(:\d{1,3})?)$")] = Field(
        default="cpu", title="Device", description="Where the network is trained."
    )

    warmup_steps: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = Field(
        default=0,
        title="Warm-up steps",
        description="Steps in which lr grows evenly from a hundredth to its value; 0 is none. "
        "The scheduler begins behind them: the epoch in which they end is its first.",
    )
    max_norm: Annotated[Number, Field(gt=0.0, le=1e6)] | None = Field(
        default=None,
        title="Clip gradients at",
        description="Largest norm of all gradients together; longer ones are shortened. Empty: no.",
    )
    accumulate: Annotated[int, Field(strict=True, ge=1, le=10_000)] = Field(
        default=1,
        title="Accumulate",
        description="Batches whose gradients are averaged for one step: a large batch in less "
        "memory.",
    )
    ema_decay: Fraction = Field(
        default=0.0,
        title="EMA decay",
        description="Share of the old in a moving average of the weights, which is then measured "
        "and kept (0.999 is usual); 0 is none.",
    )
    patience: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = Field(
        default=0,
        title="Patience",
        description="Stop early after this many epochs without a better loss; 0 never stops early.",
    )
    precision: Literal["fp32", "tf32", "bf16", "fp16"] = Field(
        default="fp32",
        title="Precision",
        description="Number format of the work: bf16 and fp16 are faster where the device has "
        "them; fp16 and tf32 need CUDA.",
    )
    compile: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        title="Compile",
        description="torch.compile: a slow first step, then faster ones for large networks.",
    )
    deterministic: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        title="Deterministic",
        description="Only algorithms that give the same result every time, also on a GPU.",
    )
    threads: Annotated[int, Field(strict=True, ge=0, le=1024)] = Field(
        default=0, title="Threads", description="CPU threads for the work; 0 is torch's choice."
    )

    def batch_length(self, samples: int) -> int:
        """Samples per batch out of `samples` in the training split."""
        return samples if self.batch_size == "all" else min(self.batch_size, samples)

    def step_length(self, samples: int) -> int:
        """Samples per step of the optimizer, likewise."""
        return min(self.batch_length(samples) * self.accumulate, samples)

    def scheduled_epochs(self, steps_per_epoch: int) -> int:
        """Epochs that are left to the scheduler: the one in which the warm-up ends is its first."""
        return max(self.epochs - max(self.warmup_steps - 1, 0) // steps_per_epoch, 1)

    def steps_per_epoch(self, samples: int) -> int:
        """Steps of the optimizer in which every sample is seen once."""
        return math.ceil(samples / self.step_length(samples))


def fits(loss: LossSpec, info: DatasetInfo) -> bool:
    """Whether the loss suits the task of the data."""
    try:
        loss.out_shape(info)
    except UserError:
        return False
    return True


def default_loss(info: DatasetInfo) -> LossSpec:
    """The usual loss of a task."""
    name = "CrossEntropyLoss" if info.task == "classification" else "MSELoss"
    return LossSpec.named(name)()
