"""Layers that make an image or a signal larger without learning how."""

from math import floor
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from workbench.catalog.layers.conv import Conv2d
from workbench.catalog.layers.geometry import Side, bounded, size_text, spread
from workbench.catalog.layers.repairs import needs_axes, offers, removed
from workbench.core.layer import Fix, LayerSpec, Saved, Shape, ShapeError, Window, shape_text
from workbench.core.spec import Extent

Factor = Annotated[float, Field(strict=True, gt=0.0, le=64.0)]

AXES_OF = {"linear": 1, "bilinear": 2, "bicubic": 2}
REACH = {"nearest": 1, "linear": 2, "bilinear": 2, "bicubic": 4}


class Upsample(LayerSpec):
    """torch.nn.Upsample over (channels, length) or (channels, height, width)."""

    category: ClassVar[str] = "Reshape"
    summary: ClassVar[str] = "Makes an image larger by repeating pixels or blending neighbours."
    short: ClassVar[str] = "upsample"
    others: ClassVar[tuple[str, ...]] = ("size", "scale_factor", "mode", "align_corners")

    scale_factor: Factor | tuple[Factor, Factor] = Field(
        default=2.0, title="Scale factor", description="How many times larger: 2, or 2 × 3."
    )
    size: Side | tuple[Side, Side] | None = Field(
        default=None,
        title="Size",
        description="The size that comes out; the scale factor holds only while this is empty.",
    )
    mode: Literal["nearest", "linear", "bilinear", "bicubic"] = Field(
        default="nearest",
        title="Mode",
        description="nearest repeats values, linear blends those of a signal, bilinear and bicubic "
        "those of an image.",
    )
    align_corners: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        title="Align corners",
        description="Keep the values at the corners where they are; not with nearest.",
    )

    @classmethod
    def fields_of(cls, module: Any) -> dict[str, Any]:
        factor = 2.0 if module.scale_factor is None else module.scale_factor
        return {**super().fields_of(module), "scale_factor": factor}

    def out_shape(self, in_shape: Shape) -> Shape:
        self._check_axes(in_shape)
        axes = len(in_shape) - 1
        if self._is_pair() and axes == 1:
            raise ShapeError(
                "gets {came}, a signal, and has two sizes or factors.",
                fixes=[Fix("set one of them", (self._of_signals(),)), removed()],
                came=shape_text(in_shape),
            )
        sizes = self._sizes(in_shape)
        if min(sizes) < 1:
            raise ShapeError(
                "leaves nothing of its {came} input.",
                fixes=[Fix("set scale_factor=1", (self.replace(scale_factor=1.0),)), removed()],
                came=size_text(in_shape[1:]),
            )
        return bounded(self, (in_shape[0], *sizes))

    def _check_axes(self, in_shape: Shape) -> None:
        axes = len(in_shape) - 1
        if axes not in (1, 2):
            needs_axes(self, in_shape, AXES_OF.get(self.mode, 2))
        if AXES_OF.get(self.mode, axes) != axes:
            other = "linear" if axes == 1 else "bilinear"
            known = [
                Fix("set mode={mode}", (self._in_mode(mode),), mode=mode)
                for mode in (other, "nearest")
            ]
            raise ShapeError(
                "has mode={mode}, which does not suit {came}.",
                fixes=[*known, removed()],
                mode=self.mode,
                came=shape_text(in_shape),
            )

    def _in_mode(self, mode: str) -> "Upsample":
        return (self._of_signals() if mode == "linear" else self).replace(mode=mode)

    def _is_pair(self) -> bool:
        return isinstance(self.scale_factor if self.size is None else self.size, tuple)

    def _of_signals(self) -> "Upsample":
        size = self.size[0] if isinstance(self.size, tuple) else self.size
        factor = self.scale_factor
        first = factor[0] if isinstance(factor, tuple) else factor
        return self.replace(size=size, scale_factor=first)

    def _factors(self, axes: int) -> tuple[float, ...]:
        factor = self.scale_factor
        return factor if isinstance(factor, tuple) else (factor,) * axes

    def _sizes(self, in_shape: Shape) -> tuple[int, ...]:
        axes = len(in_shape) - 1
        if self.size is not None:
            return spread(self.size, axes)
        each = zip(in_shape[1:], self._factors(axes), strict=True)
        return tuple(floor(size * factor) for size, factor in each)

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        """None where it does not grow by a whole number: the windows then differ from place to
        place; so they do with corners aligned."""
        sizes = list(zip(in_shape[1:], self._sizes(in_shape), strict=True))
        whole = self.size is not None or all(f % 1 == 0 for f in self._factors(len(sizes)))
        if self.align_corners or not whole or any(out % size for size, out in sizes):
            return None
        reach = REACH[self.mode]
        return tuple(
            Window(reach, padding=reach // 2, growth=out // size) if out > size else Window(1)
            for size, out in sizes
        )

    def saved(self, in_shape: Shape) -> Saved:
        return Saved()

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        given = super().arguments(in_shape)
        given.pop("scale_factor", None)
        if self.mode == "nearest":  # torch refuses the word here
            given.pop("align_corners", None)
        factor = {"scale_factor": _short(self.scale_factor)} if self.size is None else {}
        return factor | given

    def words(self) -> str:
        if self.size is not None:
            return f"to {size_text(self.size)} · {self.mode}"
        told = "×".join(f"{factor:g}" for factor in self._factors(1))
        return f"{told} times · {self.mode}"

    def formula(self, in_shape: Shape) -> str:
        out = self._sizes(in_shape)
        if self.size is not None:
            return f"{size_text(in_shape[1:])} → {size_text(out)}"
        each = zip(in_shape[1:], self._factors(len(in_shape) - 1), out, strict=True)
        return ";  ".join(f"⌊{size}·{factor:g}⌋ = {made}" for size, factor, made in each)


def _short(factor: float | tuple[float, ...]) -> Any:
    """`2` for 2.0, as people write it."""
    if isinstance(factor, tuple):
        return tuple(map(_short, factor))
    return int(factor) if factor == int(factor) else factor


class ZeroPad2d(LayerSpec):
    """torch.nn.ZeroPad2d over (channels, height, width)."""

    category: ClassVar[str] = "Reshape"
    summary: ClassVar[str] = "Puts a frame of zeros around the image."
    short: ClassVar[str] = "pad"
    positional: ClassVar[tuple[str, ...]] = ("padding",)

    padding: Extent | tuple[Extent, Extent, Extent, Extent] = Field(
        default=1,
        title="Padding",
        description="Pixels on each side: 1, or left × right × top × bottom.",
    )

    def out_shape(self, in_shape: Shape) -> Shape:
        needs_axes(self, in_shape, 2)
        left, right, top, bottom = spread(self.padding, 4)
        channels, height, width = in_shape
        return bounded(self, (channels, top + height + bottom, left + width + right))

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        left, _, top, _ = spread(self.padding, 4)
        return Window(1, padding=top), Window(1, padding=left)

    def saved(self, in_shape: Shape) -> Saved:
        return Saved()

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        return {"padding": self.padding}

    def words(self) -> str:
        left, right, top, bottom = spread(self.padding, 4)
        if left == right == top == bottom:
            return f"{left} on each side"
        return f"left {left} · right {right} · top {top} · bottom {bottom}"

    def formula(self, in_shape: Shape) -> str:
        left, right, top, bottom = spread(self.padding, 4)
        _, height, width = self.out_shape(in_shape)
        tall = f"height = {top} + {in_shape[1]} + {bottom} = {height}"
        return f"{tall}\nwidth = {left} + {in_shape[2]} + {right} = {width}"


class PixelShuffle(LayerSpec):
    """torch.nn.PixelShuffle over (channels, height, width)."""

    category: ClassVar[str] = "Reshape"
    summary: ClassVar[str] = "Makes an image larger by laying its channels out as pixels."
    short: ClassVar[str] = "shuffle"
    positional: ClassVar[tuple[str, ...]] = ("upscale_factor",)

    upscale_factor: Annotated[int, Field(strict=True, ge=1, le=64)] = Field(
        default=2,
        title="Factor",
        description="How many times larger; its square must divide the number of channels.",
    )

    def out_shape(self, in_shape: Shape) -> Shape:
        needs_axes(self, in_shape, 2)
        channels, height, width = in_shape
        factor = self.upscale_factor
        if channels % factor**2:
            raise ShapeError(
                "has upscale_factor={factor}, whose square must divide its {channels} channels.",
                fixes=offers(in_shape, self._ways(channels)),
                factor=factor,
                channels=channels,
            )
        return channels // factor**2, height * factor, width * factor

    def _ways(self, channels: int) -> list[Fix]:
        smaller = [f for f in range(2, self.upscale_factor) if channels % f**2 == 0]
        enough = -(-channels // self.upscale_factor**2) * self.upscale_factor**2
        widening = Conv2d(out_channels=enough, kernel_size=1)
        return [
            *(
                Fix("set upscale_factor={factor}", (self.replace(upscale_factor=f),), factor=f)
                for f in smaller
            ),
            Fix("insert Conv2d to {channels} channels", (widening, self), channels=enough),
        ][-2:]

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        return (Window(1, growth=self.upscale_factor),) * 2

    def saved(self, in_shape: Shape) -> Saved:
        return Saved()

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        return {"upscale_factor": self.upscale_factor}

    def words(self) -> str:
        return f"{self.upscale_factor} times"

    def formula(self, in_shape: Shape) -> str:
        return f"{in_shape[0]} channels / {self.upscale_factor}² = {self.out_shape(in_shape)[0]}"
