"""The numbers behind the drawing of a sliding window: what of it is shown, and how it is told."""

from dataclasses import dataclass

from workbench.core.layer import LayerSpec
from workbench.core.walk import Step
from workbench.ui.text import tr

FEW, MOST = 9, 26
"""Cells along an axis that are drawn: usually, and for a large window."""


@dataclass(frozen=True)
class Sliding:
    """A window along one axis. Its *fine* side has the cells that the window covers: the input of
    a convolution or pooling, the output of a transposed convolution. The *coarse* side has one
    cell for each place of the window."""

    fine: int
    coarse: int
    kernel: int
    stride: int
    padding: int
    dilation: int

    @property
    def reach(self) -> int:
        """From the first cell in the window to the last, both counted."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def padded(self) -> int:
        """Cells of the fine side with the padding: at least as many as the windows cover."""
        covered = (self.coarse - 1) * self.stride + self.reach
        return max(self.fine + 2 * self.padding, covered)

    @property
    def shown(self) -> int:
        """How many of them are drawn."""
        return min(self.padded, max(FEW, min(self.reach + self.stride, MOST)))

    @property
    def place(self) -> int:
        """The place of the window that is drawn: the second, if there is one in what is shown."""
        return int(self.coarse > 1 and self.stride + self.reach <= self.shown)

    @property
    def coarse_shown(self) -> int:
        """How many cells of the coarse side are drawn."""
        return min(self.coarse, FEW)

    def is_padding(self, cell: int) -> bool:
        """Whether a cell of the fine side is added, or cut off behind a transposed convolution."""
        return not self.padding <= cell < self.padding + self.fine

    def is_covered(self, cell: int) -> bool:
        """Whether the window looks at a cell."""
        way = cell - self.place * self.stride
        return 0 <= way < self.reach and way % self.dilation == 0


@dataclass(frozen=True)
class Geometry:
    """The window of a layer, by the last axes of its input: (width,) or (height, width)."""

    axes: tuple[Sliding, ...]
    is_transposed: bool
    depth: int = 1
    """Its size along a third axis, which is not drawn."""

    @property
    def rows(self) -> Sliding:
        """The axis that runs down; a signal has one row."""
        return self.axes[0] if len(self.axes) > 1 else Sliding(1, 1, 1, 1, 0, 1)

    @property
    def columns(self) -> Sliding:
        """The axis that runs to the right."""
        return self.axes[-1]

    def words(self) -> str:
        """What is to be seen, in a sentence."""
        many = {name: _times(self.axes, name) for name in ("fine", "coarse", "kernel", "stride")}
        padding = _times(self.axes, "padding")
        if self.is_transposed:
            told = tr(
                "Each of the {coarse} inputs spreads a window of {kernel}, {stride} apart, over "
                "{fine} outputs.",
                **many,
            )
            cut = tr("{padding} are cut off on each side.", padding=padding)
        else:
            told = tr(
                "A window of {kernel} goes over {fine} inputs, {stride} at a time, and makes "
                "{coarse} outputs.",
                **many,
            )
            cut = tr("{padding} are added on each side.", padding=padding)
        words = [told]
        if any(axis.padding for axis in self.axes):
            words.append(cut)
        if any(axis.dilation > 1 for axis in self.axes):
            gaps = _times(self.axes, "dilation")
            words.append(tr("Its cells are {gaps} apart.", gaps=gaps))
        if self.depth > 1:
            words.append(tr("Along the depth it is {depth} long.", depth=self.depth))
        return " ".join(words)


def _times(axes: tuple[Sliding, ...], name: str) -> str:
    values = [getattr(axis, name) for axis in axes]
    return " × ".join(map(str, values))


def geometry(step: Step) -> Geometry | None:
    """The window of a layer that slides one over its input; None for other layers and faults."""
    layer, came, made = step.layer, step.in_shape, step.out_shape
    if came is None or made is None or len(came) < 2 or not hasattr(layer, "kernel_size"):
        return None
    is_transposed = hasattr(layer, "output_padding")
    count = len(came) - 1
    kernels = _spread(layer.kernel_size, count)
    strides = _spread(getattr(layer, "stride", None) or layer.kernel_size, count)
    gaps = _spread(getattr(layer, "dilation", 1), count)
    pads = _paddings(layer, step, count)
    sides = zip(*((made, came) if is_transposed else (came, made)), strict=True)
    each = zip(list(sides)[1:], kernels, strides, pads, gaps, strict=True)
    axes = tuple(Sliding(fine, coarse, k, s, p, d) for (fine, coarse), k, s, p, d in each)
    return Geometry(axes[-2:], is_transposed, kernels[0] if count > 2 else 1)


def _spread(value: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else value


def _paddings(layer: LayerSpec, step: Step, axes: int) -> tuple[int, ...]:
    padding = getattr(layer, "padding", 0)
    if padding == "same":  # as much as keeps the size
        return tuple(window.padding for window in layer.windows(step.in_shape or ()) or ())
    return _spread(padding, axes)
