"""Dropout."""

from math import prod
from typing import ClassVar

from pydantic import Field

from workbench.catalog.layers.repairs import needs_axes
from workbench.core.layer import Fix, LayerSpec, Saved, Shape
from workbench.core.spec import Fraction


class _Dropout(LayerSpec, abstract=True):
    category: ClassVar[str] = "Regularization"
    short: ClassVar[str] = "dropout"
    positional: ClassVar[tuple[str, ...]] = ("p",)

    p: Fraction = Field(
        default=0.5, title="Probability", description="Share of the values that are set to zero."
    )

    def saved(self, in_shape: Shape) -> Saved:
        # the mask, which on the CPU has the precision of the input
        return Saved(numbers=prod(self._masked(in_shape)) if self.p else 0)

    def _masked(self, in_shape: Shape) -> Shape:
        return in_shape

    def is_view(self, training: bool) -> bool:
        return not (training and self.p)

    def words(self) -> str:
        return f"p = {self.p:g}"

    def formula(self, in_shape: Shape) -> str:
        return f"training: x·mask / {1 - self.p:g};  evaluation: x"


class Dropout(_Dropout):
    """torch.nn.Dropout."""

    summary: ClassVar[str] = "Sets values to zero at random while training, against overfitting."


class Dropout2d(_Dropout):
    """torch.nn.Dropout2d over (channels, height, width)."""

    summary: ClassVar[str] = "Sets whole channels to zero at random while training."

    def out_shape(self, in_shape: Shape) -> Shape:
        plain = Dropout(name=self.name, p=self.p)
        needs_axes(self, in_shape, 2, [Fix("use Dropout", (plain,))])
        return in_shape

    def _masked(self, in_shape: Shape) -> Shape:
        return in_shape[:1]
