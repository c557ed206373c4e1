"""Activation functions."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from workbench.core.layer import Fix, LayerSpec, Shape, ShapeError, shape_text


class _Elementwise(LayerSpec, abstract=True):
    category: ClassVar[str] = "Activation"
    equation: ClassVar[str]

    def words(self) -> str:
        return self.equation

    def formula(self, in_shape: Shape) -> str:
        return f"y = {self.equation}"


class ReLU(_Elementwise):
    """torch.nn.ReLU."""

    summary: ClassVar[str] = "Lets positive values through and sets negative ones to zero."
    short: ClassVar[str] = "relu"
    equation: ClassVar[str] = "max(0, x)"


class Sigmoid(_Elementwise):
    """torch.nn.Sigmoid."""

    summary: ClassVar[str] = "Squeezes every value to between 0 and 1."
    short: ClassVar[str] = "sigmoid"
    equation: ClassVar[str] = "1 / (1 + exp(−x))"


class Tanh(_Elementwise):
    """torch.nn.Tanh."""

    summary: ClassVar[str] = "Squeezes every value to between −1 and 1."
    short: ClassVar[str] = "tanh"
    equation: ClassVar[str] = "tanh(x)"


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

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        return {"dim": self.dim}


class Softmax(_OverDim):
    """torch.nn.Softmax."""

    summary: ClassVar[str] = "Turns scores into probabilities that sum to one."
    short: ClassVar[str] = "softmax"
    equation: ClassVar[str] = "exp(xᵢ) / Σ exp(xⱼ)"


class LogSoftmax(_OverDim):
    """torch.nn.LogSoftmax."""

    summary: ClassVar[str] = "The logarithm of Softmax, without losing digits on the way."
    short: ClassVar[str] = "logsoftmax"
    equation: ClassVar[str] = "xᵢ − log Σ exp(xⱼ)"
