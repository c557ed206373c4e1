"""Optimizers, under their `torch.optim` names.

On CPU and CUDA the fused form is used: the same arithmetic in one pass over the parameters.
"""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from workbench.core.reasons import Refused
from workbench.core.source import Source, literal
from workbench.core.spec import Fraction, Number
from workbench.core.train import OptimizerSpec

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

WeightDecay = Annotated[Number, Field(ge=0.0, le=100.0)]


class _Optimizer(OptimizerSpec, abstract=True):
    fused_on: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    always_told: ClassVar[tuple[str, ...]] = ()
    """Arguments whose usual value is not torch's own."""

    def make(self, model: "nn.Module", lr: float, fused: bool = True) -> "Optimizer":
        from torch import optim

        arguments: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        learned = [each for each in model.parameters() if each.requires_grad]
        if self.fused_on:
            there = all(each.device.type in self.fused_on for each in learned)
            arguments["fused"] = fused and there
        made: Optimizer = getattr(optim, self.kind)(learned, lr=lr, **arguments)
        return made

    def source(self, lr: float, fused: bool = True) -> Source:
        given: dict[str, Any] = {"lr": lr}
        for name, field in type(self).model_fields.items():
            if getattr(self, name) != field.default or name in self.always_told:
                given[name] = getattr(self, name)
        if fused and self.fused_on:
            given["fused"] = True
        told = ", ".join(f"{name}={literal(value)}" for name, value in given.items())
        return Source((f"optimizer = torch.optim.{self.kind}(model.parameters(), {told})",))


class SGD(_Optimizer):
    """torch.optim.SGD."""

    summary: ClassVar[str] = "A step against the gradient, smoothed by momentum."

    momentum: Fraction = Field(
        default=0.0, title="Momentum", description="Share of the last step that is kept."
    )
    weight_decay: WeightDecay = Field(
        default=0.0, title="Weight decay", description="Pulls the weights towards zero (L2)."
    )
    nesterov: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        title="Nesterov",
        description="Look ahead by the momentum; it must be above 0.",
    )

    @property
    def states(self) -> int:
        return int(self.momentum > 0.0)

    @model_validator(mode="after")
    def _nesterov_has_momentum(self) -> Self:
        if self.nesterov and self.momentum == 0.0:
            raise Refused("nesterov needs a momentum above 0")
        return self


class _Adam(_Optimizer, abstract=True):
    betas: tuple[Fraction, Fraction] = Field(
        default=(0.9, 0.999),
        title="Betas",
        description="How slowly the means of the gradient and of its square forget.",
    )
    eps: Annotated[Number, Field(gt=0.0, le=1.0)] = Field(
        default=1e-8,
        title="Epsilon",
        description="Added to the denominator, against division by 0.",
    )

    @property
    def states(self) -> int:
        return 2


class Adam(_Adam):
    """torch.optim.Adam."""

    summary: ClassVar[str] = "A step of its own length for every weight: works almost anywhere."

    weight_decay: WeightDecay = Field(
        default=0.0, title="Weight decay", description="Pulls the weights towards zero (L2)."
    )


class AdamW(_Adam):
    """torch.optim.AdamW."""

    summary: ClassVar[str] = "Adam with weight decay that does not depend on the gradient."

    weight_decay: WeightDecay = Field(
        default=0.01, title="Weight decay", description="Pulls the weights towards zero."
    )
