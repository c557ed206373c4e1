"""Normalization by figures of each sample alone, so that no batch is needed."""

from math import prod
from typing import Annotated, Any, ClassVar

from pydantic import Field

from workbench.catalog.layers.normalization import Epsilon, PerChannel, affine_formula
from workbench.catalog.layers.repairs import nearest_divisors, needs_axes, offers, removed
from workbench.core.layer import (
    Fix,
    LayerSpec,
    Saved,
    Shape,
    ShapeError,
    Window,
    counted,
    shape_text,
)
from workbench.core.spec import Size


class LayerNorm(LayerSpec):
    """torch.nn.LayerNorm; `normalized_shape` follows from the input: its last dimensions."""

    category: ClassVar[str] = "Normalization"
    summary: ClassVar[str] = (
        "Shifts and scales each sample to mean 0 and variance 1 over its last dimension."
    )
    short: ClassVar[str] = "ln"
    positional: ClassVar[tuple[str, ...]] = ("normalized_shape",)
    others: ClassVar[tuple[str, ...]] = ("eps", "elementwise_affine", "bias")

    last_dims: Annotated[int, Field(strict=True, ge=1, le=16)] = Field(
        default=1,
        title="Dimensions",
        description="How many of the last dimensions are normalized together.",
    )
    eps: Epsilon = Field(
        default=1e-5, title="Epsilon", description="Added to the variance, against division by 0."
    )
    elementwise_affine: Annotated[bool, Field(strict=True)] = Field(
        default=True, title="Affine", description="Learn a scale for each normalized place."
    )
    bias: Annotated[bool, Field(strict=True)] = Field(
        default=True, title="Bias", description="Learn a shift too, where a scale is learned."
    )

    @classmethod
    def fields_of(cls, module: Any) -> dict[str, Any]:
        return {
            "last_dims": len(module.normalized_shape),
            "eps": module.eps,
            "elementwise_affine": module.elementwise_affine,
            "bias": module.bias is not None or not module.elementwise_affine,
        }

    @classmethod
    def fields_of_call(cls, given: dict[str, Any]) -> dict[str, Any]:
        shape = given.get("normalized_shape")
        return {**given, "last_dims": len(shape) if isinstance(shape, list | tuple) else 1}

    def out_shape(self, in_shape: Shape) -> Shape:
        if self.last_dims > len(in_shape):  # torch would take the batch for a dimension
            raise ShapeError(
                "normalizes the last {count} dimensions, gets {came}.",
                fixes=[
                    Fix("set last_dims=1", (self.replace(last_dims=1),)),
                    *self._all_dims(in_shape),
                ],
                count=self.last_dims,
                came=shape_text(in_shape),
            )
        return in_shape

    def _all_dims(self, in_shape: Shape) -> list[Fix]:
        dims = len(in_shape)
        if dims <= 1:
            return []
        return [Fix("set last_dims={dims}", (self.replace(last_dims=dims),), dims=dims)]

    def _normalized(self, in_shape: Shape) -> Shape:
        return in_shape[-self.last_dims :]

    def parameter_count(self, in_shape: Shape) -> int:
        return prod(self._normalized(in_shape)) * self.elementwise_affine * (1 + self.bias)

    def saved(self, in_shape: Shape) -> Saved:
        return Saved(input=True, numbers=2 * prod(in_shape[: -self.last_dims]))

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        return None

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        normalized = self._normalized(in_shape)
        shape = normalized[0] if len(normalized) == 1 else normalized
        given = super().arguments(in_shape)
        given.pop("last_dims", None)
        if not self.elementwise_affine:  # then torch has no shift either way
            given.pop("bias", None)
        return {"normalized_shape": shape} | given

    def words(self) -> str:
        told = "last dimension" if self.last_dims == 1 else f"last {self.last_dims} dimensions"
        return told + ("" if self.elementwise_affine else " · no scale or shift")

    def formula(self, in_shape: Shape) -> str:
        over = f",  over {shape_text(self._normalized(in_shape))}"
        return affine_formula(self.eps, self.elementwise_affine, self.bias) + over


class GroupNorm(LayerSpec):
    """torch.nn.GroupNorm; `num_channels` follows from the input."""

    category: ClassVar[str] = "Normalization"
    summary: ClassVar[str] = (
        "Shifts and scales each sample to mean 0 and variance 1 over groups of its channels."
    )
    short: ClassVar[str] = "gn"
    positional: ClassVar[tuple[str, ...]] = ("num_groups", "num_channels")

    num_groups: Size = Field(
        default=1,
        title="Groups",
        description="Number of groups; it must divide the number of channels.",
    )
    eps: Epsilon = Field(
        default=1e-5, title="Epsilon", description="Added to the variance, against division by 0."
    )
    affine: Annotated[bool, Field(strict=True)] = Field(
        default=True, title="Affine", description="Learn a scale and a shift for each channel."
    )

    def out_shape(self, in_shape: Shape) -> Shape:
        if in_shape[0] % self.num_groups:
            raise ShapeError(
                "has num_groups={groups}, which must divide its {channels} channels.",
                fixes=offers(in_shape, map(self._in_groups, self._near(in_shape[0]))),
                groups=self.num_groups,
                channels=in_shape[0],
            )
        if prod(in_shape) == self.num_groups:
            raise ShapeError(
                "has a single value in each of its {groups} groups, which makes every one zero.",
                fixes=offers(in_shape, [self._in_groups(1)] if self.num_groups > 1 else []),
                groups=self.num_groups,
            )
        return in_shape

    def _near(self, channels: int) -> list[int]:
        return [*nearest_divisors(channels, self.num_groups), 1]

    def _in_groups(self, groups: int) -> Fix:
        return Fix("set num_groups={groups}", (self.replace(num_groups=groups),), groups=groups)

    def parameter_count(self, in_shape: Shape) -> int:
        return 2 * in_shape[0] * self.affine

    def saved(self, in_shape: Shape) -> Saved:
        return Saved(input=True, numbers=2 * self.num_groups)

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        return None

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        required = {"num_groups": self.num_groups, "num_channels": in_shape[0]}
        return required | super().arguments(in_shape)

    def words(self) -> str:
        told = counted(self.num_groups, "group", "groups")
        return told + ("" if self.affine else " · no scale or shift")

    def formula(self, in_shape: Shape) -> str:
        each = counted(in_shape[0] // self.num_groups, "channel", "channels")
        return affine_formula(self.eps, self.affine) + f",  {each} in a group"


class InstanceNorm2d(PerChannel):
    """torch.nn.InstanceNorm2d over (channels, height, width)."""

    summary: ClassVar[str] = (
        "Shifts and scales every channel of each image to mean 0 and variance 1."
    )
    short: ClassVar[str] = "norm"

    affine: Annotated[bool, Field(strict=True)] = Field(
        default=False, title="Affine", description="Learn a scale and a shift for each channel."
    )
    track_running_stats: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        title="Running statistics",
        description="Keep mean and variance of training for evaluation.",
    )

    def out_shape(self, in_shape: Shape) -> Shape:
        needs_axes(self, in_shape, 2)
        if prod(in_shape[1:]) == 1:
            raise ShapeError(
                "gets {came}: a single value in each channel has no variance.",
                fixes=[removed()],
                came=shape_text(in_shape),
            )
        return in_shape

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        return None

    def saved(self, in_shape: Shape) -> Saved:
        # mean and deviation, and of what the batch shares a copy for each sample
        copies = self.affine + 2 * self.track_running_stats
        return Saved(input=True, numbers=(2 + copies) * in_shape[0])

    def words(self) -> str:
        return "scale and shift learned" if self.affine else "no scale or shift"
