"""Fully connected layers."""

from math import prod
from typing import Annotated, Any, ClassVar

from pydantic import Field

from workbench.catalog.layers.pooling_adaptive import AdaptiveAvgPool2d
from workbench.catalog.layers.repairs import offers
from workbench.catalog.layers.reshape import Flatten
from workbench.core.layer import Fix, LayerSpec, Shape, ShapeError, Window, counted, shape_text
from workbench.core.spec import Size


class Linear(LayerSpec):
    """torch.nn.Linear over the last dimension; `in_features` follows from the input."""

    category: ClassVar[str] = "Linear"
    summary: ClassVar[str] = "Every output is a weighted sum of all inputs, plus a bias."
    short: ClassVar[str] = "fc"
    positional: ClassVar[tuple[str, ...]] = ("in_features", "out_features")

    out_features: Size = Field(
        default=10, title="Output features", description="Number of outputs."
    )
    bias: Annotated[bool, Field(strict=True)] = Field(
        default=True, title="Bias", description="Add a learned number to each output."
    )

    def out_shape(self, in_shape: Shape) -> Shape:
        if len(in_shape) > 2:
            raise ShapeError(
                "gets {came}, needs a flat vector.",
                fixes=offers(
                    in_shape,
                    [
                        Fix("insert Flatten", (Flatten(), self)),
                        Fix(
                            "insert AdaptiveAvgPool2d and Flatten",
                            (AdaptiveAvgPool2d(), Flatten(), self),
                        ),
                    ],
                ),
                came=shape_text(in_shape),
            )
        return *in_shape[:-1], self.out_features

    def parameter_count(self, in_shape: Shape) -> int:
        return in_shape[-1] * self.out_features + self.out_features * self.bias

    def multiply_adds(self, in_shape: Shape) -> int:
        return prod(in_shape) * self.out_features

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        return None

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        required = {"in_features": in_shape[-1], "out_features": self.out_features}
        return required | super().arguments(in_shape)

    def words(self) -> str:
        return counted(self.out_features, "output", "outputs") + ("" if self.bias else " · no bias")

    def formula(self, in_shape: Shape) -> str:
        weights = f"W is {self.out_features} × {in_shape[-1]}"
        return f"y = Wx + b;  {weights}" if self.bias else f"y = Wx;  {weights}"
