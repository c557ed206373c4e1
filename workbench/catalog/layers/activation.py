"""Activation functions."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from workbench.core.layer import Fix, LayerSpec, Saved, Shape, ShapeError, Window, shape_text
from workbench.core.spec import Number


class _Elementwise(LayerSpec, abstract=True):
    category: ClassVar[str] = "Activation"
    equation: ClassVar[str]
    """What it computes of one value; a field's name in braces stands for its number."""
    from_output: ClassVar[bool] = False
    """Whether its gradient is computed from its output, so that torch keeps that one."""

    def saved(self, in_shape: Shape) -> Saved:
        return Saved(input=not self.from_output, output=self.from_output)

    def words(self) -> str:
        return self.equation.format_map(self._numbers())

    def _numbers(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).model_fields}

    def formula(self, in_shape: Shape) -> str:
        return f"y = {self.words()}"


class ReLU(_Elementwise):
    """torch.nn.ReLU."""

    summary: ClassVar[str] = "Lets positive values through and sets negative ones to zero."
    short: ClassVar[str] = "relu"
    from_output: ClassVar[bool] = True
    equation: ClassVar[str] = "max(0, x)"


class LeakyReLU(_Elementwise):
    """torch.nn.LeakyReLU."""

    summary: ClassVar[str] = "Lets positive values through and keeps a small part of negative ones."
    short: ClassVar[str] = "leakyrelu"
    positional: ClassVar[tuple[str, ...]] = ("negative_slope",)
    equation: ClassVar[str] = "max(0, x) + {negative_slope:g}·min(0, x)"

    negative_slope: Number = Field(
        default=0.01, title="Negative slope", description="What negative values are multiplied by."
    )


class PReLU(_Elementwise):
    """torch.nn.PReLU; `num_parameters` is 1, or follows from the input's channels."""

    summary: ClassVar[str] = "Like LeakyReLU, with the slope of negative values learned."
    short: ClassVar[str] = "prelu"
    equation: ClassVar[str] = "max(0, x) + a·min(0, x)"
    others: ClassVar[tuple[str, ...]] = ("num_parameters", "init")

    per_channel: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        title="One slope per channel",
        description="Learn a slope for each channel, the first dimension behind the batch.",
    )
    init: Number = Field(
        default=0.25, title="Start", description="The slope before training begins."
    )

    @classmethod
    def fields_of(cls, module: Any) -> dict[str, Any]:
        return {"per_channel": module.num_parameters > 1, "init": module.init}

    @classmethod
    def fields_of_call(cls, given: dict[str, Any]) -> dict[str, Any]:
        number = given.get("num_parameters", 1)
        return {**given, "per_channel": number is ... or number > 1}

    def parameter_count(self, in_shape: Shape) -> int:
        return in_shape[0] if self.per_channel else 1

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        counts = {"num_parameters": in_shape[0]} if self.per_channel else {}
        given = {} if self.init == 0.25 else {"init": self.init}
        return counts | given

    def formula(self, in_shape: Shape) -> str:
        return f"y = {self.equation};  a starts at {self.init:g}"


class ELU(_Elementwise):
    """torch.nn.ELU."""

    summary: ClassVar[str] = "Lets positive values through and bends negative ones towards a floor."
    short: ClassVar[str] = "elu"
    equation: ClassVar[str] = "x if x > 0, else {alpha:g}·(exp(x) − 1)"

    alpha: Number = Field(
        default=1.0, title="Alpha", description="How far below zero the floor lies."
    )


class GELU(_Elementwise):
    """torch.nn.GELU."""

    summary: ClassVar[str] = "Weighs every value by how likely a normal number lies below it."
    short: ClassVar[str] = "gelu"

    approximate: Literal["none", "tanh"] = Field(
        default="none",
        title="Approximation",
        description="none for the exact function, tanh for a faster one that is nearly the same.",
    )

    def words(self) -> str:
        if self.approximate == "tanh":
            return "x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))"
        return "x·Φ(x)"


class SiLU(_Elementwise):
    """torch.nn.SiLU."""

    summary: ClassVar[str] = "Weighs every value by its own sigmoid: a smooth ReLU."
    short: ClassVar[str] = "silu"
    equation: ClassVar[str] = "x / (1 + exp(−x))"


class Sigmoid(_Elementwise):
    """torch.nn.Sigmoid."""

    summary: ClassVar[str] = "Squeezes every value to between 0 and 1."
    short: ClassVar[str] = "sigmoid"
    from_output: ClassVar[bool] = True
    equation: ClassVar[str] = "1 / (1 + exp(−x))"


class Tanh(_Elementwise):
    """torch.nn.Tanh."""

    summary: ClassVar[str] = "Squeezes every value to between −1 and 1."
    short: ClassVar[str] = "tanh"
    from_output: ClassVar[bool] = True
    equation: ClassVar[str] = "tanh(x)"


class Softplus(_Elementwise):
    """torch.nn.Softplus."""

    summary: ClassVar[str] = "A smooth ReLU whose output is always positive."
    short: ClassVar[str] = "softplus"
    equation: ClassVar[str] = "log(1 + exp({beta:g}·x)) / {beta:g}"

    beta: Annotated[Number, Field(gt=0.0)] = Field(
        default=1.0, title="Beta", description="The larger, the sharper the bend at zero."
    )
    threshold: Number = Field(
        default=20.0,
        title="Threshold",
        description="Where beta times x is above it, x itself comes out: nothing overflows.",
    )


class Hardswish(_Elementwise):
    """torch.nn.Hardswish."""

    summary: ClassVar[str] = "Nearly SiLU, computed without exponentials."
    short: ClassVar[str] = "hardswish"
    equation: ClassVar[str] = "x·min(max(0, x + 3), 6) / 6"


class _OverDim(_Elementwise, abstract=True):
    dim: Annotated[int, Field(strict=True, ge=-16, le=16)] = Field(
        default=1,
        title="Dimension",
        description="The dimension that sums to one; 1 is the first one behind the batch.",
    )

    def out_shape(self, in_shape: Shape) -> Shape:
        dims = len(in_shape) + 1
        if not -dims < self.dim < dims or self.dim == 0:
            raise ShapeError(
                "has dim={dim}, which {came} does not have behind its batch.",
                fixes=[Fix("set dim=1", (self.replace(dim=1),))],
                dim=self.dim,
                came=shape_text(in_shape),
            )
        return in_shape

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        return () if self.dim in (1, -len(in_shape)) else None  # over the channels of each place

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        return {"dim": self.dim}


class Softmax(_OverDim):
    """torch.nn.Softmax."""

    summary: ClassVar[str] = "Turns scores into probabilities that sum to one."
    short: ClassVar[str] = "softmax"
    from_output: ClassVar[bool] = True
    equation: ClassVar[str] = "exp(xᵢ) / Σ exp(xⱼ)"


class LogSoftmax(_OverDim):
    """torch.nn.LogSoftmax."""

    summary: ClassVar[str] = "The logarithm of Softmax, without losing digits on the way."
    short: ClassVar[str] = "logsoftmax"
    from_output: ClassVar[bool] = True
    equation: ClassVar[str] = "xᵢ − log Σ exp(xⱼ)"
