"""Learning-rate schedulers, under their `torch.optim.lr_scheduler` names."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from workbench.core.errors import UserError
from workbench.core.reasons import Refused
from workbench.core.source import literal
from workbench.core.spec import Number, Size
from workbench.core.train import SchedulerSpec

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

Factor = Annotated[Number, Field(gt=0.0, le=1.0)]


def _gamma(default: float, when: str) -> Any:
    return Field(default=default, title="Gamma", description=f"lr is multiplied by this {when}.")


class _Scheduler(SchedulerSpec, abstract=True):
    def make(
        self, optimizer: "Optimizer", epochs: int, steps_per_epoch: int
    ) -> "LRScheduler | None":
        from torch.optim import lr_scheduler

        arguments = self.arguments(optimizer, epochs, steps_per_epoch)
        made: LRScheduler = getattr(lr_scheduler, self.kind)(optimizer, **arguments)
        return made

    def source(self, lr: float, epochs: str, steps_per_epoch: str) -> str:
        given = {
            **self.told(lr, epochs, steps_per_epoch),
            **{n: literal(v) for n, v in self._fields.items()},
        }
        arguments = ", ".join(f"{name}={value}" for name, value in given.items())
        return f"torch.optim.lr_scheduler.{self.kind}(optimizer, {arguments})"

    def told(self, lr: float, epochs: str, steps_per_epoch: str) -> dict[str, str]:
        """What its constructor gets beside its fields, as Python."""
        return {}

    @property
    def _fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).model_fields}

    def arguments(
        self, optimizer: "Optimizer", epochs: int, steps_per_epoch: int
    ) -> dict[str, Any]:
        """What its constructor gets beside the optimizer."""
        return self._fields


class StepLR(_Scheduler):
    """torch.optim.lr_scheduler.StepLR."""

    summary: ClassVar[str] = "lr falls by a factor every so many epochs."

    step_size: Size = Field(
        default=10, title="Step size", description="Epochs from one fall to the next."
    )
    gamma: Factor = _gamma(0.1, "each time")


class MultiStepLR(_Scheduler):
    """torch.optim.lr_scheduler.MultiStepLR."""

    summary: ClassVar[str] = "lr falls by a factor at chosen epochs."

    milestones: Annotated[tuple[Size, ...], Field(min_length=1, max_length=100)] = Field(
        default=(5, 8), title="Milestones", description="Epochs after which lr falls, ascending."
    )
    gamma: Factor = _gamma(0.1, "each time")

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if list(self.milestones) != sorted(set(self.milestones)):
            raise Refused("milestones must be ascending")
        return self


class ExponentialLR(_Scheduler):
    """torch.optim.lr_scheduler.ExponentialLR."""

    summary: ClassVar[str] = "lr falls by a factor after every epoch."

    gamma: Factor = _gamma(0.9, "after every epoch")


class CosineAnnealingLR(_Scheduler):
    """torch.optim.lr_scheduler.CosineAnnealingLR over the whole run, behind a warm-up."""

    summary: ClassVar[str] = "lr falls along half a cosine, to its end at the last epoch."
    needs_length: ClassVar[bool] = True

    eta_min: Annotated[Number, Field(ge=0.0, le=1000.0)] = Field(
        default=0.0, title="Smallest lr", description="Where lr ends."
    )

    def arguments(
        self, optimizer: "Optimizer", epochs: int, steps_per_epoch: int
    ) -> dict[str, Any]:
        return {"T_max": epochs, "eta_min": self.eta_min}

    def told(self, lr: float, epochs: str, steps_per_epoch: str) -> dict[str, str]:
        return {"T_max": epochs}


class CosineAnnealingWarmRestarts(_Scheduler):
    """torch.optim.lr_scheduler.CosineAnnealingWarmRestarts."""

    summary: ClassVar[str] = "lr falls along half a cosine, then starts anew, again and again."

    T_0: Size = Field(default=5, title="First cycle", description="Epochs of the first cycle.")
    T_mult: Size = Field(
        default=1, title="Growth", description="How many times longer each further cycle is."
    )
    eta_min: Annotated[Number, Field(ge=0.0, le=1000.0)] = Field(
        default=0.0, title="Smallest lr", description="Where each cycle ends."
    )


class OneCycleLR(_Scheduler):
    """torch.optim.lr_scheduler.OneCycleLR; the recipe's lr is its `max_lr`.

    Smith and Topin, Super-Convergence, 2018.
    """

    summary: ClassVar[str] = "lr rises to its value and falls far below, in one cycle of the run."
    every_step: ClassVar[bool] = True
    needs_length: ClassVar[bool] = True

    pct_start: Annotated[Number, Field(gt=0.0, lt=1.0)] = Field(
        default=0.3, title="Rising share", description="Share of the run in which lr rises."
    )
    div_factor: Annotated[Number, Field(ge=1.0, le=1e6)] = Field(
        default=25.0, title="Start divisor", description="The run starts at lr divided by this."
    )
    final_div_factor: Annotated[Number, Field(ge=1.0, le=1e9)] = Field(
        default=1e4, title="End divisor", description="It ends at its start divided by this."
    )

    def make(
        self, optimizer: "Optimizer", epochs: int, steps_per_epoch: int
    ) -> "LRScheduler | None":
        if not {"momentum", "betas"} & optimizer.defaults.keys():  # torch's own condition
            raise UserError(
                "OneCycleLR moves the momentum too, and this optimizer has none. Choose SGD, Adam "
                "or AdamW, or another scheduler."
            )
        return super().make(optimizer, epochs, steps_per_epoch)

    def arguments(
        self, optimizer: "Optimizer", epochs: int, steps_per_epoch: int
    ) -> dict[str, Any]:
        return {
            "max_lr": [group["lr"] for group in optimizer.param_groups],
            "total_steps": epochs * steps_per_epoch,
            **super().arguments(optimizer, epochs, steps_per_epoch),
        }

    def told(self, lr: float, epochs: str, steps_per_epoch: str) -> dict[str, str]:
        return {"max_lr": repr(lr), "total_steps": f"{epochs} * {steps_per_epoch}"}


class ReduceLROnPlateau(_Scheduler):
    """torch.optim.lr_scheduler.ReduceLROnPlateau on the validation loss, else the training loss."""

    summary: ClassVar[str] = "lr falls by a factor when the loss has not got better for a while."
    needs_loss: ClassVar[bool] = True

    factor: Annotated[Number, Field(gt=0.0, lt=1.0)] = Field(
        default=0.1, title="Factor", description="lr is multiplied by this."
    )
    patience: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = Field(
        default=10, title="Patience", description="Epochs without a better loss that are borne."
    )
    threshold: Annotated[Number, Field(ge=0.0, lt=1.0)] = Field(
        default=1e-4, title="Threshold", description="Share by which a loss must be better."
    )
    min_lr: Annotated[Number, Field(ge=0.0, le=1000.0)] = Field(
        default=0.0, title="Smallest lr", description="lr never falls below."
    )
